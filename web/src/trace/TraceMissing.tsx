import { useEffect, useState } from "preact/hooks";
import type { ApiError } from "../api/client.ts";
import { plural } from "../model/format.ts";
import { Notice } from "../ui/Notice.tsx";

/** How often a trace that may come is asked for, a second apart: clients send their
 * spans within seconds. */
const tries = 30;

interface TraceMissingProps {
  id: string;
  error: ApiError;
  /** Whether it is being asked for. */
  loading: boolean;
  /** Requests the trace again. */
  again: () => void;
}

/** Shows that the server has no such trace, the possible causes, and what to do. */
export function TraceMissing({ id, error, loading, again }: TraceMissingProps) {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (left === 0 || loading) return undefined;
    const timer = setTimeout(() => {
      setLeft(left - 1);
      again();
    }, 1000);
    return () => clearTimeout(timer);
  }, [left, loading]);
  return (
    <Notice title="The server does not have this trace" kind="warning">
      <p>
        <code>GET <bdi>{error.url}</bdi></code> returned <bdi>“{error.message}”</bdi>{" "}
        (HTTP status {error.status}).
      </p>
      <ul>
        <li>
          It may not have arrived yet: clients send spans about a second after they finish.{" "}
          <button type="button" onClick={again}>Try again</button>{" "}
          <button type="button" onClick={() => setLeft(left > 0 ? 0 : tries)}>
            {left > 0 ? "Stop waiting" : `Wait ${tries} s for it`}
          </button>
        </li>
        <li>
          It may have been evicted to make room for newer traces, or lost: <a href="/loss">see what was lost</a>.
        </li>
        <li>
          It may not have been sampled, or the id may be wrong: <code><bdi>{id}</bdi></code>.{" "}
          <a href="/search">Search for traces</a>.
        </li>
      </ul>
      <p class="muted" role="status">{left > 0 && `Retrying every second: ${plural(left, "try", "tries")} left.`}</p>
    </Notice>
  );
}

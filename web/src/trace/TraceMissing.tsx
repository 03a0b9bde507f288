import { useEffect, useState } from "preact/hooks";
import type { ApiError } from "../api/client.ts";
import { Notice } from "../ui/Notice.tsx";

/** How often a trace that may come is asked for, a second apart: clients send their
 * spans within seconds. */
const tries = 30;

interface TraceMissingProps {
  id: string;
  error: ApiError;
  /** Whether it is being asked for. */
  loading: boolean;
  /** Asks once more. */
  again: () => void;
}

/** Says that the server has no such trace, why that may be, and what to do. */
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
    <Notice title="The server has no such trace" kind="warning">
      <p>
        <code>GET <bdi>{error.url}</bdi></code> answered <bdi>“{error.message}”</bdi>{" "}
        (HTTP status {error.status}).
      </p>
      <ul>
        <li>
          It may not have arrived yet: a client sends its spans a second or so after they end.{" "}
          <button type="button" onClick={again}>Try again</button>{" "}
          <button type="button" onClick={() => setLeft(left > 0 ? 0 : tries)}>
            {left > 0 ? "Stop waiting" : `Wait for it, ${tries} s`}
          </button>
        </li>
        <li>
          It may have been evicted to make room, or lost on its way: <a href="/loss">see what was lost</a>.
        </li>
        <li>
          It may never have been sampled, or the id is not the trace's: <code><bdi>{id}</bdi></code>.{" "}
          <a href="/search">Search for traces</a>.
        </li>
      </ul>
      <p class="muted" role="status">{left > 0 && `Asks each second, ${left} more times.`}</p>
    </Notice>
  );
}

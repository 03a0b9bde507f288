import { useRef } from "preact/hooks";
import { ApiError, trace } from "../api/client.ts";
import { Failure, Notice } from "../ui/Notice.tsx";
import { useLoad, useTitle } from "../ui/useLoad.ts";
import { TraceMissing } from "./TraceMissing.tsx";
import { TracePage } from "./TracePage.tsx";

interface TraceViewProps {
  id: string;
  query: URLSearchParams;
}

/** The view of one trace: what was asked for, or why it is not here. */
export function TraceView({ id, query }: TraceViewProps) {
  const { value, error, loading, again } = useLoad((signal) => trace(id, signal), [id]);
  // While it is asked for again, a trace is still missing: whoever waits for it sees
  // no flicker.
  const missing = useRef<ApiError | undefined>(undefined);
  if (!loading) missing.current = error instanceof ApiError && error.status === 404 ? error : undefined;
  useTitle(`Trace ${id.slice(0, 8)}`);
  if (value && value.spans.length === 0) {
    return (
      <Notice title="The trace has no spans" kind="warning">
        {value.warnings.map((words) => <p key={words}><bdi>{words}</bdi></p>)}
        <p><button type="button" onClick={again}>Try again</button></p>
      </Notice>
    );
  }
  if (value) return <TracePage raw={value} id={id} query={query} again={again} />;
  if (missing.current) {
    return <TraceMissing id={id} error={missing.current} loading={loading} again={again} />;
  }
  if (error) return <Failure title="Cannot load the trace" error={error} again={again} />;
  return <p class="muted" role="status">Loading trace <code><bdi>{id}</bdi></code> …</p>;
}

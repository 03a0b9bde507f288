import { curlLine, traceJSON, traceURL } from "../model/curl.ts";
import { formatDuration, formatISO, formatTime, plural } from "../model/format.ts";
import type { Trace } from "../model/trace.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import { brief } from "../model/text.ts";

interface TraceHeaderProps {
  trace: Trace;
  /** The id that was asked for. */
  id: string;
  again: () => void;
}

/** The trace's name, its totals, and links to copy or export it. */
export function TraceHeader({ trace, id, again }: TraceHeaderProps) {
  const { root } = trace;
  return (
    <div class="trace-head">
      <h1>
        <bdi>{brief(root?.span.process.service ?? "")}</bdi>: <bdi>{brief(root?.span.operation ?? "")}</bdi>
      </h1>
      <p class="trace-sums">
        <span>
          <code><bdi>{brief(trace.id)}</bdi></code> <CopyButton text={() => trace.id} what="the trace id" />
        </span>
        <time dateTime={formatISO(trace.start)}>{formatTime(trace.start)}</time>
        <strong>{formatDuration(trace.duration)}</strong>
        <span>{plural(trace.nodes.length, "span")}</span>
        <span>{plural(trace.services.length, "service")}</span>
        <span>{plural(trace.depth, "level")}</span>
        {trace.errors === 0 && <span>no errors</span>}
        {trace.errors > 0 && (
          <a class="error" href="?uiFind=error%3Dtrue">
            <span aria-hidden="true">✕ </span>{plural(trace.errors, "error")}
          </a>
        )}
      </p>
      <p class="trace-actions">
        <CopyButton text={() => traceJSON(trace)} what="the trace as JSON" label="Copy JSON" />
        <CopyButton
          text={() => curlLine(location.origin, id)}
          what="a curl command for the trace"
          label="Copy curl"
        />
        <a href={traceURL("", id)} target="_blank" rel="noreferrer">JSON</a>
        <a href={`/compare?${new URLSearchParams({ a: id })}`}>Compare with…</a>
        <button type="button" class="copy" onClick={again}>Reload</button>
      </p>
    </div>
  );
}

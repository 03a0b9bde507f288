import type { Look } from "../model/colors.ts";
import { formatCount, formatDuration, formatShare, plural } from "../model/format.ts";
import { errorShare, type GraphCall } from "../model/graph.ts";
import type { PlacedService } from "../model/layout.ts";
import { Badge } from "../ui/Badge.tsx";
import { label } from "./edges.ts";
import { searchLink, shownName } from "./link.ts";

interface ServiceBoxProps {
  placed: PlacedService;
  size: { width: number; height: number };
  look: Look | undefined;
  /** Its place among the services. */
  index: number;
  lookback: string;
  onFocus: () => void;
}

/** A service in the picture: a link to the search for it. */
export function ServiceBox({ placed, size, look, index, lookback, onFocus }: ServiceBoxProps) {
  const { name, spans, errors } = placed.service;
  return (
    <a class="graph-box" href={searchLink(name, lookback)} data-at={index} draggable={false} title={shownName(name)} onFocus={onFocus}
      style={{ left: `${placed.x}px`, top: `${placed.y}px`, width: `${size.width}px`, height: `${size.height}px` }}>
      <Badge service={name} look={look} />
      <span class="graph-words">
        <bdi class="graph-name">{shownName(name)}</bdi>
        {spans > 0 && (
          <span class="graph-small">
            {errors === 0 && plural(spans, "span")}
            {errors > 0 && (
              <span class="error"><span aria-hidden="true">✕ </span>{formatCount(errors)} of {formatCount(spans)} failed</span>
            )}
          </span>
        )}
      </span>
    </a>
  );
}

interface CallLabelProps {
  call: GraphCall;
  back: boolean;
  /** Its middle. */
  at: { x: number; y: number };
  lookback: string;
}

/** The text of a line in the picture: a link to the search for whom it calls. Tab passes
 * it over, since the table has the same. */
export function CallLabel({ call, back, at, lookback }: CallLabelProps) {
  const share = errorShare(call);
  const failing = share !== undefined && share > 0;
  const words = `${shownName(call.from)} calls ${shownName(call.to)}`;
  return (
    <a class="graph-label" href={searchLink(call.to, lookback, failing)} tabIndex={-1} draggable={false} title={words}
      style={{ left: `${at.x}px`, top: `${at.y}px`, width: `${label.width}px` }}>
      <bdi class="hidden">{words}: </bdi>
      <span>{back && "← "}{plural(call.calls, "call")}</span>
      {failing && <span class="error"><span aria-hidden="true">✕ </span>{formatShare(share)} errors</span>}
      {!failing && call.latency && <span class="graph-small" title={latencyWords(call)}>{formatDuration(call.latency.p50)}</span>}
    </a>
  );
}

function latencyWords({ latency, traced }: GraphCall): string {
  if (!latency) return "";
  return `median of ${plural(traced, "call")}; p95 ${formatDuration(latency.p95)}`;
}

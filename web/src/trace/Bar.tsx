import { formatDuration, formatOffset } from "../model/format.ts";
import { lookClass, type Look } from "../model/colors.ts";
import type { Segment } from "../model/critical.ts";
import { extentOf, type Extent } from "../model/minimap.ts";
import type { Node } from "../model/trace.ts";
import type { Log } from "../model/types.ts";
import { brief } from "../model/text.ts";
import { extentsOf, labelSide, logTicks, percent, type LogTick, type Sight } from "./lane.ts";

interface BarProps {
  node: Node;
  look: Look | undefined;
  sight: Sight;
  /** What the span has of the critical path. */
  segments: readonly Segment[];
  /** Whether Tab stops at the ticks: in the current row alone. */
  stops: boolean;
  onTick: () => void;
}

/** A span's lane: its bar, its duration, its logs, its part of the critical path. */
export function Bar({ node, look, sight, segments, stops, onTick }: BarProps) {
  const extent = extentOf(node.span.start, node.end, sight.zoom, sight);
  const after = formatOffset(node.span.start - sight.start);
  const words = `starts at ${after}, lasts ${formatDuration(node.span.duration)}`;
  return (
    <div class="lane">
      <span class="hidden">{words}{segments.length > 0 && ", on the critical path"}</span>
      {extent
        ? <Drawn extent={extent} node={node} look={look} words={words} room={sight.room} />
        : <OutOfSight node={node} sight={sight} />}
      {extentsOf(sight, segments).map((at, i) => (
        <span key={i} class="critical" style={styleOf(at)} title="Critical path" />
      ))}
      {logTicks(sight, node.span.logs).map((tick) => (
        <Tick key={tick.left} tick={tick} start={node.span.start} stops={stops} onTick={onTick} />
      ))}
    </div>
  );
}

function styleOf({ left, width }: Extent): { left: string; width: string } {
  return { left: percent(left), width: percent(width) };
}

/** Shows on which side of the zoom the span is. */
function OutOfSight({ node, sight }: { node: Node; sight: Sight }) {
  if (node.end - sight.start < sight.zoom.from) {
    return <span class="lane-out" aria-hidden="true" title="Before the zoom range">◂</span>;
  }
  return <span class="lane-out lane-out-after" aria-hidden="true" title="After the zoom range">▸</span>;
}

interface DrawnProps {
  extent: Extent;
  node: Node;
  look: Look | undefined;
  words: string;
  room: number;
}

function Drawn({ extent, node, look, words, room }: DrawnProps) {
  const side = labelSide(extent, room);
  const end = extent.left + extent.width;
  const to = side === "left" ? extent.left : end;
  const at = side === "right" ? { left: percent(end) } : { right: percent(1 - to) };
  const failed = node.failed ? " bar-failed" : "";
  return (
    <>
      <span class={`bar ${look ? lookClass(look) : ""}${failed}`} style={styleOf(extent)} title={words} />
      <span class={`bar-label bar-label-${side}`} style={at} aria-hidden="true">
        {formatDuration(node.span.duration)}
      </span>
    </>
  );
}

interface TickProps {
  tick: LogTick;
  /** Of the span. */
  start: number;
  stops: boolean;
  onTick: () => void;
}

/** How many logs a tick's tip lists. */
const tipLogs = 4;

function Tick({ tick, start, stops, onTick }: TickProps) {
  const lineOf = (log: Log): string => `${formatOffset(log.time - start)} ${logWords(log)}`;
  const lines = tick.logs.slice(0, tipLogs).map(lineOf);
  if (tick.logs.length > tipLogs) lines.push(`and ${tick.logs.length - tipLogs} more`);
  const side = tick.left > 0.5 ? " tick-tip-left" : "";
  return (
    <button
      type="button"
      class="tick"
      tabIndex={stops ? 0 : -1}
      style={{ left: percent(tick.left) }}
      aria-label={`${tick.logs.length === 1 ? "Log" : `${tick.logs.length} logs`}: ${lines.join("; ")}`}
      onClick={(event) => {
        event.stopPropagation();
        onTick();
      }}
    >
      <span class={`tick-tip${side}`} aria-hidden="true">
        {lines.map((line, i) => <bdi key={i}>{line}</bdi>)}
      </span>
    </button>
  );
}

/** Returns a log in a few words: its event or message, or else its first fields. */
function logWords(log: Log): string {
  const said = log.fields.find((field) => ["event", "message"].includes(field.key));
  if (said) return brief(String(said.value), 80);
  return brief(log.fields.map((field) => `${field.key}=${field.value}`).join(" "), 80);
}

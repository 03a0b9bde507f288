import { useState } from "preact/hooks";
import { formatClock, formatCount, plural } from "../model/format.ts";
import { typing } from "../ui/keys.ts";
import { causes } from "./losses.ts";
import { spread, type Count, type Sample, type Window } from "./samples.ts";

interface ChartProps {
  samples: readonly Sample[];
  window: Window;
}

/** One row of the chart. */
interface Strip {
  count: Count;
  name: string;
  unit: readonly [one: string, many: string];
  columns: number[];
  lost: boolean;
}

/** What arrived and what was lost over time: a row for what arrived, and one for each
 * way to lose something that happened meanwhile. */
export function Chart({ samples, window }: ChartProps) {
  const [at, setAt] = useState<number | undefined>(undefined);
  const strips = stripsOf(samples, window);
  const move = (event: KeyboardEvent): void => {
    if (typing(event)) return;
    const to = steps[event.key]?.(at, window.columns);
    if (to === undefined) return;
    event.preventDefault();
    setAt(Math.min(window.columns - 1, Math.max(0, to)));
  };
  const point = (event: PointerEvent): void => {
    if (!(event.currentTarget instanceof Element)) return;
    const box = event.currentTarget.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * window.columns);
    setAt(Math.min(window.columns - 1, Math.max(0, column)));
  };
  return (
    <div class="chart" role="group" aria-label="Arrivals and losses over time. Use the left and right arrow keys to move." tabIndex={0}
      onKeyDown={move} onPointerMove={point} onPointerLeave={() => setAt(undefined)} onBlur={() => setAt(undefined)}>
      {strips.map((strip) => <StripRow key={strip.count} strip={strip} window={window} at={at} />)}
      <div class="chart-axis" aria-hidden="true">
        {[0, 0.25, 0.5, 0.75, 1].map((part) => (
          <span key={part}>{formatClock(window.from + part * (window.to - window.from))}</span>
        ))}
      </div>
      <p class="chart-readout" role="status">{at === undefined ? quiet(strips) : readout(strips, window, at)}</p>
    </div>
  );
}

const steps: Readonly<Record<string, (at: number | undefined, columns: number) => number>> = {
  ArrowLeft: (at, columns) => (at ?? columns) - 1,
  ArrowRight: (at) => (at ?? -1) + 1,
  Home: () => 0,
  End: (_, columns) => columns - 1,
};

function stripsOf(samples: readonly Sample[], window: Window): Strip[] {
  const columnsOf = (count: Count): number[] => spread(samples, window, (sample) => Math.max(0, sample.all[count]));
  const lost = causes
    .map(({ count, name, unit }): Strip => ({ count, name, unit, columns: columnsOf(count), lost: true }))
    .filter((strip) => strip.columns.some((n) => n > 0));
  return [
    { count: "spans", name: "Spans arrived", unit: ["span", "spans"], columns: columnsOf("spans"), lost: false },
    ...lost,
  ];
}

/** The height of a row in its own units; it is stretched to the width there is. */
const height = 100;

function StripRow({ strip, window, at }: { strip: Strip; window: Window; at: number | undefined }) {
  const most = Math.max(...strip.columns);
  const seconds = (window.to - window.from) / window.columns / 1e6;
  const sum = strip.columns.reduce((a, b) => a + b, 0);
  return (
    <div class={`strip ${strip.lost ? "strip-lost" : ""}`}>
      <p class="strip-name">
        {strip.lost && <span class="loss-mark" aria-hidden="true">✕ </span>}
        {strip.name}: {plural(sum, ...strip.unit)}, at most {perSecond(most / seconds)}/s
      </p>
      <svg viewBox={`0 0 ${window.columns} ${height}`} preserveAspectRatio="none" aria-hidden="true">
        {at !== undefined && <rect class="strip-at" x={at} y={0} width={1} height={height} />}
        {most > 0 && <path d={bars(strip.columns, most)} />}
      </svg>
    </div>
  );
}

/** Draws columns as bars from the ground. One that is not 0 can be seen. */
export function bars(columns: readonly number[], most: number): string {
  return columns
    .map((n, i) => (n > 0 ? `M${i + 0.1} ${height}v${-round(Math.max(4, (n / most) * height))}h.8V${height}z` : ""))
    .join("");
}

function round(n: number): number {
  return Math.round(n * 10) / 10;
}

function perSecond(n: number): string {
  return n === 0 || n >= 10 ? formatCount(n) : n < 0.01 ? "<0.01" : String(Number(n.toPrecision(2)));
}

function quiet(strips: readonly Strip[]): string {
  return strips.length === 1 ? "No losses in this range." : "";
}

function readout(strips: readonly Strip[], window: Window, at: number): string {
  const width = (window.to - window.from) / window.columns;
  const from = window.from + at * width;
  const counts = strips
    .map((strip) => ({ strip, n: strip.columns[at] ?? 0 }))
    .filter(({ strip, n }) => n > 0 || !strip.lost)
    .map(({ strip, n }) => `${strip.name.toLowerCase()} ${n > 0 && n < 1 ? "<1" : formatCount(n)}`);
  return `${formatClock(from)} to ${formatClock(from + width)}: ${counts.join(", ")}`;
}

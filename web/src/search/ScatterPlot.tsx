import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { formatAgo, formatClock, formatDuration, formatTime, plural } from "../model/format.ts";
import { brief } from "../model/text.ts";
import { useWidth } from "../ui/useWidth.ts";
import { layOut, nearest, timeAt, type Field, type Point, type Scatter } from "./scale.ts";
import type { Summary } from "./summary.ts";

interface ScatterPlotProps {
  list: readonly Summary[];
  onOpen: (id: string) => void;
  /** Narrows the search to a time range: microseconds since 1970. */
  onRange: (from: number, to: number) => void;
}

const height = 150;

/** In pixels; what is narrower is not drawn, and not yet measured. */
const narrowest = 200;

/** Room for the circles at the edges; the largest has a radius of 10. */
const pad = 14;

/** The durations stand to the left of the circles. */
const left = 58;

/** A pointer that went so far drags, and does not click. */
const dragFrom = 5;

/**
 * The durations of traces over time. It is for the pointer: whoever has none finds
 * all of it in the list below and in the form.
 */
export function ScatterPlot({ list, onOpen, onRange }: ScatterPlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const field: Field = { width: Math.max(useWidth(box), narrowest), height, pad, left };
  const scatter = useMemo(() => layOut(list, field), [list, field.width]);
  const [near, setNear] = useState<Point>();
  const [drag, setDrag] = useState<{ from: number; to: number }>();
  const place = (event: PointerEvent): { x: number; y: number } => {
    const edges = box.current?.getBoundingClientRect();
    return { x: event.clientX - (edges?.left ?? 0), y: event.clientY - (edges?.top ?? 0) };
  };
  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const { x } = place(event);
    box.current?.setPointerCapture(event.pointerId);
    setDrag({ from: x, to: x });
  };
  const move = (event: PointerEvent): void => {
    const { x, y } = place(event);
    setNear(nearest(scatter.points, x, y));
    if (drag) setDrag({ ...drag, to: x });
  };
  const up = (event: PointerEvent): void => {
    setDrag(undefined);
    if (!drag) return;
    const { x, y } = place(event);
    const ends = [timeAt(scatter, field, drag.from), timeAt(scatter, field, x)].sort((a, b) => a - b);
    if (Math.abs(x - drag.from) >= dragFrom) onRange(ends[0] ?? 0, ends[1] ?? 0);
    else {
      const hit = nearest(scatter.points, x, y);
      if (hit) onOpen(hit.summary.id);
    }
  };
  const dragging = drag && Math.abs(drag.to - drag.from) >= dragFrom ? drag : undefined;
  useEscape(drag !== undefined, () => setDrag(undefined));
  return (
    <div class={`scatter${near ? " scatter-near" : ""}`} ref={box} onPointerDown={down} onPointerMove={move}
      onPointerUp={up} onPointerCancel={() => setDrag(undefined)} onPointerLeave={() => setNear(undefined)}>
      <svg width={field.width} height={height} role="img" aria-label={label(list, scatter)}>
        <Axes scatter={scatter} field={field} />
        <Points points={scatter.points} />
        {near && <circle class="scatter-ring" cx={near.x} cy={near.y} r={near.r + 3} />}
        {dragging && (
          <rect class="scatter-drag" y={0} height={height}
            x={Math.min(dragging.from, dragging.to)} width={Math.abs(dragging.to - dragging.from)} />
        )}
      </svg>
      {near && !dragging && <Tip point={near} width={field.width} />}
      <p class="scatter-words muted" aria-hidden="true">
        Duration over time{scatter.logarithmic && ", logarithmic"}. Larger means more spans, ◆ has errors. Drag to
        select a time range.
      </p>
    </div>
  );
}

function label(list: readonly Summary[], { from, to }: Scatter): string {
  const failed = list.filter((summary) => summary.errors > 0).length;
  return `Durations of ${plural(list.length, "trace")} from ${formatTime(from)} to ${formatTime(to)}, ` +
    `${failed} with errors. The list below has all of them.`;
}

/** Only the list changes them, not the pointer. */
function Points({ points }: { points: readonly Point[] }) {
  return useMemo(() => (
    <g aria-hidden="true">
      {points.map(({ summary, x, y, r }) =>
        summary.errors > 0
          ? <path key={summary.id} class="scatter-error" d={diamond(x, y, r + 1)} />
          : <circle key={summary.id} class="scatter-point" cx={x} cy={y} r={r} />)}
    </g>
  ), [points]);
}

function diamond(x: number, y: number, r: number): string {
  return `M${x} ${y - r}l${r} ${r}l${-r} ${r}l${-r} ${-r}z`;
}

function Axes({ scatter, field }: { scatter: Scatter; field: Field }) {
  const narrow = scatter.to - scatter.from < 10_000_000;
  const far = scatter.to - scatter.from > 86_400_000_000;
  const words = (time: number): string => {
    if (far) return formatTime(time).slice(5, 16);
    return narrow ? formatTime(time).slice(11) : formatClock(time);
  };
  const last = scatter.xTicks.length - 1;
  return (
    <g class="scatter-axes" aria-hidden="true">
      {scatter.yTicks.map(({ at, value }) => (
        <g key={value}>
          <line x1={0} x2={field.width} y1={at} y2={at} />
          <text x={2} y={at - 3}>{formatDuration(value)}</text>
        </g>
      ))}
      {scatter.xTicks.filter((_, n) => field.width > 500 || n % last === 0).map(({ at, value }) => (
        <text key={value} x={at} y={field.height - 2}
          text-anchor={value === scatter.from ? "start" : value === scatter.to ? "end" : "middle"}>
          {words(value)}
        </text>
      ))}
    </g>
  );
}

function Tip({ point: { summary, x, y, r }, width }: { point: Point; width: number }) {
  const side = x > width / 2 ? { right: `${width - x + r + 6}px` } : { left: `${x + r + 6}px` };
  return (
    <div class="scatter-tip" style={{ ...side, top: `${Math.max(0, y - 30)}px` }} aria-hidden="true">
      <bdi>{brief(summary.service)}</bdi>: <bdi>{brief(summary.operation)}</bdi>
      <br />
      {formatDuration(summary.duration)} · {plural(summary.spans, "span")}
      {summary.errors > 0 && ` · ${plural(summary.errors, "error")}`} ·{" "}
      {formatAgo(summary.start, Date.now() * 1000)}
    </div>
  );
}

function useEscape(on: boolean, act: () => void): void {
  useEffect(() => {
    if (!on) return undefined;
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "Escape") act();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [on]);
}

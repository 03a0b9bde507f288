import type { RefObject } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import type { Look } from "../model/colors.ts";
import { formatDuration } from "../model/format.ts";
import { clampZoom, isWhole, minimap, panBy, wholeOf, type Zoom } from "../model/minimap.ts";
import type { Trace } from "../model/trace.ts";
import { percent } from "./lane.ts";
import "./minimap.css";

interface MinimapProps {
  trace: Trace;
  looks: ReadonlyMap<string, Look>;
  zoom: Zoom;
  setZoom: (zoom: Zoom) => void;
}

/** The whole trace in little: drag over it to zoom, drag a handle to change the zoom,
 * double click for the whole. */
export function Minimap({ trace, looks, zoom, setZoom }: MinimapProps) {
  const box = useRef<HTMLDivElement>(null);
  const { drag, start, handlers } = useDrag(box, trace, zoom, setZoom);
  const shown = drag ?? zoom;
  const whole = wholeOf(trace);
  const [left, right] = [shown.from / whole.to, shown.to / whole.to];
  return (
    <section class="minimap" aria-label="Minimap">
      <div
        class="minimap-box"
        ref={box}
        title="Drag to zoom, double-click to show the whole trace"
        {...handlers}
        onDblClick={() => setZoom(whole)}
      >
        <Picture trace={trace} looks={looks} />
        <div class="minimap-shade" style={{ left: "0", width: percent(left) }} />
        <div class="minimap-shade" style={{ left: percent(right), right: "0" }} />
        {(["from", "to"] as const).map((end) => (
          <Handle key={end} end={end} trace={trace} zoom={shown} setZoom={setZoom} start={() => start(end)} />
        ))}
      </div>
      <p class="minimap-words">
        <span>{formatDuration(shown.from)}</span>
        {isWhole(shown, trace)
          ? <span class="muted">drag to zoom</span>
          : <span>
              <strong>{formatDuration(shown.to - shown.from)}</strong> in sight{" "}
              <button type="button" class="copy" onClick={() => setZoom(whole)}>Whole trace</button>
            </span>}
        <span>{formatDuration(shown.to)}</span>
      </p>
    </section>
  );
}

/** The columns and the rows that the picture is made of. */
const grid = { columns: 500, rows: 56 };

/** The spans as one path a service, which the style colors: it follows the theme and
 * the width of the window by itself. */
function Picture({ trace, looks }: Pick<MinimapProps, "trace" | "looks">) {
  return useMemo(() => {
    const rects = minimap(trace, grid.columns, grid.rows);
    const rows = Math.max(12, Math.min(grid.rows, trace.nodes.length));
    const paths = new Map<string, string>();
    for (const { row, column, width, service, failed } of rects) {
      const color = failed ? "var(--error)" : `var(--svc-${looks.get(service)?.color ?? 0})`;
      paths.set(color, `${paths.get(color) ?? ""}M${column} ${row}h${width}v.8h-${width}z`);
    }
    return (
      <svg viewBox={`0 0 ${grid.columns} ${rows}`} preserveAspectRatio="none" aria-hidden="true">
        {[...paths].map(([color, path]) => <path key={color} d={path} style={{ fill: color }} />)}
      </svg>
    );
  }, [trace, looks]);
}

interface HandleProps {
  end: "from" | "to";
  trace: Trace;
  zoom: Zoom;
  setZoom: (zoom: Zoom) => void;
  /** Begins to drag it. */
  start: () => void;
}

/** An end of the zoom. Arrows move it, with Shift the other end too. */
function Handle({ end, trace, zoom, setZoom, start }: HandleProps) {
  const { to: most } = wholeOf(trace);
  const onKey = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (event.key === "Home") setZoom({ ...zoom, from: end === "from" ? 0 : zoom.from });
    else if (event.key === "End") setZoom({ ...zoom, to: end === "to" ? most : zoom.to });
    else if (step === undefined) return;
    else if (event.shiftKey) setZoom(panBy(zoom, step * 0.1, trace));
    else setZoom(moveEnd(trace, zoom, end, zoom[end] + (step * most) / 100));
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      class={`minimap-handle minimap-handle-${end}`}
      role="slider"
      tabIndex={0}
      aria-label={end === "from" ? "Start of the zoom range" : "End of the zoom range"}
      aria-orientation="horizontal"
      aria-valuemin={0}
      aria-valuemax={most}
      aria-valuenow={zoom[end]}
      aria-valuetext={formatDuration(zoom[end])}
      style={{ left: percent(zoom[end] / most) }}
      onKeyDown={onKey}
      onPointerDown={(event) => {
        if (event.button === 0) start();
      }}
    />
  );
}

/** Moves an end of the zoom, but not past the other. */
function moveEnd(trace: Trace, zoom: Zoom, end: "from" | "to", time: number): Zoom {
  if (end === "from") return clampZoom({ from: Math.min(time, zoom.to), to: zoom.to }, trace);
  return clampZoom({ from: zoom.from, to: Math.max(time, zoom.from) }, trace);
}

/** A drag shorter than this share of the map is a click. */
const click = 0.004;

/** What the pointer drags: an end of the zoom, or a new stretch that began there. */
type Dragged = { end: "from" | "to" } | { anchor: number };

/** Follows the pointer. The zoom itself changes at the end: it is in the URL, which
 * browsers refuse to change at every move. */
function useDrag(
  box: RefObject<HTMLDivElement | null>,
  trace: Trace,
  zoom: Zoom,
  setZoom: (zoom: Zoom) => void,
) {
  const [drag, setDrag] = useState<Zoom | null>(null);
  const dragged = useRef<Dragged | null>(null);
  const { to: most } = wholeOf(trace);
  const timeAt = (event: PointerEvent): number => {
    const { left, width } = box.current?.getBoundingClientRect() ?? { left: 0, width: 1 };
    return ((event.clientX - left) / Math.max(1, width)) * most;
  };
  const onPointerDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    dragged.current ??= { anchor: timeAt(event) };
    box.current?.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent): void => {
    const what = dragged.current;
    if (!what) return;
    const time = timeAt(event);
    if ("end" in what) setDrag(moveEnd(trace, zoom, what.end, time));
    else if (Math.abs(time - what.anchor) > click * most) {
      setDrag(clampZoom({ from: what.anchor, to: time }, trace));
    }
  };
  const onPointerUp = (): void => {
    dragged.current = null;
    setDrag(null);
    if (drag) setZoom(drag);
  };
  const onPointerCancel = (): void => {
    dragged.current = null;
    setDrag(null);
  };
  const start = (end: "from" | "to"): void => {
    dragged.current = { end };
  };
  return { drag, start, handlers: { onPointerDown, onPointerMove, onPointerUp, onPointerCancel } };
}

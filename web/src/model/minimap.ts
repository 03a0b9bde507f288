import type { Node, Trace } from "./trace.ts";

/** A stretch of the minimap, in its columns and rows. */
export interface MapRect {
  row: number;
  column: number;
  width: number;
  /** The service whose color it has. */
  service: string;
  failed: boolean;
}

/**
 * Draws a trace of any size as at most columns x rows rectangles: a row a span, or,
 * when there are more spans, several of them in one. Where spans cover each other, a
 * failed one is on top, then the earlier row. Every span is there with a column at
 * least, unless another covers it.
 */
export function minimap(trace: Trace, columns: number, rows: number): MapRect[] {
  const [width, height] = [Math.max(1, Math.floor(columns)), Math.max(1, Math.floor(rows))];
  const perRow = Math.max(1, trace.nodes.length / height);
  const count = Math.min(height, trace.nodes.length);
  const rects: MapRect[] = [];
  for (let row = 0; row < count; row++) {
    const nodes = trace.nodes.slice(Math.floor(row * perRow), Math.floor((row + 1) * perRow));
    addRow(rects, row, paint(trace, nodes, width));
  }
  return rects;
}

/** Returns which span each column shows. A column is painted once: free leads from a
 * painted one to the next that may be free. */
function paint(trace: Trace, nodes: readonly Node[], width: number): (Node | undefined)[] {
  const cells: (Node | undefined)[] = new Array<Node | undefined>(width).fill(undefined);
  const free = Array.from({ length: width + 1 }, (_, i) => i);
  const next = (column: number): number => {
    let end = column;
    while (free[end] !== end) end = free[end] as number;
    for (let at = column; at !== end; ) [at, free[at]] = [free[at] as number, end];
    return end;
  };
  const scale = trace.duration > 0 ? width / trace.duration : 0;
  const placeOf = (time: number): number => (time - trace.start) * scale;
  const onTop = [...nodes.filter((node) => node.failed), ...nodes.filter((node) => !node.failed)];
  for (const node of onTop) {
    const from = Math.min(width - 1, Math.floor(placeOf(node.span.start)));
    const to = scale === 0 ? width : Math.min(width, Math.max(from + 1, Math.ceil(placeOf(node.end))));
    for (let at = next(from); at < to; at = next(at)) {
      cells[at] = node;
      free[at] = at + 1;
    }
  }
  return cells;
}

function addRow(rects: MapRect[], row: number, cells: readonly (Node | undefined)[]): void {
  let last: MapRect | undefined;
  cells.forEach((node, column) => {
    if (!node) {
      last = undefined;
      return;
    }
    const { service } = node.span.process;
    if (last && last.service === service && last.failed === node.failed) {
      last.width++;
      return;
    }
    last = { row, column, width: 1, service, failed: node.failed };
    rects.push(last);
  });
}

/** The stretch of the trace in sight, in microseconds from the trace's start. */
export interface Zoom {
  from: number;
  to: number;
}

/** What a zoom needs of a trace. */
type Timed = Pick<Trace, "duration">;

/** The narrowest stretch that can be shown, in microseconds. */
export const narrowest = 1;

/** Returns the whole of a trace. */
export function wholeOf(trace: Timed): Zoom {
  return { from: 0, to: Math.max(narrowest, trace.duration) };
}

/** Reports whether all of the trace is in sight. */
export function isWhole(zoom: Zoom, trace: Timed): boolean {
  return zoom.from <= 0 && zoom.to >= wholeOf(trace).to;
}

/** Returns the nearest zoom within the trace, in whole microseconds; the ends may
 * come in any order. */
export function clampZoom(zoom: Zoom, trace: Timed): Zoom {
  const { to: most } = wholeOf(trace);
  const ends = [zoom.from, zoom.to].map((at) => Math.round(Math.min(most, Math.max(0, at))));
  const [from, to] = [Math.min(...ends), Math.max(...ends)];
  if (to - from >= narrowest) return { from, to };
  return from + narrowest <= most ? { from, to: from + narrowest } : { from: most - narrowest, to: most };
}

/** Reads a zoom from the URL's from and to; the whole trace without them. */
export function readZoom(query: URLSearchParams, trace: Timed): Zoom {
  const whole = wholeOf(trace);
  const read = (name: string, otherwise: number): number => {
    const text = query.get(name);
    return text !== null && /^\d+$/.test(text) ? Number(text) : otherwise;
  };
  const zoom = { from: read("from", whole.from), to: read("to", whole.to) };
  return zoom.from < zoom.to ? clampZoom(zoom, trace) : whole;
}

/** Returns what the URL's from and to become; null where the whole trace is in sight. */
export function writeZoom(zoom: Zoom, trace: Timed): Record<"from" | "to", string | null> {
  if (isWhole(zoom, trace)) return { from: null, to: null };
  return { from: String(zoom.from), to: String(zoom.to) };
}

/** Makes the stretch in sight shorter (a factor below 1) or longer. at, a share of the
 * stretch from 0 to 1, stays where it is. */
export function zoomBy(zoom: Zoom, factor: number, trace: Timed, at = 0.5): Zoom {
  const fixed = zoom.from + (zoom.to - zoom.from) * at;
  const length = Math.min(wholeOf(trace).to, Math.max(narrowest, (zoom.to - zoom.from) * factor));
  return panTo({ from: fixed - length * at, to: fixed + length * (1 - at) }, trace);
}

/** Moves the stretch in sight by a share of its length, and keeps its length. */
export function panBy(zoom: Zoom, share: number, trace: Timed): Zoom {
  const by = (zoom.to - zoom.from) * share;
  return panTo({ from: zoom.from + by, to: zoom.to + by }, trace);
}

/** Moves a stretch into the trace without making it shorter. */
function panTo(zoom: Zoom, trace: Timed): Zoom {
  const over = Math.max(0, zoom.to - wholeOf(trace).to);
  const under = Math.max(0, -(zoom.from - over));
  return clampZoom({ from: zoom.from - over + under, to: zoom.to - over + under }, trace);
}

/** Where something stands in the stretch in sight, as shares from 0 to 1. */
export interface Extent {
  left: number;
  width: number;
  /** Whether it goes on to either side of what is in sight. */
  before: boolean;
  after: boolean;
}

/** Returns where a time (microseconds since 1970) to another stands; undefined when out of sight. */
export function extentOf(
  start: number,
  end: number,
  zoom: Zoom,
  trace: Pick<Trace, "start">,
): Extent | undefined {
  const [from, to] = [start - trace.start, end - trace.start];
  if (to < zoom.from || from > zoom.to) return undefined;
  const length = zoom.to - zoom.from;
  const left = Math.max(0, from - zoom.from) / length;
  const right = Math.min(length, to - zoom.from) / length;
  return { left, width: right - left, before: from < zoom.from, after: to > zoom.to };
}

/** Returns up to count round times (microseconds from the trace's start) in sight, for an axis. */
export function ticksOf(zoom: Zoom, count: number): number[] {
  const rough = (zoom.to - zoom.from) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? 10 * power;
  const ticks: number[] = [];
  for (let at = Math.ceil(zoom.from / step) * step; at <= zoom.to; at += step) ticks.push(at);
  return ticks;
}

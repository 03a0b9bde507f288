import { extentOf, ticksOf, type Extent, type Zoom } from "../model/minimap.ts";
import type { Log } from "../model/types.ts";

/** What a lane shows. */
export interface Sight {
  /** Of the trace, in microseconds since 1970. */
  start: number;
  /** The stretch of the trace in sight. */
  zoom: Zoom;
  /** The share of the lane of a bar's label. */
  room: number;
}

/** Two things nearer than this share of a lane are drawn as one. */
const apart = 0.004;

/** Where there is room for a bar's label. */
export type Side = "right" | "left" | "inside";

/** Returns the side of a bar where its label finds room, a share of the lane. */
export function labelSide({ left, width }: Pick<Extent, "left" | "width">, room: number): Side {
  if (left + width <= 1 - room) return "right";
  return left >= room ? "left" : "inside";
}

/** Returns where stretches of time stand, which come earliest first. Near ones are put
 * together, so that there are no more than can be told apart. */
export function extentsOf(sight: Sight, stretches: readonly { start: number; end: number }[]): Extent[] {
  const extents: Extent[] = [];
  for (const { start, end } of stretches) {
    const extent = extentOf(start, end, sight.zoom, sight);
    if (!extent) continue;
    const last = extents.at(-1);
    const near = last && extent.left - (last.left + last.width) < apart;
    if (near) last.width = extent.left + extent.width - last.left;
    else extents.push({ ...extent });
  }
  return extents;
}

/** Logs that are drawn as one tick. */
export interface LogTick {
  /** A share of the lane. */
  left: number;
  logs: Log[];
}

/** Returns the ticks for the logs in sight, earliest first. */
export function logTicks(sight: Sight, logs: readonly Log[]): LogTick[] {
  const ticks: LogTick[] = [];
  for (const log of [...logs].sort((a, b) => a.time - b.time)) {
    const extent = extentOf(log.time, log.time, sight.zoom, sight);
    if (!extent) continue;
    const last = ticks.at(-1);
    if (last && extent.left - last.left < apart) last.logs.push(log);
    else ticks.push({ left: extent.left, logs: [log] });
  }
  return ticks;
}

/** A mark of the axis. */
export interface Mark {
  /** A share of the lane. */
  left: number;
  /** Microseconds since the trace's start. */
  time: number;
}

/** Returns round times for an axis with room for so many, without those too near its
 * end to have room for their label. */
export function axisMarks(zoom: Zoom, most: number): Mark[] {
  return ticksOf(zoom, most)
    .map((time) => ({ time, left: (time - zoom.from) / (zoom.to - zoom.from) }))
    .filter(({ left }) => left <= 1 - 0.5 / most);
}

/** Prints a share for a style: "12.5%". */
export function percent(share: number): string {
  return `${Number((share * 100).toFixed(3))}%`;
}

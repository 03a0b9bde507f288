import type { PlacedCall, PlacedService } from "../model/layout.ts";

/** The box of a call's label, around its middle. */
export const label = { width: 92, height: 34 };

interface Point {
  x: number;
  y: number;
}

/** Draws a call: straight past boxes, and bent like an S between ranks. */
export function pathOf(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let path = `M${first.x} ${first.y}`;
  let before = first;
  for (const point of rest) {
    const middle = (before.x + point.x) / 2;
    path += before.y === point.y ? `H${point.x}` : `C${middle} ${before.y} ${middle} ${point.y} ${point.x} ${point.y}`;
    before = point;
  }
  return path;
}

/** How thick a call is drawn: by the magnitude of its number, since one service may be
 * called a million times as often as another. */
export function thicknessOf(calls: number): number {
  return 1.25 + Math.min(4.75, Math.log10(Math.max(1, calls)) * 0.95);
}

/**
 * Returns where each call's label stands: on its line, where it covers least of the
 * others, and there as near to the middle as may be. Short lines choose first.
 */
export function placeLabels(calls: readonly PlacedCall[]): Point[] {
  const placed = new Map<PlacedCall, Point>();
  for (const call of [...calls].sort((a, b) => a.points.length - b.points.length)) {
    const others = [...placed.values()];
    let [best, least] = [{ x: 0, y: 0 }, Number.POSITIVE_INFINITY];
    for (const spot of spotsOf(call.points)) {
      const covered = others.reduce((sum, other) => sum + cover(spot, other), 0);
      if (covered < least) [best, least] = [spot, covered];
    }
    placed.set(call, best);
  }
  return calls.map((call) => placed.get(call) ?? { x: 0, y: 0 });
}

/** Parts of the way of an S, the middle first. */
const parts = [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74];

/** Points on the way between ranks, where no boxes are; the first gap first. */
function spotsOf(points: readonly Point[]): Point[] {
  const spots: Point[] = [];
  for (let i = 0; i + 1 < points.length; i += 2) {
    const [a, b] = [points[i], points[i + 1]];
    if (a && b) spots.push(...parts.map((part) => onCurve(a, b, part)));
  }
  return spots;
}

/** A point of the curve that pathOf draws from a to b. */
function onCurve(a: Point, b: Point, t: number): Point {
  const bend = t * t * (3 - 2 * t);
  const along = (1 - t) ** 3 + 1.5 * (1 - t) ** 2 * t + 1.5 * (1 - t) * t * t;
  const x = a.x * along + b.x * (1 - along);
  return { x, y: a.y + (b.y - a.y) * bend };
}

/** Returns the area that two labels share. */
function cover(a: Point, b: Point): number {
  return Math.max(0, label.width - Math.abs(a.x - b.x)) * Math.max(0, label.height - Math.abs(a.y - b.y));
}

/** A way that an arrow key leads. */
export type Direction = "callee" | "caller" | "above" | "below";

/** Returns the service that an arrow key leads to from another: along the call made
 * most often, or to the next of the same rank; undefined when there is none. */
export function neighbor(
  from: PlacedService,
  direction: Direction,
  services: readonly PlacedService[],
  calls: readonly PlacedCall[],
): PlacedService | undefined {
  if (direction === "above" || direction === "below") {
    const column = services.filter((s) => s.rank === from.rank).sort((a, b) => a.y - b.y);
    return column[column.indexOf(from) + (direction === "below" ? 1 : -1)];
  }
  const name = from.service.name;
  const forth = direction === "callee";
  const most = calls
    .map(({ call }) => call)
    .filter((call) => (forth ? call.from : call.to) === name && call.from !== call.to)
    .sort((a, b) => b.calls - a.calls)[0];
  return most && services.find((s) => s.service.name === (forth ? most.to : most.from));
}

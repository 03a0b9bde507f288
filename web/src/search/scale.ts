import type { Summary } from "./summary.ts";

/** Where a point of the scatter lies, in pixels from its upper left corner. */
export interface Point {
  summary: Summary;
  x: number;
  y: number;
  r: number;
}

/** A line of an axis with its value: microseconds. */
export interface Tick {
  at: number;
  value: number;
}

/** The scatter of durations over time. */
export interface Scatter {
  points: Point[];
  /** Whether equal steps up are equal ratios. */
  logarithmic: boolean;
  xTicks: Tick[];
  yTicks: Tick[];
  /** Microseconds since 1970 at the left and right edges. */
  from: number;
  to: number;
}

/** The size of the field, the room within it that circles at the edge need, and on the
 * left what the axis needs. */
export interface Field {
  width: number;
  height: number;
  pad: number;
  left: number;
}

/** From this ratio on short ones cannot be distinguished on a linear scale. */
const wide = 30;

/** Lays the traces out: time to the right, duration upwards, area by spans. */
export function layOut(list: readonly Summary[], field: Field): Scatter {
  const starts = list.map((summary) => summary.start);
  const lengths = list.map((summary) => Math.max(summary.duration, 1));
  let [from, to] = bounds(starts);
  if (from === to) [from, to] = [from - 500_000, to + 500_000]; // one moment: in the middle of a second
  const [shortest, longest] = bounds(lengths);
  const logarithmic = longest / shortest >= wide;
  const bottom = logarithmic ? shortest : 0;
  const share = (value: number): number =>
    logarithmic ? Math.log(value / bottom) / Math.log(longest / bottom) : value / longest;
  const most = Math.max(1, bounds(list.map((summary) => summary.spans))[1]);
  const { width, height, pad, left } = field;
  const x = (time: number): number => left + ((time - from) / (to - from)) * (width - left - pad);
  const y = (length: number): number => height - pad - share(length) * (height - 2 * pad);
  return {
    points: list.map((summary) => ({
      summary,
      x: x(summary.start),
      y: y(Math.max(summary.duration, 1)),
      r: 3 + 7 * Math.sqrt(summary.spans / most),
    })),
    logarithmic,
    xTicks: [0, 1, 2, 3].map((n) => from + (n / 3) * (to - from)).map((value) => ({ at: x(value), value })),
    yTicks: steps(bottom, longest, logarithmic).map((value) => ({ at: y(value), value })),
    from,
    to,
  };
}

function bounds(values: readonly number[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return values.length === 0 ? [1, 1] : [low, high];
}

/** Returns round values between low and high: powers of ten, or 1, 2 or 5 of one. */
function steps(low: number, high: number, logarithmic: boolean): number[] {
  const out: number[] = [];
  if (logarithmic) {
    const decades = Math.log10(high / low);
    const stride = 10 ** Math.ceil(decades / 4);
    for (let value = 10 ** Math.ceil(Math.log10(low)); value <= high; value *= stride) out.push(value);
    return out;
  }
  const rough = high / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([5, 2].find((factor) => factor * power <= rough) ?? 1) * power;
  for (let value = step; value <= high; value += step) out.push(value);
  return out;
}

/** Returns the time at x, kept within the field's edges. */
export function timeAt(scatter: Scatter, field: Field, x: number): number {
  const share = (x - field.left) / (field.width - field.left - field.pad);
  return scatter.from + Math.min(1, Math.max(0, share)) * (scatter.to - scatter.from);
}

/** Returns the point nearest to x and y, if one is within reach. */
export function nearest(points: readonly Point[], x: number, y: number): Point | undefined {
  let best: Point | undefined;
  let least = Infinity;
  for (const point of points) {
    const distance = Math.hypot(point.x - x, point.y - y) - point.r;
    if (distance < least) [best, least] = [point, distance];
  }
  return least <= 8 ? best : undefined;
}

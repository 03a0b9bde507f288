import assert from "node:assert/strict";
import test from "node:test";
import { sample } from "./sample.ts";
import { layOut, nearest, timeAt } from "./scale.ts";

const field = { width: 350, height: 120, pad: 10, left: 40 };

test("time goes to the right and duration upwards", () => {
  const { points, logarithmic, yTicks } = layOut([
    sample("early", { start: 1000, duration: 50 }),
    sample("late", { start: 4000, duration: 100, spans: 4 }),
  ], field);
  assert.equal(logarithmic, false);
  assert.deepEqual(points.map(({ x, y, r }) => [x, y, r]), [[40, 60, 6.5], [340, 10, 10]]);
  assert.deepEqual(yTicks.map(({ value }) => value), [20, 40, 60, 80, 100]);
});

test("durations of many sizes are spread by their ratios", () => {
  const list = [10, 1000, 100_000].map((duration) => sample("x", { duration }));
  const { points, logarithmic, yTicks } = layOut(list, field);
  assert.equal(logarithmic, true);
  assert.deepEqual(points.map(({ y }) => Math.round(y)), [110, 60, 10]);
  assert.deepEqual(yTicks.map(({ value }) => Math.round(value)), [10, 100, 1000, 10_000, 100_000]);
});

test("any list has finite places", () => {
  const nothing = sample("a", { duration: 0, spans: 0, start: 0 });
  const lists = [[], [sample("a")], [nothing], [sample("a"), sample("b")]];
  for (const list of lists) {
    const { points, xTicks, yTicks } = layOut(list, field);
    const all = [...points.flatMap(({ x, y, r }) => [x, y, r]), ...[...xTicks, ...yTicks].map(({ at }) => at)];
    for (const n of all) assert.ok(Number.isFinite(n), `${n} of ${JSON.stringify(list)}`);
  }
});

test("a place on the axis has a time", () => {
  const scatter = layOut([sample("a", { start: 1000 }), sample("b", { start: 4000 })], field);
  const got = [40, 190, 340, -50, 999].map((x) => timeAt(scatter, field, x));
  assert.deepEqual(got, [1000, 2500, 4000, 1000, 4000]);
});

test("the nearest point is found within reach", () => {
  const { points } = layOut([sample("a", { start: 1000 }), sample("b", { start: 4000 })], field);
  assert.equal(nearest(points, 45, 12)?.summary.id, "a");
  assert.equal(nearest(points, 190, 60), undefined);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { axisMarks, extentsOf, labelSide, logTicks, percent } from "./lane.ts";

const sight = { start: 1000, zoom: { from: 100, to: 300 }, room: 0.2 };

test("a label stands where there is room", () => {
  const bars = [{ left: 0, width: 0.1 }, { left: 0.6, width: 0.4 }, { left: 0, width: 1 }];
  const got = bars.map((bar) => labelSide(bar, 0.2));
  assert.deepEqual(got, ["right", "left", "inside"]);
});

test("stretches too near to tell apart are one", () => {
  const starts = Array.from({ length: 10_000 }, (_, i) => 1100 + i / 100);
  const many = starts.map((start) => ({ start, end: start + 0.005 }));
  const [only, ...others] = extentsOf(sight, many);
  assert.equal(others.length, 0);
  assert.ok(only && Math.abs(only.width - 0.5) < 0.001, `got ${JSON.stringify(only)}`);
});

test("stretches apart stay apart, and those out of sight are left out", () => {
  const stretches = [{ start: 1100, end: 1120 }, { start: 1200, end: 1220 }, { start: 1500, end: 1600 }];
  const got = extentsOf(sight, stretches).map(({ left, width }) => [percent(left), percent(width)]);
  assert.deepEqual(got, [["0%", "10%"], ["50%", "10%"]]);
});

test("logs are ticks in order, near ones together, those out of sight not", () => {
  const logs = [900, 1200, 1100.1, 1100, 1301].map((time) => ({ time, fields: [] }));
  const got = logTicks(sight, logs).map(({ left, logs: of }) => [left, of.map((log) => log.time)]);
  assert.deepEqual(got, [[0, [1100, 1100.1]], [0.5, [1200]]]);
});

test("an axis marks times that have room for their label", () => {
  const got = axisMarks({ from: 0, to: 120_000 }, 6).map(({ time }) => time);
  assert.deepEqual(got, [0, 20_000, 40_000, 60_000, 80_000, 100_000]);
});

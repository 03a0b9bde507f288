import assert from "node:assert/strict";
import { test } from "node:test";
import { childOf, draw, newSpan } from "./drawing.ts";
import { clampZoom, isWhole, panBy, readZoom, wholeOf, writeZoom, zoomBy } from "./minimap.ts";
import { extentOf, minimap, ticksOf } from "./minimap.ts";
import { buildTrace, type Trace } from "./trace.ts";

/** Draws the minimap as text: the first letter of the service, a capital when failed. */
function picture(trace: Trace, columns: number, rows: number): string[] {
  const lines: string[][] = [];
  for (const { row, column, width, service, failed } of minimap(trace, columns, rows)) {
    const line = (lines[row] ??= new Array<string>(columns).fill("."));
    const letter = service[0] ?? "?";
    line.fill(failed ? letter.toUpperCase() : letter, column, column + width);
  }
  return lines.map((line) => line.join(""));
}

const raw = draw(`
  a:root   |==========|
    b:one  | ===      |
    c:two  |   =====  |
      c:in |    !     |
`);
raw.spans[1]?.tags.push({ key: "error", type: "bool", value: true });
const trace = buildTrace(raw);

test("a small trace has a row a span", () => {
  assert.deepEqual(picture(trace, 10, 20), ["aaaaaaaaaa", ".BBB......", "...ccccc..", "....c....."]);
});

test("a trace with more spans than rows has several in one, the failed on top", () => {
  assert.deepEqual(picture(trace, 10, 2), ["aBBBaaaaaa", "...ccccc.."]);
  assert.deepEqual(picture(trace, 5, 1), ["BBaaa"]);
});

test("a trace without a duration or without spans can be drawn", () => {
  assert.deepEqual(picture(buildTrace({ id: "t", spans: [newSpan("x:y")], warnings: [] }), 3, 3), ["xxx"]);
  assert.deepEqual(minimap(buildTrace({ id: "t", spans: [], warnings: [] }), 3, 3), []);
});

test("there are never more rectangles than fields", () => {
  const spans = Array.from({ length: 5000 }, (_, i) => {
    const span = newSpan(`s${i % 7}:x${i}`, i > 0 ? [childOf("s0:x0")] : []);
    return { ...span, start: span.start + i, duration: (i * 7919) % 300 };
  });
  const rects = minimap(buildTrace({ id: "t", spans, warnings: [] }), 60, 20);
  assert.ok(rects.length > 20 && rects.length <= 1200, `got ${rects.length}`);
  assert.ok(rects.every((rect) => rect.column >= 0 && rect.column + rect.width <= 60 && rect.row < 20));
});

const hundred = { start: 1000, duration: 100 };

test("a zoom stays within the trace", () => {
  const cases: [{ from: number; to: number }, { from: number; to: number }][] = [
    [{ from: 10, to: 20 }, { from: 10, to: 20 }],
    [{ from: 20, to: 10 }, { from: 10, to: 20 }],
    [{ from: -5, to: 500 }, { from: 0, to: 100 }],
    [{ from: 10.4, to: 10.4 }, { from: 10, to: 11 }],
    [{ from: 100, to: 100 }, { from: 99, to: 100 }],
  ];
  for (const [zoom, want] of cases) assert.deepEqual(clampZoom(zoom, hundred), want);
});

test("a zoom is read from the URL as it is written", () => {
  const zoom = { from: 10, to: 20 };
  const query = new URLSearchParams({ from: "10", to: "20" });
  assert.deepEqual(readZoom(query, hundred), zoom);
  assert.deepEqual(writeZoom(zoom, hundred), { from: "10", to: "20" });
  assert.deepEqual(writeZoom(wholeOf(hundred), hundred), { from: null, to: null });
  for (const text of ["from=x&to=y", "", "from=50&to=40", "from=-1"]) {
    assert.ok(isWhole(readZoom(new URLSearchParams(text), hundred), hundred), text);
  }
});

test("zooming keeps a point in place, and panning the length", () => {
  assert.deepEqual(zoomBy({ from: 0, to: 100 }, 0.5, hundred), { from: 25, to: 75 });
  assert.deepEqual(zoomBy({ from: 0, to: 100 }, 0.5, hundred, 0), { from: 0, to: 50 });
  assert.deepEqual(zoomBy({ from: 90, to: 100 }, 2, hundred), { from: 80, to: 100 });
  assert.deepEqual(zoomBy({ from: 0, to: 10 }, 2, hundred), { from: 0, to: 20 });
  assert.deepEqual(zoomBy({ from: 10, to: 20 }, 1000, hundred), { from: 0, to: 100 });
  assert.deepEqual(panBy({ from: 10, to: 20 }, 0.5, hundred), { from: 15, to: 25 });
  assert.deepEqual(panBy({ from: 10, to: 20 }, -9, hundred), { from: 0, to: 10 });
  assert.deepEqual(panBy({ from: 10, to: 20 }, 99, hundred), { from: 90, to: 100 });
});

test("what is in sight has an extent", () => {
  const zoom = { from: 20, to: 40 };
  const within = { before: false, after: false };
  assert.deepEqual(extentOf(1025, 1030, zoom, hundred), { left: 0.25, width: 0.25, ...within });
  assert.deepEqual(extentOf(1030, 1030, zoom, hundred), { left: 0.5, width: 0, ...within });
  assert.deepEqual(extentOf(1000, 1100, zoom, hundred), { left: 0, width: 1, before: true, after: true });
  assert.equal(extentOf(1000, 1010, zoom, hundred), undefined);
  assert.equal(extentOf(1050, 1060, zoom, hundred), undefined);
});

test("an axis has round times", () => {
  assert.deepEqual(ticksOf({ from: 0, to: 100 }, 5), [0, 20, 40, 60, 80, 100]);
  assert.deepEqual(ticksOf({ from: 1234, to: 5678 }, 4), [2000, 4000]);
  assert.deepEqual(ticksOf({ from: 0, to: 1 }, 5), [0, 1]);
});

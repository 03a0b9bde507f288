import assert from "node:assert/strict";
import { test } from "node:test";
import { childOf, draw, newSpan } from "./drawing.ts";
import { buildTrace, collapsible, keysAbove, rowByKey, visibleRows, type Row } from "./trace.ts";
import type { RawTrace, Span } from "./types.ts";

function traceOf(...spans: Span[]): RawTrace {
  return { id: "t", spans, warnings: [] };
}

function child(name: string, parent: string): Span {
  return newSpan(name, [childOf(parent)]);
}

/** Draws rows as text: a key a line, indented by its depth. */
function outline(rows: readonly Row[]): string[] {
  return rows.map((row) => "  ".repeat(row.depth) + row.key);
}

const sample = draw(`
  a:root     |==========|
    b:second |    ===   |
      c:deep |     =    |
    b:first  | ==       |
`);

test("spans stand below their parents, earliest first", () => {
  const trace = buildTrace(sample);
  assert.deepEqual(outline(trace.rows), ["a:root", "  b:first", "  b:second", "    c:deep"]);
  assert.deepEqual(trace.nodes.map((node) => node.descendants), [3, 0, 1, 0]);
  assert.equal(trace.root?.key, "a:root");
  assert.equal(trace.depth, 3);
  assert.deepEqual([trace.end - trace.start, trace.duration], [10, 10]);
});

test("a collapsed row hides those below it", () => {
  const trace = buildTrace(sample);
  assert.deepEqual(outline(visibleRows(trace, new Set(["b:second"]))), ["a:root", "  b:first", "  b:second"]);
  assert.deepEqual(outline(visibleRows(trace, new Set(collapsible(trace)))), ["a:root"]);
  assert.equal(visibleRows(trace, new Set()), trace.rows);
});

test("services are counted in the order of their rows", () => {
  const raw = draw(`
    a:root |====|
      b:x  | =  |
      b:y  |  = |
  `);
  raw.spans[2]?.tags.push({ key: "error", type: "bool", value: true });
  const trace = buildTrace(raw);
  assert.deepEqual(trace.services, [
    { name: "a", spans: 1, errors: 0 },
    { name: "b", spans: 2, errors: 1 },
  ]);
  assert.equal(trace.errors, 1);
});

test("orphans of one parent stand below a row for it", () => {
  const trace = buildTrace(traceOf(newSpan("root"), child("x", "gone"), child("y", "gone")));
  assert.deepEqual(outline(trace.rows), ["root", "missing:gone", "  x", "  y"]);
  assert.deepEqual(trace.nodes.map((node) => node.missingParent), ["", "gone", "gone"]);
  const orphan = rowByKey(trace, "y") as Row;
  assert.deepEqual(keysAbove(trace, orphan), ["missing:gone"]);
  assert.deepEqual(outline(visibleRows(trace, new Set(["missing:gone"]))), ["root", "missing:gone"]);
});

test("a trace of orphans alone has its earliest span as the root", () => {
  const trace = buildTrace(traceOf(newSpan("x", [childOf("gone")])));
  assert.equal(trace.root?.key, "x");
  assert.equal(trace.depth, 2);
});

test("spans that share an id are kept apart and marked", () => {
  const trace = buildTrace(traceOf(newSpan("root"), child("x", "root"), child("x", "root")));
  assert.deepEqual(outline(trace.rows), ["root", "  x", "  x#2"]);
  assert.deepEqual(trace.nodes.map((node) => node.duplicate), [false, true, true]);
  assert.equal(trace.byID.get("x")?.length, 2);
  assert.equal(rowByKey(trace, "x#2"), trace.rows[2]);
});

test("of spans that start together the longer comes first", () => {
  const trace = buildTrace(draw(`
    short |==   |
    long  |=====|
  `));
  assert.deepEqual(outline(trace.rows), ["long", "short"]);
});

test("circles are cut at their earliest span", () => {
  const [x, y, self] = [child("x", "y"), child("y", "x"), child("self", "self")];
  y.start += 5;
  self.start += 9;
  const late = newSpan("late");
  late.start += 7;
  const trace = buildTrace(traceOf(y, x, self, late));
  assert.deepEqual(outline(trace.rows), ["x", "  y", "late", "self"]);
  assert.deepEqual(trace.nodes.map((node) => node.cycle), [true, false, false, true]);
});

test("the parent is the first CHILD_OF within the trace, else the first FOLLOWS_FROM", () => {
  const elsewhere = { type: "CHILD_OF", traceID: "other", spanID: "b" } as const;
  const follows = { type: "FOLLOWS_FROM", traceID: "t", spanID: "a" } as const;
  const both = newSpan("both", [elsewhere, follows, childOf("b")]);
  const one = newSpan("one", [elsewhere, follows]);
  const trace = buildTrace(traceOf(newSpan("a"), newSpan("b"), both, one));
  assert.deepEqual(outline(trace.rows), ["a", "  one", "b", "  both"]);
  assert.deepEqual(trace.nodes[1]?.links, [elsewhere]);
  assert.equal(trace.nodes[1]?.follows, true);
  assert.deepEqual(trace.nodes[3]?.links, [elsewhere, follows]);
});

test("a parent of zeros is none, and zeros in front of a trace id do not matter", () => {
  const zero = newSpan("zero", [{ type: "CHILD_OF", traceID: "t", spanID: "0000000000000000" }]);
  const padded = newSpan("padded", [{ type: "CHILD_OF", traceID: "000T", spanID: "zero" }]);
  const trace = buildTrace(traceOf(zero, padded));
  assert.deepEqual(outline(trace.rows), ["zero", "  padded"]);
});

test("self time is what no waiting child covers", () => {
  const trace = buildTrace(draw(`
    root |==========|
      a  | ===      |
      b  |  ====    |
      c  |        =====|
      bg |      ~   |
  `));
  assert.equal(trace.nodes[0]?.selfTime, 3); // 1 to 6 and 8 to 10 are covered
  assert.equal(trace.nodes[1]?.selfTime, 3);
});

test("a negative duration does not turn the trace's time round", () => {
  const span = newSpan("x");
  span.duration = -50;
  const trace = buildTrace(traceOf(span));
  assert.deepEqual([trace.duration, trace.nodes[0]?.selfTime], [0, 0]);
});

test("a trace without spans is empty", () => {
  const trace = buildTrace(traceOf());
  const { rows, root, start, duration, depth } = trace;
  assert.deepEqual({ rows, root, start, duration, depth }, {
    rows: [], root: undefined, start: 0, duration: 0, depth: 0,
  });
});

test("a chain of 100,000 spans is no deeper than memory", () => {
  const chain = Array.from({ length: 100_000 }, (_, i) => child(`s${i}`, `s${i - 1}`));
  const trace = buildTrace({ id: "t", spans: [newSpan("s-1"), ...chain.slice(0, -1)], warnings: [] });
  assert.equal(trace.depth, 100_000);
  assert.equal(trace.root?.descendants, 99_999);
});

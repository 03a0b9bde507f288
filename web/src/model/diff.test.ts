import assert from "node:assert/strict";
import { test } from "node:test";
import { diffTraces, differencesOnly, visibleDiffRows, type DiffRow } from "./diff.ts";
import { draw, newSpan } from "./drawing.ts";
import { tagChanges } from "./difftags.ts";
import { buildTrace, type Trace } from "./trace.ts";
import type { Span, Tag } from "./types.ts";

/** Makes a trace of a drawing in which a column takes a millisecond; what follows a #
 * in a name tells ids apart and is not the operation's. */
function traceOf(drawing: string): Trace {
  const raw = draw(drawing);
  for (const span of raw.spans) {
    span.start *= 1000;
    span.duration *= 1000;
    span.operation = span.operation.replace(/#.*/, "");
  }
  return buildTrace(raw);
}

function outline(rows: readonly DiffRow[]): string[] {
  const line = ({ a, b, state }: DiffRow): string => `${a?.key ?? "-"} ${b?.key ?? "-"} ${state}`;
  return rows.map((row) => "  ".repeat(row.depth) + line(row));
}

const a = traceOf(`
  a:root    |==========|
    b:get#1 | ==       |
    b:get#2 |    ==    |
      c:sql |    =     |
    b:put   |        = |
`);

test("a trace is the same as itself", () => {
  const { rows, sums } = diffTraces(a, a);
  assert.deepEqual(rows.map((row) => row.state), ["same", "same", "same", "same", "same"]);
  assert.equal(sums.same, 5);
  assert.deepEqual(differencesOnly(rows), []);
});

test("spans are matched by service, operation and order, and the rest has its place", () => {
  const b = traceOf(`
    a:root    |==========|
      d:auth  |=         |
      b:get#1 | ==       |
        c:sql | =        |
      b:put   |      =   |
      b:del   |        = |
  `);
  const { rows, sums } = diffTraces(a, b);
  assert.deepEqual(outline(rows), [
    "a:root a:root same",
    "  - d:auth only-b",
    "  b:get#1 b:get#1 same",
    "    - c:sql only-b",
    "  b:get#2 - only-a",
    "    c:sql - only-a",
    "  b:put b:put same",
    "  - b:del only-b",
  ]);
  assert.deepEqual(rows.map((row) => row.descendants), [7, 0, 1, 0, 1, 0, 0, 0]);
  assert.deepEqual([sums.same, sums.differs, sums.onlyA, sums.onlyB], [3, 0, 2, 3]);
  assert.deepEqual([sums.servicesOnlyA, sums.servicesOnlyB], [[], ["d"]]);
  assert.deepEqual(outline(differencesOnly(rows)).length, 7); // all but b:put
  assert.equal(new Set(rows.map((row) => row.key)).size, rows.length);
  assert.deepEqual(visibleDiffRows(rows, new Set(["a:root|a:root"])).length, 1);
  assert.deepEqual(visibleDiffRows(rows, new Set(["b:get#1|b:get#1", "b:get#2|"])).length, 6);
});

test("what differs is kept with all that is above it", () => {
  const b = traceOf(`
    a:root    |==========|
      b:get#1 | ==       |
      b:get#2 |    ==    |
        c:sql |    =     |
          d:x |    =     |
      b:put   |        = |
  `);
  const { rows } = diffTraces(a, b);
  assert.deepEqual(outline(differencesOnly(rows)), [
    "a:root a:root same",
    "  b:get#2 b:get#2 same",
    "    c:sql c:sql same",
    "      - d:x only-b",
  ]);
});

test("a client's and a server's span of one operation are not matched", () => {
  const { rows } = diffTraces(only(kind("client")), only(kind("server")));
  assert.deepEqual(rows.map((row) => row.state), ["only-b", "only-a"]);
});

/** Makes a trace of one span. */
function only(span: Span): Trace {
  return buildTrace({ id: "t", spans: [span], warnings: [] });
}

function kind(value: string): Span {
  const span = newSpan("a:x");
  span.tags.push({ key: "span.kind", type: "string", value });
  return span;
}

test("a duration differs by its ratio and by a least time", () => {
  const state = (from: number, to: number): string => {
    const [x, y] = [newSpan("x"), newSpan("x")];
    x.duration = from;
    y.duration = to;
    const [row] = diffTraces(only(x), only(y)).rows;
    return `${row?.state} ${row?.slower ? "slower" : row?.faster ? "faster" : ""} ${row?.ratio}`;
  };
  assert.equal(state(10_000, 15_000), "same  1.5");
  assert.equal(state(10_000, 15_001), "differs slower 1.5001");
  assert.equal(state(15_001, 10_000), `differs faster ${10_000 / 15_001}`);
  assert.equal(state(10, 900), "same  90"); // far apart, but not by a millisecond
  assert.equal(state(0, 5000), "differs slower Infinity");
  assert.equal(state(0, 0), "same  1");
});

test("an error on one side, and tags, make a difference", () => {
  const [x, y] = [newSpan("x"), newSpan("x")];
  x.tags.push({ key: "port", type: "int64", value: 1 });
  y.tags.push({ key: "port", type: "int64", value: 2 }, { key: "error", type: "bool", value: true });
  const [one, other] = [only(x), only(y)];
  const { rows, sums } = diffTraces(one, other);
  assert.deepEqual([rows[0]?.state, rows[0]?.error, rows[0]?.tags.length], ["differs", true, 2]);
  assert.deepEqual([sums.differs, sums.errors, sums.tags], [1, 1, 1]);
  assert.deepEqual(diffTraces(one, other, { ignoreTags: ["port"] }).rows[0]?.tags.length, 1);
});

test("tags of one key are matched by their values first", () => {
  const tag = (key: string, value: Tag["value"], type: Tag["type"] = "string"): Tag => ({ key, type, value });
  const changes = (x: Tag[], y: Tag[]): string[] =>
    tagChanges(x, y).map(({ kind, key, a, b }) => `${kind} ${key} ${a?.value} ${b?.value}`);
  const [k1, k2, k3] = [tag("k", "1"), tag("k", "2"), tag("k", "3")];
  assert.deepEqual(changes([k1, k2], [k2, k1]), []);
  assert.deepEqual(changes([k1, k2], [k2, k3]), ["changed k 1 3"]);
  const renamed = changes([tag("b", "1")], [tag("a", "1")]);
  assert.deepEqual(renamed, ["added a undefined 1", "removed b 1 undefined"]);
  assert.deepEqual(changes([tag("n", "1")], [tag("n", 1, "int64")]), ["changed n 1 1"]);
});

test("orphans are matched among the top level", () => {
  const orphan = newSpan("x", [{ type: "CHILD_OF", traceID: "t", spanID: "gone" }]);
  const trace = buildTrace({ id: "t", spans: [newSpan("root"), orphan], warnings: [] });
  assert.deepEqual(outline(diffTraces(trace, trace).rows), ["root root same", "x x same"]);
});

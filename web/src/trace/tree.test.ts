import assert from "node:assert/strict";
import { test } from "node:test";
import { buildTrace, visibleRows, type Trace } from "../model/trace.ts";
import type { Span } from "../model/types.ts";
import { foundIn, nextMatch, rowsOf, stepFor, type Step } from "./tree.ts";

/** Each span starts after the one before. */
let started = 0;

function span(id: string, parent: string, service: string): Span {
  return {
    traceID: "a",
    id,
    operation: id,
    references: parent === "" ? [] : [{ type: "CHILD_OF", traceID: "a", spanID: parent }],
    start: started++,
    duration: 100,
    tags: [],
    logs: [],
    process: { service, tags: [] },
    warnings: [],
    flags: 1,
  };
}

/** A root with two children, one of them with a child, and an orphan:
 * r(x) > a(y) > b(z); r > c(x); o(y) below the missing m. */
function example(): Trace {
  const root = span("r", "", "x");
  const others = [span("a", "r", "y"), span("b", "a", "z"), span("c", "r", "x"), span("o", "m", "y")];
  return buildTrace({ id: "a", spans: [root, ...others], warnings: [] });
}

function step(key: string, index: number, ...collapsed: string[]): Step | undefined {
  const trace = example();
  const folded = new Set(collapsed);
  return stepFor(key, { trace, rows: visibleRows(trace, folded), index, collapsed: folded, page: 3 });
}

test("arrows up and down stay within the rows", () => {
  assert.deepEqual(step("ArrowDown", 0), { to: 1 });
  assert.deepEqual(step("ArrowDown", 5), { to: 5 });
  assert.deepEqual(step("ArrowUp", 0), { to: 0 });
  assert.deepEqual(step("PageDown", 1), { to: 4 });
  assert.deepEqual(step("PageUp", 1), { to: 0 });
  assert.deepEqual(step("End", 1), { to: 5 });
  assert.deepEqual(step("Home", 4), { to: 0 });
});

test("right expands, then goes to the first child; left collapses, then goes to the parent", () => {
  assert.deepEqual(step("ArrowRight", 1, "a"), { expand: "a" });
  assert.deepEqual(step("ArrowRight", 1), { to: 2 });
  assert.deepEqual(step("ArrowRight", 2), { to: 2 });
  assert.deepEqual(step("ArrowLeft", 1), { collapse: "a" });
  assert.deepEqual(step("ArrowLeft", 1, "a"), { to: 0 });
  assert.deepEqual(step("ArrowLeft", 3), { to: 0 });
  assert.deepEqual(step("ArrowLeft", 5), { to: 4 }, "an orphan's parent is the row of the missing one");
});

test("other keys are not the tree's", () => {
  assert.equal(step("x", 0), undefined);
});

test("chosen services keep the rows above theirs", () => {
  const trace = example();
  const got = [...(rowsOf(trace, new Set(["z"])) ?? [])].map((row) => row.key).sort();
  assert.deepEqual(got, ["a", "b", "r"]);
  const orphans = [...(rowsOf(trace, new Set(["y"])) ?? [])].map((row) => row.key).sort();
  assert.deepEqual(orphans, ["a", "missing:m", "o", "r"]);
  assert.equal(rowsOf(trace, new Set()), undefined);
});

test("matches follow each other, and around", () => {
  const trace = example();
  const matches = trace.nodes.filter((node) => ["a", "c"].includes(node.key));
  const walk = (key: string, forward: boolean): string | undefined => {
    return nextMatch(trace, matches, key, forward)?.key;
  };
  assert.equal(walk("", true), "a");
  assert.equal(walk("a", true), "c");
  assert.equal(walk("b", true), "c");
  assert.equal(walk("c", true), "a");
  assert.equal(walk("a", false), "c");
  assert.equal(walk("b", false), "a");
  assert.equal(walk("", false), "c");
  assert.equal(nextMatch(trace, [], "a", true), undefined);
});

test("a match is known to the rows that may hide it", () => {
  const trace = example();
  const { keys, above } = foundIn(trace, trace.nodes.filter((node) => ["b", "o"].includes(node.key)));
  assert.deepEqual([...keys].sort(), ["b", "o"]);
  assert.deepEqual([...above].sort(), ["a", "missing:m", "r"]);
});

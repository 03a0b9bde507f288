import assert from "node:assert/strict";
import test from "node:test";
import { diffTraces, type Diff } from "../model/diff.ts";
import { buildTrace, type Trace } from "../model/trace.ts";
import type { Span } from "../model/types.ts";
import { differences, moveOf, placeOf } from "./shown.ts";

/** Makes a trace of spans written "id parent operation duration". */
function trace(...lines: string[]): Trace {
  const spans = lines.map((line, n): Span => {
    const [id = "", parent = "", operation = "", duration] = line.split(" ");
    return {
      traceID: "t", id, operation, start: 1000 + n, duration: Number(duration ?? 100),
      references: parent === "-" ? [] : [{ type: "CHILD_OF", traceID: "t", spanID: parent }],
      tags: [], logs: [], process: { service: "web", tags: [] }, warnings: [], flags: 1,
    };
  });
  return buildTrace({ id: "t", spans, warnings: [] });
}

const compare = (): Diff => diffTraces(
  trace("1 - root", "2 1 same", "3 1 branch", "4 3 slow 1000"),
  trace("1 - root", "2 1 same", "3 1 branch", "4 3 slow 9000", "5 3 new"),
);
const operations = (rows: Diff["rows"]): string => rows.map(({ a, b }) => (a ?? b)?.span.operation).join(" ");

test("only differences stay, with what is above them", () => {
  const { rows } = compare();
  assert.equal(operations(rows), "root same branch slow new");
  assert.equal(operations(differences(rows)), "root branch slow new");
});

test("keys go over the rows, and open and close them", () => {
  const { rows } = compare();
  const branch = rows[2]?.key ?? "";
  const cases: [string, number, readonly string[], ReturnType<typeof moveOf>][] = [
    ["ArrowDown", 0, [], { to: 1 }],
    ["ArrowDown", 4, [], { to: 4 }],
    ["ArrowUp", 0, [], { to: 0 }],
    ["End", 0, [], { to: 4 }],
    ["PageUp", 4, [], { to: 0 }],
    ["ArrowRight", 2, [], { to: 3 }],
    ["ArrowRight", 2, [branch], "expand"],
    ["ArrowRight", 1, [], undefined],
    ["ArrowLeft", 2, [], "collapse"],
    ["ArrowLeft", 2, [branch], { to: 0 }],
    ["ArrowLeft", 4, [], { to: 2 }],
    ["Enter", 1, [], "details"],
    ["x", 1, [], undefined],
    ["ArrowDown", 9, [], undefined],
  ];
  for (const [key, at, collapsed, want] of cases) {
    assert.deepEqual(moveOf(key, rows, at, new Set(collapsed)), want, `${key} at ${at}`);
  }
});

test("bars stay within the scale", () => {
  assert.deepEqual(placeOf(25, 50, 100), { left: 25, width: 50 });
  assert.deepEqual(placeOf(-10, 500, 100), { left: 0, width: 100 });
  assert.deepEqual(placeOf(90, 50, 100), { left: 90, width: 10 });
  assert.deepEqual(placeOf(0, 0, 0), { left: 0, width: 100 });
});

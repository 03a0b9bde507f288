import assert from "node:assert/strict";
import { test } from "node:test";
import { criticalByKey, criticalPath } from "./critical.ts";
import { draw, epoch } from "./drawing.ts";
import { buildTrace } from "./trace.ts";

/** Draws the path: in each column the first letter of the span that it is with. */
function pathOf(drawing: string): string {
  const columns: string[] = [];
  for (const { node, start, end } of criticalPath(buildTrace(draw(drawing)))) {
    for (let at = start; at < end; at++) columns[at - epoch] = (columns[at - epoch] ?? "") + node.key[0];
  }
  return columns.join("");
}

const cases: { name: string; drawing: string; want: string }[] = [
  { name: "a span alone", want: "rrrrrrrrrr", drawing: `
    root |==========|` },
  { name: "children one after the other", want: "raaarbbbrr", drawing: `
    root |==========|
      a  | ===      |
      b  |     ===  |` },
  { name: "a child that ends where the next starts", want: "raaabbbrrr", drawing: `
    root |==========|
      a  | ===      |
      b  |    ===   |` },
  { name: "of children side by side the one that finished last", want: "rrbbbbbbrr", drawing: `
    root |==========|
      a  | ====     |
      b  |  ======  |` },
  { name: "a child that another covers in part is not on it", want: "rarrbbbbbb", drawing: `
    root |==========|
      a  | =        |
      c  |  ===     |
      b  |    ======|` },
  { name: "grandchildren", want: "raadaraeee", drawing: `
    root |==========|
      a  | ====     |
        d|   =      |
      a2 |      ====|
        e|       ===|` },
  { name: "a child that outlives its parent is cut", want: "rrrrraaaaa", drawing: `
    root |==========|
      a  |     ========|` },
  { name: "and so is what stands below it", want: "rrrrrabbbb", drawing: `
    root |==========|
      a  |     ========|
        b|      =======|` },
  { name: "a child that starts before its parent is cut", want: "  aaarrr", drawing: `
    root |  ======|
      a  |=====   |` },
  { name: "a child that follows from its parent is left out", want: "rrrrrrrrrr", drawing: `
    root |==========|
      bg |  ~~~~~   |` },
  { name: "a child out of its parent's time is left out", want: "rrrrr", drawing: `
    root |=====     |
      a  |      === |` },
  { name: "a child that takes no time is left out", want: "rrrrr", drawing: `
    root |=====|
      a  |  !  |` },
  { name: "two that end together: the longer one", want: "rbbbb", drawing: `
    root |=====|
      a  |   ==|
      b  | ====|` },
];

for (const { name, drawing, want } of cases) {
  test(name, () => {
    // Columns before the root's start are empty, and join writes nothing for them.
    assert.equal(pathOf(drawing), want.trimStart());
  });
}

test("the segments come earliest first, and add up to the root", () => {
  const trace = buildTrace(draw(`
    root |==========|
      a  | ===      |
        c|  =       |
      b  |     ===  |`));
  const path = criticalPath(trace);
  assert.deepEqual(path.map((s) => `${s.node.key} ${s.start - epoch}-${s.end - epoch}`), [
    "root 0-1", "a 1-2", "c 2-3", "a 3-4", "root 4-5", "b 5-8", "root 8-10",
  ]);
  assert.equal(path.reduce((sum, s) => sum + s.end - s.start, 0), trace.root?.span.duration);
  assert.equal(criticalByKey(trace).get("a")?.length, 2);
});

test("an empty trace has none", () => {
  assert.deepEqual(criticalPath(buildTrace({ id: "t", spans: [], warnings: [] })), []);
});

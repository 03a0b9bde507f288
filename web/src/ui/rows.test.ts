import assert from "node:assert/strict";
import { test } from "node:test";
import { indexAt, offsetOf, rangeFor, type Layout } from "./rows.ts";

const plain: Layout = { count: 100, row: 20, below: [] };
const open: Layout = { count: 100, row: 20, below: [{ index: 1, height: 50 }, { index: 3, height: 7 }] };

test("rows begin below what the rows above have below them", () => {
  const got = [0, 1, 2, 3, 4, 100].map((index) => offsetOf(open, index));
  assert.deepEqual(got, [0, 20, 90, 110, 137, 2057]);
});

test("a pixel belongs to the row that it is in, or that has it below", () => {
  const got = [-5, 0, 19, 20, 39, 40, 89, 90, 110, 129, 130, 136, 137, 9999].map((y) => indexAt(open, y));
  assert.deepEqual(got, [0, 0, 0, 1, 1, 1, 1, 2, 3, 3, 3, 3, 4, 99]);
});

test("each row is at its own offset", () => {
  for (const layout of [plain, open]) {
    for (let index = 0; index < layout.count; index++) {
      assert.equal(indexAt(layout, offsetOf(layout, index)), index);
    }
  }
});

test("the rendered rows cover the window and little more", () => {
  const { first, end } = rangeFor(plain, 1000, 1200);
  assert.ok(first <= 50 && end > 60, `got ${first} to ${end}`);
  assert.ok(end - first < 11 + 2 * 18, `got ${end - first} rows for 11 visible ones`);
});

test("most scrolls change nothing", () => {
  const seen = new Set<string>();
  for (let top = 600; top < 720; top++) seen.add(JSON.stringify(rangeFor(plain, top, top + 200)));
  assert.ok(seen.size <= 4, `got ${seen.size} ranges in six rows' scroll`);
});

test("no rows need no rendering", () => {
  assert.deepEqual(rangeFor({ count: 0, row: 20, below: [] }, 0, 500), { first: 0, end: 0 });
});

test("a window far beyond the rows shows the last ones", () => {
  assert.equal(rangeFor(plain, 9e6, 9e6 + 500).end, 100);
});

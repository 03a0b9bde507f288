import assert from "node:assert/strict";
import test from "node:test";
import { newest, orderOf, refresh, release, Seen, sorted, type Results } from "./results.ts";
import { sample } from "./sample.ts";
import type { Summary } from "./summary.ts";

const ids = (list: readonly Summary[]): string => list.map((summary) => summary.id).join(" ");

test("the list has its orders", () => {
  const list = [
    sample("a", { start: 1, duration: 5, spans: 2 }),
    sample("b", { start: 2, duration: 9, spans: 1 }),
    sample("c", { start: 3, duration: 5, spans: 7 }),
  ];
  const names = ["newest", "longest", "shortest", "most", "fewest"] as const;
  const got = names.map((order) => ids(sorted(list, order)));
  assert.deepEqual(got, ["c b a", "b c a", "c a b", "c a b", "b a c"]);
  assert.equal(orderOf("longest"), "longest");
  for (const text of [null, "", "toString"]) assert.equal(orderOf(text), "newest");
});

test("a trace that two services answered stands once, whole", () => {
  const found = [sample("a", { spans: 3 }), sample("b", { start: 2000 }), sample("a", { spans: 2 })];
  const got = newest(found, 10);
  assert.deepEqual(got.map(({ id, spans }) => [id, spans]), [["b", 1], ["a", 3]]);
  assert.equal(ids(newest(got, 1)), "b");
});

test("a refresh adds, replaces what grew, and keeps to the limit", () => {
  const before: Results = { shown: [sample("b", { start: 2 }), sample("a", { start: 1 })], waiting: [] };
  const after = refresh(before, [sample("a", { start: 1, spans: 4 }), sample("c", { start: 3 })], 3, false);
  assert.deepEqual(after.shown.map(({ id, spans }) => [id, spans]), [["c", 1], ["b", 1], ["a", 4]]);
  assert.equal(ids(refresh(after, [sample("d", { start: 4 })], 3, false).shown), "d c b");
});

test("what came from a clock that runs behind is shown, too", () => {
  const before: Results = { shown: [sample("b", { start: 20 }), sample("a", { start: 10 })], waiting: [] };
  assert.equal(ids(refresh(before, [sample("behind", { start: 1 })], 2, false).shown), "b behind");
});

test("a refresh without news changes nothing", () => {
  const before: Results = { shown: [sample("a", { spans: 2 })], waiting: [sample("b")] };
  // A server that answers with less than before lost something; what was seen stays.
  assert.equal(refresh(before, [sample("a", { spans: 1 }), sample("b")], 3, true), before);
});

test("what is new waits while the reader is in the list", () => {
  let results: Results = { shown: [sample("a")], waiting: [] };
  results = refresh(results, [sample("b", { start: 2000 }), sample("a", { spans: 2 })], 3, true);
  assert.deepEqual([ids(results.shown), ids(results.waiting)], ["a", "b"]);
  assert.equal(results.shown[0]?.spans, 2);
  results = refresh(results, [sample("b", { start: 2000, spans: 9 })], 3, true);
  assert.equal(results.waiting[0]?.spans, 9);
  const shown = release(results, 3);
  assert.deepEqual([ids(shown.shown), ids(shown.waiting)], ["b a", ""]);
  assert.equal(release(shown, 3), shown);
});

test("the limit holds for what waits, too", () => {
  const found = [1, 2, 3, 4].map((n) => sample(String(n), { start: n }));
  assert.equal(ids(refresh({ shown: [], waiting: [] }, found, 2, true).waiting), "4 3");
});

test("what the limit left out is no news", () => {
  const seen = new Seen([sample("a"), sample("b")], 1);
  assert.equal(ids(seen.news([sample("a"), sample("c")])), "c");
  assert.equal(ids(seen.news([sample("a"), sample("b"), sample("c")])), "");
  assert.equal(ids(seen.news([sample("a", { spans: 2 })])), "a");
  assert.equal(ids(seen.news([sample("a", { spans: 1 })])), "");
});

test("what was seen is forgotten at some time", () => {
  const seen = new Seen([], 1);
  for (let n = 0; n < 100; n++) seen.news([sample(String(n))]);
  assert.equal(seen.known.size, 20);
  assert.ok(seen.known.has("99"));
});

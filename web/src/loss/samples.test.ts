import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeHistory, firstLoss, joinHistory, lastOf, spread, type History, type Sample } from "./samples.ts";

function history(started: string, ...samples: Record<string, unknown>[]): History {
  const decoded = decodeHistory({
    schema_version: 1,
    started,
    clients: [{ id: "one", service: "svc", last_heard: 7 }, { id: "two" }],
    samples,
  });
  return decoded ?? assert.fail("no history");
}

test("what is no history is none", () => {
  assert.equal(decodeHistory({}), undefined);
  assert.equal(decodeHistory({ schema_version: 1 }), undefined);
  assert.equal(decodeHistory({ data: [], errors: null }), undefined);
});

test("clients are known by their ids, and counts left out are 0", () => {
  const { samples, heard } = history("a", {
    at: 9, micros: 2, spans: 4, queue_full: "9007199254740993", clients: [{ client: 1, spans: 3 }, { client: 7, spans: 1 }],
  });
  assert.equal(samples[0]?.all.spans, 4);
  assert.equal(samples[0]?.all.queueFull, 9007199254740992);
  assert.equal(samples[0]?.all.evicted, 0);
  assert.deepEqual([...(samples[0]?.clients.keys() ?? [])], ["two"]);
  assert.equal(samples[0]?.clients.get("two")?.spans, 3);
  assert.equal(heard.get("one"), 7);
});

test("new samples are added once, and those of another backend replace all", () => {
  const known = history("a", { at: 1 }, { at: 2 });
  assert.equal(lastOf(undefined), 0);
  assert.equal(lastOf(known), 2);
  const times = (h: History) => h.samples.map((sample) => sample.at);
  assert.deepEqual(times(joinHistory(known, history("a", { at: 2 }, { at: 3 }), 2)), [1, 2, 3]);
  assert.deepEqual(times(joinHistory(known, history("a", { at: 1 }, { at: 3 }), 0)), [1, 3]);
  assert.deepEqual(times(joinHistory(known, history("b", { at: 1 }), 2)), [1]);
});

test("a backend that was started again is asked for everything", () => {
  const restarted = joinHistory(history("a", { at: 90 }), history("b"), 90);
  assert.equal(lastOf(restarted), 0);
});

test("counts are spread by time, and their sum is kept", () => {
  const sample = (at: number, micros: number, spans: number): Sample =>
    history("a", { at, micros, spans }).samples[0] ?? assert.fail();
  const window = { from: 0, to: 100, columns: 10 };
  const columns = (...samples: Sample[]) => spread(samples, window, (s) => s.all.spans);
  assert.deepEqual(columns(sample(10, 10, 6)), [6, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(columns(sample(40, 40, 8)), [2, 2, 2, 2, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(columns(sample(25, 10, 10)), [0, 5, 5, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(columns(sample(10, 20, 8)), [4, 0, 0, 0, 0, 0, 0, 0, 0, 0], "the half before the window");
  assert.deepEqual(columns(sample(100, 0, 3)), [0, 0, 0, 0, 0, 0, 0, 0, 0, 3], "of no length: the clock was set back");
  assert.deepEqual(columns(sample(200, 10, 3), sample(0, 10, 3)), new Array(10).fill(0));
});

test("the first loss is the first of the counts asked for", () => {
  const { samples } = history("a", { at: 1, spans: 5 }, { at: 2, batches_missing: -1 }, { at: 3, failed: 1 });
  assert.equal(firstLoss(samples, ["failed", "missing"]), 3);
  assert.equal(firstLoss(samples, ["missing"]), undefined);
});

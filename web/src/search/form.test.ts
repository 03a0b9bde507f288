import assert from "node:assert/strict";
import test from "node:test";
import { check, loosenings, readForm, searchOf, writeForm, type Form } from "./form.ts";

const empty = readForm(new URLSearchParams());
const now = 1_763_888_400_000_000;

test("a form survives the URL", () => {
  const forms: Partial<Form>[] = [
    {},
    { service: "a b", operation: "GET /", tags: 'error=true url="/a b"' },
    { min: "1.5ms", max: "2s", range: "2d", limit: "1500" },
    { range: "custom", from: "2026-11-23T09:00:00.250", to: "2026-11-23T10:00:00.000" },
  ];
  for (const part of forms) {
    const want = { ...empty, ...part };
    assert.deepEqual(readForm(new URLSearchParams(writeForm(want).toString())), want);
  }
  assert.equal(writeForm(empty).toString(), "");
});

test("a link of Jaeger's page asks for the times in it", () => {
  const form = readForm(new URLSearchParams(
    "end=1763888400000001&limit=20&lookback=1h&maxDuration&minDuration&operation=all&service=svc" +
    "&start=1763884800000000&tags=%7B%22error%22%3A%22true%22%7D",
  ));
  assert.deepEqual(check(form), {});
  // The end is in the middle of a millisecond, which the field rounds up.
  assert.deepEqual(searchOf(form, now), {
    service: "svc",
    limit: 20,
    tags: { error: "true" },
    start: 1_763_884_800_000_000,
    end: 1_763_888_400_001_000,
  });
});

test("a range that ends now has no end", () => {
  const ask = (range: string) => searchOf({ ...empty, range }, now);
  assert.deepEqual(ask("1h"), { service: "", limit: 20, start: now - 3_600_000_000 });
  assert.deepEqual(ask("1w").start, now - 7 * 86_400_000_000);
  assert.deepEqual(ask(""), { service: "", limit: 20 });
});

test("durations go to the server in a form that Go reads", () => {
  const search = searchOf({ ...empty, min: "1.5ms", max: "1m30s" }, now);
  assert.equal(search.minDuration, "1500us");
  assert.equal(search.maxDuration, "90000000us");
});

test("what is wrong is said at its field", () => {
  const cases: [Partial<Form>, (keyof Form)[]][] = [
    [{}, []],
    [{ min: "5", max: "1x" }, ["min", "max"]],
    [{ min: "2s", max: "1s" }, ["max"]],
    [{ min: "2s" }, []],
    [{ min: "-1s" }, ["min"]],
    [{ tags: "=x" }, ["tags"]],
    [{ limit: "0" }, ["limit"]],
    [{ limit: "1501" }, ["limit"]],
    [{ limit: "2.5" }, ["limit"]],
    [{ limit: "" }, ["limit"]],
    [{ range: "soon" }, ["range"]],
    [{ range: "3h" }, []],
    [{ range: "custom" }, ["from"]],
    [{ range: "custom", from: "2026-11-23T10:00", to: "2026-11-23T09:00" }, ["to"]],
    [{ range: "custom", to: "2026-11-23T09:00" }, []],
  ];
  for (const [part, want] of cases) {
    assert.deepEqual(Object.keys(check({ ...empty, ...part })), want, JSON.stringify(part));
  }
});

test("each condition can be loosened, and only what is set", () => {
  assert.deepEqual(loosenings(empty), []);
  const full = { ...empty, service: "a", operation: "op", tags: "x=1", min: "1s", range: "1h" };
  const left = loosenings(full).map(({ form }) => writeForm(form).toString());
  assert.equal(left.length, 5);
  for (const query of left) assert.ok(query.length < writeForm(full).toString().length, query);
});

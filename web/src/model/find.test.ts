import assert from "node:assert/strict";
import { test } from "node:test";
import { draw } from "./drawing.ts";
import { findSpans, wordsOf } from "./find.ts";
import { buildTrace } from "./trace.ts";

const raw = draw(`
  front:GET   |==========|
    db:Select |    ===   |
    db:insert | ==       |
`);
raw.spans[1]?.tags.push({ key: "http.status_code", type: "int64", value: 500 });
raw.spans[1]?.logs.push({ time: 0, fields: [{ key: "event", type: "string", value: "Cache Miss" }] });
raw.spans[2]?.tags.push({ key: "db.rows", type: "string", value: "9007199254740993" });
raw.spans[2]?.warnings.push("clock skew adjustment disabled");
raw.spans[0]?.process.tags.push({ key: "hostname", type: "string", value: "Web-1" });
const trace = buildTrace(raw);

function find(query: string): string[] {
  return findSpans(trace, query).map((node) => node.key);
}

test("words are found wherever they stand, whatever their case", () => {
  const cases: [string, string[]][] = [
    ["", []],
    ["  ", []],
    ["get", ["front:GET"]],
    ["DB", ["db:insert", "db:Select"]], // in the order of the rows; db.rows is a tag, too
    ["select 500", ["db:Select"]],
    ["select 404", []],
    ["status_code=500", ["db:Select"]],
    ["status_code=5", ["db:Select"]],
    ["rows=500", []],
    ["event=cache", ["db:Select"]],
    ['"cache miss"', ["db:Select"]],
    ['event="cache miss"', ["db:Select"]],
    ["cache miss", ["db:Select"]],
    ["9007199254740993", ["db:insert"]],
    ["skew", ["db:insert"]],
    ["hostname=web-1", ["front:GET"]],
    [".*", []],
  ];
  for (const [query, want] of cases) assert.deepEqual(find(query), want, query);
});

test("ids of spans find each of them", () => {
  const ids = draw(`
    aa   |==|
      bb |= |
      cc | =|
  `);
  const found = findSpans(buildTrace(ids), "cc aa").map((node) => node.key);
  assert.deepEqual(found, ["aa", "cc"]);
});

test("words are parted by spaces, but not within quotes", () => {
  assert.deepEqual(wordsOf('A "b C"  key="d e" "open end'), ["a", "b c", "key=d e", "open end"]);
  assert.deepEqual(wordsOf('"" "'), []);
});

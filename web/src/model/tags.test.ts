import assert from "node:assert/strict";
import { test } from "node:test";
import { newSpan } from "./drawing.ts";
import { failed, kindOf, tagText } from "./tags.ts";
import type { Tag } from "./types.ts";

test("a span failed when any tag error is true", () => {
  const message: Tag = { key: "error", type: "string", value: "refused" };
  const cases: [Tag[], boolean][] = [
    [[], false],
    [[{ key: "error", type: "bool", value: true }], true],
    [[{ key: "error", type: "string", value: "true" }], true],
    [[{ key: "error", type: "bool", value: false }], false],
    [[message], false],
    [[message, { key: "error", type: "bool", value: true }], true], // as Jaeger sorts Zipkin's tags
  ];
  for (const [tags, want] of cases) assert.equal(failed({ ...newSpan("x"), tags }), want);
});

test("tags are read as text", () => {
  const tags: Tag[] = [
    { key: "span.kind", type: "string", value: "SERVER" },
    { key: "n", type: "int64", value: 5 },
    { key: "n", type: "int64", value: 6 },
  ];
  assert.equal(tagText(tags, "n"), "5");
  assert.equal(tagText(tags, "absent"), "");
  assert.equal(kindOf({ ...newSpan("x"), tags }), "server");
});

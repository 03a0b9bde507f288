import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { decodeTraces } from "../api/decode.ts";
import { curlLine, shellQuote, spanJSON, traceJSON } from "./curl.ts";
import { draw } from "./drawing.ts";
import { buildTrace } from "./trace.ts";

test("a shell reads what was quoted", () => {
  for (const text of ["plain", "it's", "$(id) `id` \\ \" ! * ?", "a\nb", "''", "-n"]) {
    const got = execFileSync("sh", ["-c", `printf %s ${shellQuote(text)}`], { encoding: "utf8" });
    assert.equal(got, text);
  }
});

test("the line reads the trace", () => {
  const got = curlLine("http://localhost:16686", "00a1b2");
  assert.equal(got, "curl -fsS 'http://localhost:16686/api/traces/00a1b2'");
  assert.equal(curlLine("http://h", "a'/b"), "curl -fsS 'http://h/api/traces/a'\\''%2Fb'");
});

const raw = draw(`
  a:root |====|
    b:x  | =  |
    a:y  |   =|
`);
if (raw.spans[0] && raw.spans[2]) raw.spans[2].process = raw.spans[0].process;
raw.spans[1]?.tags.push(
  { key: "big", type: "int64", value: "9007199254740993" },
  { key: "ratio", type: "float64", value: 0.5 },
  { key: "error", type: "bool", value: true },
);
raw.spans[1]?.logs.push({ time: 7, fields: [{ key: "event", type: "string", value: "<b>" }] });
raw.spans[1]?.warnings.push("odd");

test("a trace's JSON decodes to the same trace", () => {
  const { data } = JSON.parse(traceJSON(buildTrace(raw))) as { data: { processes: object }[] };
  assert.deepEqual(decodeTraces(data), [raw]);
  assert.deepEqual(Object.keys(data[0]?.processes ?? {}), ["p1", "p2"]);
});

test("a span's JSON has its process", () => {
  const span = raw.spans[1];
  assert.ok(span);
  const got = JSON.parse(spanJSON(span)) as Record<string, unknown>;
  assert.deepEqual(got["process"], { serviceName: "b", tags: [] });
  assert.deepEqual(decodeTraces([{ traceID: "t", spans: [got] }])[0]?.spans[0], span);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeTraces, parseJSON } from "./decode.ts";

test("a trace is read as Jaeger writes it", () => {
  const [trace] = decodeTraces([
    {
      traceID: "1f",
      spans: [
        {
          traceID: "1f",
          spanID: "a",
          operationName: "HTTP GET",
          references: [{ refType: "FOLLOWS_FROM", traceID: "1f", spanID: "b" }],
          startTime: 1795424533329529,
          duration: 1595,
          tags: [
            { key: "http.status_code", type: "int64", value: 301 },
            { key: "error", type: "bool", value: true },
          ],
          logs: [{ timestamp: 1795424533329616, fields: [{ key: "event", type: "string", value: "GetConn" }] }],
          processID: "p1",
          warnings: ["clock skew"],
          flags: 1,
        },
      ],
      processes: { p1: { serviceName: "shop", tags: [{ key: "ip", type: "string", value: "192.0.2.1" }] } },
      warnings: null,
    },
  ]);
  assert.deepEqual(trace, {
    id: "1f",
    spans: [
      {
        traceID: "1f",
        id: "a",
        operation: "HTTP GET",
        references: [{ type: "FOLLOWS_FROM", traceID: "1f", spanID: "b" }],
        start: 1795424533329529,
        duration: 1595,
        tags: [
          { key: "http.status_code", type: "int64", value: 301 },
          { key: "error", type: "bool", value: true },
        ],
        logs: [{ time: 1795424533329616, fields: [{ key: "event", type: "string", value: "GetConn" }] }],
        process: { service: "shop", tags: [{ key: "ip", type: "string", value: "192.0.2.1" }] },
        warnings: ["clock skew"],
        flags: 1,
      },
    ],
    warnings: [],
  });
});

test("what is missing or of another type does not stop the rest", () => {
  const hostile: [unknown, number][] = [
    [null, 0],
    [{}, 0],
    [[null], 1],
    [[{ spans: [null, 1, "x", { tags: 7, logs: {}, references: null, duration: "12" }] }], 1],
    [[{ processes: [1], spans: [{ processID: "__proto__" }] }], 1],
  ];
  for (const [data, want] of hostile) assert.equal(decodeTraces(data).length, want, JSON.stringify(data));
  const [trace] = decodeTraces(hostile[3]?.[0]);
  assert.equal(trace?.spans.length, 4);
  assert.equal(trace?.spans[3]?.duration, 12);
  assert.equal(trace?.spans[0]?.process.service, "");
});

test("a tag that is no plain value is shown as JSON", () => {
  const [trace] = decodeTraces([{ spans: [{ tags: [{ key: "k", type: "odd", value: { a: [1] } }] }] }]);
  assert.deepEqual(trace?.spans[0]?.tags, [{ key: "k", type: "string", value: '{"a":[1]}' }]);
});

test("whole numbers keep their digits where the engine tells them", () => {
  // Node 20's JSON.parse does not, browsers since 2023 do.
  const told = JSON.parse("[1]", (_k: string, v: unknown, c?: { source?: string }) => c?.source ?? v) as unknown;
  const exact = (told as unknown[])[0] === "1";
  const got = parseJSON('{"a":9223372036854775807,"b":1795424533329529,"c":1.5}') as Record<string, unknown>;
  assert.equal(got["a"], exact ? "9223372036854775807" : 9223372036854775807);
  assert.equal(got["b"], 1795424533329529);
  assert.equal(got["c"], 1.5);
});

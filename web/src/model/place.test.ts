import assert from "node:assert/strict";
import test from "node:test";
import { placeOf, shortID, traceIDOf } from "./place.ts";

test("a trace's id is found in what was pasted", () => {
  const w3c = "4bf92f3577b34da6a3ce929d0e0e4736";
  const cases: [string, string][] = [
    ["1f", "1f"],
    ["  4BF92F3577B34DA6A3CE929D0E0E4736\n", w3c],
    ["0x1f", "1f"],
    ['"1f",', "1f"],
    ["http://localhost:16686/trace/1f", "1f"],
    ["http://jaeger.example/jaeger/trace/1f?uiFind=x", "1f"],
    ["http://x/trace/1f...2e", "1f"],
    ["uber-trace-id: 1f:2e:0:1", "1f"],
    ["Uber-Trace-Id=1f%3A2e%3A0%3A1", "1f"],
    ["1f:2e:0:1", "1f"],
    [`traceparent: 00-${w3c}-00f067aa0ba902b7-01`, w3c],
    [`00-${w3c}-00f067aa0ba902b7-01`, w3c],
    [`b3: ${w3c}-00f067aa0ba902b7-1`, w3c],
    ["X-B3-TraceId: 80f198ee56343ba8", "80f198ee56343ba8"],
    ["", ""],
    ["0000", ""],
    ["00-00000000000000000000000000000000-00f067aa0ba902b7-01", ""],
    [`${w3c}0`, ""],
    ["hello", ""],
    ["http://x/search?service=1f", ""],
    ["http://x/trace/xyz", ""],
  ];
  for (const [text, want] of cases) assert.equal(traceIDOf(text), want, text);
});

test("a link that compares two traces leads there", () => {
  assert.equal(placeOf("http://x/trace/1F...2e?cohort=1f"), "/trace/1f...2e");
  assert.equal(placeOf("1f"), "/trace/1f");
  assert.equal(placeOf("?"), "");
});

test("a short id has the digits that tell", () => {
  assert.equal(shortID("4bf92f3577b34da6a3ce929d0e0e4736"), "4bf92f3");
  assert.equal(shortID("0000000000000000a3ce929d0e0e4736"), "a3ce929");
  assert.equal(shortID("00000000000000c1"), "00000c1");
  assert.equal(shortID("1f"), "1f");
});

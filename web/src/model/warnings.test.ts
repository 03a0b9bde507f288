import assert from "node:assert/strict";
import { test } from "node:test";
import { childOf, draw, newSpan } from "./drawing.ts";
import { buildTrace } from "./trace.ts";
import type { RawTrace, Span } from "./types.ts";
import { warningsOf } from "./warnings.ts";

/** Returns the kinds and the spans that they concern. */
function kinds(raw: RawTrace): string[] {
  return warningsOf(buildTrace(raw)).map(({ kind, node }) => (node ? `${kind} ${node.key}` : kind));
}

function timed(name: string, parent: string, start: number, duration: number): Span {
  const span = newSpan(name, parent === "" ? [] : [childOf(parent)]);
  return { ...span, start: span.start + start, duration };
}

function traceOf(...spans: Span[]): RawTrace {
  return { id: "t", spans, warnings: [] };
}

test("a sound trace has none", () => {
  assert.deepEqual(kinds(draw(`
    a:root |==========|
      b:x  | ===      |
      b:bg |           ~~~|
  `)), []);
});

test("what the page sees", () => {
  const cases: [string, RawTrace, string[]][] = [
    ["orphan", traceOf(timed("root", "", 0, 9), timed("x", "gone", 1, 1)), ["orphan x"]],
    ["no root", traceOf(timed("x", "gone", 1, 1)), ["no-root", "orphan x"]],
    ["several roots", traceOf(timed("x", "", 0, 9), timed("y", "", 1, 1)), ["several-roots"]],
    ["same id", traceOf(timed("x", "", 0, 9), timed("x", "x", 1, 1)), ["duplicate-id x", "duplicate-id x#2"]],
    ["circle", traceOf(timed("x", "y", 0, 9), timed("y", "x", 1, 1)), ["cycle x"]],
    ["starts early", traceOf(timed("a:x", "", 5, 9), timed("b:y", "a:x", 4, 1)), ["clock-skew b:y"]],
    ["starts late elsewhere", traceOf(timed("a:x", "", 0, 5), timed("b:y", "a:x", 6, 1)), ["clock-skew b:y"]],
    ["starts late within the service", traceOf(timed("a:x", "", 0, 5), timed("a:y", "a:x", 6, 1)), []],
    ["negative", traceOf(timed("x", "", 0, -5)), ["negative-duration x"]],
    ["zero", traceOf(timed("x", "", 0, 0)), ["zero-duration x"]],
  ];
  for (const [name, raw, want] of cases) assert.deepEqual(kinds(raw), want, name);
});

test("a consumer may start after its producer's end", () => {
  const consumer = timed("b:y", "a:x", 6, 1);
  consumer.tags.push({ key: "span.kind", type: "string", value: "consumer" });
  assert.deepEqual(kinds(traceOf(timed("a:x", "", 0, 5), consumer)), []);
});

test("the server's words stand beside what the page sees as well, or alone", () => {
  const early = timed("b:y", "a:x", 4, 1);
  early.warnings.push("clock skew adjustment disabled; not applying calculated delta of 5µs", "strange");
  const raw = { ...traceOf(timed("a:x", "", 5, 9), early), warnings: ["trace is cut"] };
  const got = warningsOf(buildTrace(raw));
  assert.deepEqual(got.map(({ kind, words, server }) => ({ kind, words, server })), [
    { kind: "server", words: "trace is cut", server: "" },
    {
      kind: "clock-skew",
      words: "the span starts 1µs before its parent: the clocks differ",
      server: "clock skew adjustment disabled; not applying calculated delta of 5µs",
    },
    { kind: "server", words: "strange", server: "" },
  ]);
});

test("a span that took no time is a note", () => {
  assert.equal(warningsOf(buildTrace(traceOf(timed("x", "", 0, 0))))[0]?.level, "note");
});

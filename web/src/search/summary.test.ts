import assert from "node:assert/strict";
import test from "node:test";
import type { RawTrace, Reference, Span } from "../model/types.ts";
import { summarize } from "./summary.ts";

/** Makes a span; parent "" for a root. */
function span(id: string, parent: string, start: number, duration: number, part: Partial<Span> = {}): Span {
  const references: Reference[] = parent === "" ? [] : [{ type: "CHILD_OF", traceID: "t", spanID: parent }];
  return {
    traceID: "t", id, operation: `op ${id}`, references, start, duration, tags: [], logs: [],
    process: { service: "web", tags: [] }, warnings: [], flags: 1, ...part,
  };
}

const of = (...spans: Span[]): RawTrace => ({ id: "t", spans, warnings: [] });
const service = (name: string): Partial<Span> => ({ process: { service: name, tags: [] } });
const failing: Partial<Span> = { tags: [{ key: "error", type: "bool", value: true }] };

test("a trace is summed up", () => {
  const got = summarize(of(
    span("2", "1", 110, 300, { ...service("db"), ...failing, warnings: ["clock skew"] }),
    span("1", "", 100, 200),
    span("3", "2", 120, 10, service("db")),
  ));
  assert.deepEqual(got, {
    id: "t", service: "web", operation: "op 1", start: 100, duration: 310, spans: 3, errors: 1,
    services: [{ name: "web", spans: 1, errors: 0 }, { name: "db", spans: 2, errors: 1 }],
    orphans: 0, warnings: 1,
  });
});

test("the root is the earliest span without a parent, or else the earliest", () => {
  const other: Reference = { type: "FOLLOWS_FROM", traceID: "other", spanID: "9" };
  const cases: [RawTrace, string, number][] = [
    [of(span("2", "1", 50, 1), span("1", "", 100, 1)), "op 1", 0],
    [of(span("2", "9", 100, 1), span("3", "9", 50, 1)), "op 3", 2],
    [of(span("1", "", 100, 1, { references: [other] })), "op 1", 0],
  ];
  for (const [trace, operation, orphans] of cases) {
    const got = summarize(trace);
    assert.deepEqual([got.operation, got.orphans], [operation, orphans]);
  }
});

test("a trace without spans has no length", () => {
  const got = summarize(of());
  assert.deepEqual([got.start, got.duration, got.spans, got.service], [0, 0, 0, ""]);
});

import type { RawTrace, Reference, Span } from "./types.ts";

/**
 * Makes a trace of a drawing, for tests. A line is a span: its name (the operation,
 * the service when it is written service:operation, and the id), indented by two
 * spaces below its parent, and its time between bars, a column a microsecond; with ~
 * instead of = the span follows from its parent.
 *
 *     root    |==========|
 *       child |  ===     |
 *         bg  |    ~~~~~~|
 */
export function draw(drawing: string): RawTrace {
  const above: Span[] = [];
  const spans: Span[] = [];
  const lines = drawing.split("\n").filter((line) => line.includes("|"));
  const margin = Math.min(...lines.map((line) => line.search(/\S/)));
  for (const line of lines) {
    const [, indent = "", name = "", time = ""] = /^( *)(\S+) *\|(.*)\|/.exec(line.slice(margin)) ?? [];
    const depth = indent.length / 2;
    const parent = above[depth - 1];
    const type = time.includes("~") ? "FOLLOWS_FROM" : "CHILD_OF";
    const made = newSpan(name, parent ? [{ type, traceID: "t", spanID: parent.id }] : []);
    made.start += Math.max(0, time.search(/[=~!]/));
    made.duration = time.replaceAll(/[^=~]/g, "").length;
    above[depth] = made;
    spans.push(made);
  }
  return { id: "t", spans, warnings: [] };
}

/** When drawings begin. */
export const epoch = 1_000_000;

/** Makes a span for tests that starts at the epoch with a duration of 0. */
export function newSpan(name: string, references: Reference[] = []): Span {
  const [service = "", operation] = name.split(":");
  return {
    traceID: "t",
    id: name,
    operation: operation ?? service,
    references,
    start: epoch,
    duration: 0,
    tags: [],
    logs: [],
    process: { service: operation === undefined ? "service" : service, tags: [] },
    warnings: [],
    flags: 1,
  };
}

/** Makes a CHILD_OF reference within a drawing's trace. */
export function childOf(spanID: string): Reference {
  return { type: "CHILD_OF", traceID: "t", spanID };
}

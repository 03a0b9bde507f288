import { failed } from "../model/tags.ts";
import type { RawTrace, Span } from "../model/types.ts";

/** A service's part in a trace. */
export interface ServiceShare {
  name: string;
  spans: number;
  errors: number;
}

/** What the list of results shows of a trace; its spans need not be kept. */
export interface Summary {
  id: string;
  /** Service and operation of the root; of the earliest span when the root is missing. */
  service: string;
  operation: string;
  /** Microseconds since 1970: the earliest start of a span. */
  start: number;
  /** Microseconds, to the latest end of a span. */
  duration: number;
  spans: number;
  errors: number;
  /** In the order of their first span. */
  services: ServiceShare[];
  /** Spans whose parent is not in the trace. */
  orphans: number;
  /** Warnings of the server, on the trace and on its spans. */
  warnings: number;
}

/** Sums up a trace. One without a span is as long as it is: nothing. */
export function summarize(trace: RawTrace): Summary {
  const ids = new Set(trace.spans.map((span) => span.id));
  const out: Summary = {
    id: trace.id, service: "", operation: "", start: Infinity, duration: 0,
    spans: trace.spans.length, errors: 0, services: [], orphans: 0, warnings: trace.warnings.length,
  };
  let end = -Infinity;
  for (const span of trace.spans) {
    out.start = Math.min(out.start, span.start);
    end = Math.max(end, span.start + span.duration);
    out.warnings += span.warnings.length;
    if (failed(span)) out.errors++;
    if (isOrphan(span, ids)) out.orphans++;
  }
  out.services = shares(trace.spans);
  const root = rootOf(trace.spans);
  if (!root) return { ...out, start: 0 };
  return { ...out, service: root.process.service, operation: root.operation, duration: end - out.start };
}

function parents(span: Span): Span["references"] {
  return span.references.filter((reference) => reference.traceID === span.traceID);
}

function isOrphan(span: Span, ids: ReadonlySet<string>): boolean {
  const above = parents(span);
  return above.length > 0 && !above.some((reference) => ids.has(reference.spanID));
}

/** Returns the earliest span without a parent, else the earliest. */
function rootOf(spans: readonly Span[]): Span | undefined {
  return earliest(spans.filter((span) => parents(span).length === 0)) ?? earliest(spans);
}

function earliest(spans: readonly Span[]): Span | undefined {
  let best = spans[0];
  for (const span of spans) if (best && span.start < best.start) best = span;
  return best;
}

function shares(spans: readonly Span[]): ServiceShare[] {
  const found = new Map<string, ServiceShare & { start: number }>();
  for (const span of spans) {
    const name = span.process.service;
    const share = found.get(name) ?? { name, spans: 0, errors: 0, start: Infinity };
    found.set(name, share);
    share.spans++;
    share.start = Math.min(share.start, span.start);
    if (failed(span)) share.errors++;
  }
  return [...found.values()]
    .sort((a, b) => a.start - b.start)
    .map(({ name, spans: count, errors }) => ({ name, spans: count, errors }));
}

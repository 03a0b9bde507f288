import type { Trace } from "./trace.ts";
import type { Log, Process, Span, Tag } from "./types.ts";

/** Quotes a text for a POSIX shell, whatever is in it. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Returns the address that a trace's JSON is read from. */
export function traceURL(origin: string, id: string): string {
  return `${origin}/api/traces/${encodeURIComponent(id)}`;
}

/** Returns the line that reads a trace back in a shell. origin is the page's, such as
 * location.origin. It fails when the server answers with an error. */
export function curlLine(origin: string, id: string): string {
  return `curl -fsS ${shellQuote(traceURL(origin, id))}`;
}

/** Returns a trace as Jaeger's query API answers it, so that Jaeger UI can load it
 * from a file. */
export function traceJSON(trace: Trace): string {
  const ids = new Map<Process, string>();
  const processes: Record<string, unknown> = {};
  const spans = trace.nodes.map(({ span }) => {
    let id = ids.get(span.process);
    if (id === undefined) {
      id = `p${ids.size + 1}`;
      ids.set(span.process, id);
      processes[id] = wireProcess(span.process);
    }
    return { ...wireSpan(span), processID: id };
  });
  const data = [{ traceID: trace.id, spans, processes, warnings: orNull(trace.warnings) }];
  return `${JSON.stringify({ data }, null, 2)}\n`;
}

/** Returns a span as Jaeger's query API answers it, with its process. */
export function spanJSON(span: Span): string {
  return `${JSON.stringify({ ...wireSpan(span), process: wireProcess(span.process) }, null, 2)}\n`;
}

function wireSpan(span: Span): object {
  return {
    traceID: span.traceID,
    spanID: span.id,
    flags: span.flags,
    operationName: span.operation,
    references: span.references.map(({ type, traceID, spanID }) => ({ refType: type, traceID, spanID })),
    startTime: span.start,
    duration: span.duration,
    tags: span.tags.map(wireTag),
    logs: span.logs.map(wireLog),
    warnings: orNull(span.warnings),
  };
}

function wireProcess(process: Process): object {
  return { serviceName: process.service, tags: process.tags.map(wireTag) };
}

function wireLog(log: Log): object {
  return { timestamp: log.time, fields: log.fields.map(wireTag) };
}

/** A number too long for JavaScript stays its digits as text, which Jaeger accepts. */
function wireTag({ key, type, value }: Tag): object {
  return { key, type, value };
}

function orNull(words: readonly string[]): readonly string[] | null {
  return words.length > 0 ? words : null;
}

/** The headers that carry a trace's id: Jaeger's, W3C's, Zipkin's. */
const headers: readonly RegExp[] = [
  /^(?:uber-trace-id\s*[:=]\s*)?([0-9a-f]{1,32})(?:(?::|%3a)[0-9a-f]{1,16}){2}(?::|%3a)[0-9a-f]{1,2}$/i,
  /^(?:traceparent\s*[:=]\s*)?[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/i,
  /^(?:b3\s*[:=]\s*)?([0-9a-f]{16}|[0-9a-f]{32})-[0-9a-f]{16}(?:-[01d](?:-[0-9a-f]{16})?)?$/i,
  /^x-b3-traceid\s*[:=]\s*([0-9a-f]{1,32})$/i,
];

/** The path of a trace, or of two to compare, in a link. */
const link = /\/trace\/([0-9a-f]{1,32})(?:\.\.\.([0-9a-f]{1,32}))?(?:[/?#\s]|$)/i;

/**
 * Returns the trace's id in what somebody pasted: the id itself, a link to a trace,
 * or a header as a log has it; "" when there is none. Zeros alone are no id.
 */
export function traceIDOf(text: string): string {
  const words = text.trim().replace(/^["'`]|["'`,;]+$/g, "");
  if (/^(?:0x)?[0-9a-f]{1,32}$/i.test(words)) return real(words.replace(/^0x/i, ""));
  const found = [link, ...headers].map((form) => form.exec(words)).find((match) => match !== null);
  return real(found?.[1] ?? "");
}

/** What is said of a text without an id. */
export const noTraceID =
  "no trace id found: enter up to 32 hexadecimal digits, a link to a trace, or an uber-trace-id, traceparent or b3 header";

/** Returns the path that shows what somebody pasted, or "" when it names no trace. */
export function placeOf(text: string): string {
  const found = link.exec(text);
  const a = real(found?.[1] ?? "");
  const b = real(found?.[2] ?? "");
  if (a !== "" && b !== "") return `/trace/${a}...${b}`;
  const id = traceIDOf(text);
  return id === "" ? "" : `/trace/${id}`;
}

/** Returns enough of an id to be unique; an id of 64 bits may stand in one of
 * 128, with zeros in front. */
export function shortID(id: string): string {
  return id.replace(/^0+(?=.{7})/, "").slice(0, 7);
}

function real(id: string): string {
  return /^0*$/.test(id) ? "" : id.toLowerCase();
}

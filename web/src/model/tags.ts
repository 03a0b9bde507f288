import type { Span, Tag } from "./types.ts";

/** Returns the value of the first tag with that key as text; "" without one. */
export function tagText(tags: readonly Tag[], key: string): string {
  const tag = tags.find((one) => one.key === key);
  return tag ? String(tag.value) : "";
}

/** Reports whether the span failed: error=true, as a bool or as text. Any
 * tag of that name counts: Zipkin's spans have the message in another one. */
export function failed(span: Span): boolean {
  return span.tags.some((tag) => tag.key === "error" && String(tag.value) === "true");
}

/** Returns the span's kind: "client", "server", "producer", "consumer", "internal" or "". */
export function kindOf(span: Span): string {
  return tagText(span.tags, "span.kind").toLowerCase();
}

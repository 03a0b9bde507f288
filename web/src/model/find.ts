import type { Node, Trace } from "./trace.ts";
import type { Log, Tag } from "./types.ts";

/**
 * Returns the spans that match, in the order of the rows. Words are parted by
 * spaces, or stand in double quotes; case does not matter. A span matches when every
 * word stands somewhere in its operation, service, ids, tags, process tags, logs or
 * warnings; "key=value" stands in a tag. Words that all are ids of spans find each of
 * them, as Jaeger UI's links mean it. Nothing matches no words.
 */
export function findSpans(trace: Trace, query: string): Node[] {
  const words = wordsOf(query);
  if (words.length === 0) return [];
  if (words.every((word) => trace.byID.has(word))) {
    return trace.nodes.filter((node) => words.includes(node.span.id));
  }
  const processes = new Map<object, string>();
  return trace.nodes.filter((node) => words.every((word) => has(node, word, processes)));
}

/** Returns the words of a query in lower case. */
export function wordsOf(query: string): string[] {
  const words = [...query.toLowerCase().matchAll(/([^\s"]*)"([^"]*)"?|[^\s"]+/g)];
  return words
    .map(([all, before, quoted]) => (quoted === undefined ? all : before + quoted))
    .filter((word) => word !== "");
}

function has(node: Node, word: string, processes: Map<object, string>): boolean {
  const { span } = node;
  return (
    contains(span.operation, word) ||
    contains(span.process.service, word) ||
    span.id === word ||
    span.traceID === word ||
    inTags(span.tags, word) ||
    inLogs(span.logs, word) ||
    span.warnings.some((warning) => contains(warning, word)) ||
    span.references.some((reference) => reference.spanID === word || reference.traceID === word) ||
    inProcess(span.process, word, processes)
  );
}

/** Spans of one process share its tags, so they are put together once. */
function inProcess(process: { tags: readonly Tag[] }, word: string, processes: Map<object, string>): boolean {
  let text = processes.get(process);
  if (text === undefined) {
    text = process.tags.map((tag) => `${tag.key}=${tag.value}`).join("\n").toLowerCase();
    processes.set(process, text);
  }
  return text.includes(word);
}

function inLogs(logs: readonly Log[], word: string): boolean {
  return logs.some((log) => inTags(log.fields, word));
}

function inTags(tags: readonly Tag[], word: string): boolean {
  const pair = word.includes("=");
  return tags.some((tag) => {
    const value = String(tag.value);
    if (pair) return contains(`${tag.key}=${value}`, word);
    return contains(tag.key, word) || contains(value, word);
  });
}

function contains(text: string, word: string): boolean {
  return text.length >= word.length && text.toLowerCase().includes(word);
}

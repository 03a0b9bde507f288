import { formatDuration } from "./format.ts";
import type { Missing, Node, Trace } from "./trace.ts";

/** What is odd about a trace; stable, as a class name or a key. */
export type WarningKind =
  | "orphan"
  | "clock-skew"
  | "duplicate-id"
  | "cycle"
  | "several-roots"
  | "no-root"
  | "negative-duration"
  | "zero-duration"
  | "server";

/** Something odd about a trace or one of its spans. */
export interface Warning {
  kind: WarningKind;
  /** A note is worth knowing where one looks at the span, but nothing is wrong. */
  level: "warning" | "note";
  /** A sentence without a full stop: the page's own, or the server's where only the
   * server noticed. */
  words: string;
  /** What the server said, where both noticed; else "". */
  server: string;
  /** The span; none when it concerns the trace. */
  node: Node | undefined;
}

/** Returns what the server and the page find odd: first what concerns the trace, then
 * the spans in the order of the rows. */
export function warningsOf(trace: Trace): Warning[] {
  const found = withServer(ofTops(trace), trace.warnings, undefined);
  for (const node of trace.nodes) found.push(...warningsOfSpan(node));
  return found;
}

/** Returns what is odd about one span. */
export function warningsOfSpan(node: Node): Warning[] {
  const { duration } = node.span;
  const found: Warning[] = [];
  const add = (kind: WarningKind, words: string, level: Warning["level"] = "warning"): void => {
    found.push({ kind, level, words, server: "", node });
  };
  if (node.missingParent !== "") add("orphan", orphanWords(node.missingParent));
  if (node.duplicate) add("duplicate-id", "another span in this trace has the same id");
  if (node.cycle) add("cycle", "the span is its own ancestor: the cycle is cut here");
  const skew = skewWords(node);
  if (skew !== "") add("clock-skew", skew);
  if (duration < 0) add("negative-duration", `the span ends ${formatDuration(-duration)} before it starts`);
  if (duration === 0) add("zero-duration", "the span is shorter than a microsecond", "note");
  return withServer(found, node.span.warnings, node);
}

/** Adds what the server said: to the same finding of the page, or as its own. */
function withServer(found: Warning[], said: readonly string[], node: Node | undefined): Warning[] {
  const seen = [...found];
  for (const words of said) {
    const kind = kindOfWords(words);
    const same = seen.find((warning) => warning.kind === kind && warning.server === "");
    if (same) same.server = words;
    else found.push({ kind, level: "warning", words, server: "", node });
  }
  return found;
}

/** Returns the words for a parent that is not in the trace. */
export function orphanWords(id: string): string {
  return `the parent ${id} is not in the trace: it has not finished, was lost, or is not stored yet`;
}

function ofTops(trace: Trace): Warning[] {
  const roots = trace.tops.filter((top): top is Node => top.type === "span" && !top.cycle);
  const lost = trace.tops.filter((top): top is Missing => top.type === "missing");
  if (roots.length > 1) {
    const words = `${roots.length} spans have no parent: the trace has several roots`;
    return [{ kind: "several-roots", level: "warning", words, server: "", node: undefined }];
  }
  if (roots.length === 0 && lost.length > 0) {
    const words = "the root span is missing";
    return [{ kind: "no-root", level: "warning", words, server: "", node: undefined }];
  }
  return [];
}

/** Returns the kind of a warning, by the words of Jaeger's query service. */
function kindOfWords(words: string): WarningKind {
  if (/^duplicate span ids/i.test(words)) return "duplicate-id";
  if (/^invalid parent span ids/i.test(words)) return "orphan";
  if (/clock skew/i.test(words)) return "clock-skew";
  return "server";
}

/** A child cannot start before its parent. It can start after the parent's end only
 * when the parent did not wait; across processes that is more often a clock. */
function skewWords({ span, parent, follows, kind }: Node): string {
  if (!parent) return "";
  const early = parent.span.start - span.start;
  if (early > 0) return `the span starts ${formatDuration(early)} before its parent: the clocks differ`;
  const late = span.start - parent.end;
  const elsewhere = span.process.service !== parent.span.process.service;
  if (late <= 0 || follows || kind === "consumer" || !elsewhere) return "";
  const words = `the span starts ${formatDuration(late)} after its parent ended`;
  return `${words}: the clocks differ, or the parent did not wait`;
}

import type { Log, Process, RawTrace, Reference, Span, Tag, TagType } from "../model/types.ts";

/**
 * Parses JSON, and keeps whole numbers that JavaScript cannot hold exactly as
 * text, where the browser tells their digits.
 */
export function parseJSON(text: string): unknown {
  // Times have 16 digits; only longer numbers are worth the slow way.
  if (!/\d{17}/.test(text)) return JSON.parse(text);
  const exact = (_key: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)
      ? (context?.source ?? value)
      : value;
  return JSON.parse(text, exact);
}

/** Reads a list of traces from the data of an answer. */
export function decodeTraces(data: unknown): RawTrace[] {
  return list(data).map(decodeTrace);
}

function decodeTrace(wire: unknown): RawTrace {
  const trace = object(wire);
  const processes = new Map<string, Process>();
  for (const [id, process] of Object.entries(object(trace["processes"]))) {
    processes.set(id, decodeProcess(process));
  }
  const spans = list(trace["spans"]).map((item) => decodeSpan(object(item), processes));
  return {
    id: text(trace["traceID"]) || (spans[0]?.traceID ?? ""),
    spans,
    warnings: list(trace["warnings"]).map(text),
  };
}

function decodeSpan(span: Record<string, unknown>, processes: ReadonlyMap<string, Process>): Span {
  const process = span["process"] ? decodeProcess(span["process"]) : processes.get(text(span["processID"]));
  return {
    traceID: text(span["traceID"]),
    id: text(span["spanID"]),
    operation: text(span["operationName"]),
    references: list(span["references"]).map(decodeReference),
    start: number(span["startTime"]),
    duration: number(span["duration"]),
    tags: decodeTags(span["tags"]),
    logs: list(span["logs"]).map(decodeLog),
    process: process ?? { service: "", tags: [] },
    warnings: list(span["warnings"]).map(text),
    flags: number(span["flags"]),
  };
}

function decodeProcess(wire: unknown): Process {
  const process = object(wire);
  return { service: text(process["serviceName"]), tags: decodeTags(process["tags"]) };
}

function decodeReference(wire: unknown): Reference {
  const reference = object(wire);
  return {
    type: reference["refType"] === "FOLLOWS_FROM" ? "FOLLOWS_FROM" : "CHILD_OF",
    traceID: text(reference["traceID"]),
    spanID: text(reference["spanID"]),
  };
}

function decodeLog(wire: unknown): Log {
  const log = object(wire);
  return { time: number(log["timestamp"]), fields: decodeTags(log["fields"]) };
}

const types: readonly string[] = ["string", "bool", "int64", "float64", "binary"];

function decodeTags(wire: unknown): Tag[] {
  return list(wire).map((item) => {
    const tag = object(item);
    const type = text(tag["type"]);
    return {
      key: text(tag["key"]),
      type: types.includes(type) ? (type as TagType) : "string",
      value: tagValue(tag["value"]),
    };
  });
}

function tagValue(value: unknown): string | number | boolean {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  return value === null || value === undefined ? "" : JSON.stringify(value);
}

/** Returns a list, or none where there is something else. */
export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** What should be a T: each field may be missing, or be anything. */
export type Unchecked<T> = { readonly [K in keyof T]?: unknown };

/** Returns an object, or an empty one where there is something else. With a type, the
 * compiler accepts only the names of its fields. */
export function object<T = Record<string, unknown>>(value: unknown): Unchecked<T> {
  return typeof value === "object" && value !== null ? (value as Unchecked<T>) : {};
}

/** Returns a text, or "" where there is something else. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Returns a number, or 0 where there is something else. */
export function number(value: unknown): number {
  const n = typeof value === "string" ? Number(value) : value;
  return typeof n === "number" && Number.isFinite(n) ? n : 0;
}

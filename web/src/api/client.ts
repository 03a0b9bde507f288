import type { RawTrace } from "../model/types.ts";
import { decodeTraces, list, number, object, parseJSON, text } from "./decode.ts";

/** The JSON around every answer. Nothing in it is certain to be there: the server
 * may be any Jaeger. */
export interface Answer {
  data?: unknown;
  errors?: unknown;
}

/** A request that did not succeed, with the server's own words. */
export class ApiError extends Error {
  /** The HTTP status; 0 when there was no answer at all. */
  readonly status: number;
  /** What was asked for. */
  readonly url: string;

  constructor(status: number, url: string, words: string) {
    super(words);
    this.name = "ApiError";
    this.status = status;
    this.url = url;
  }
}

/** An operation of a service, with the kind of its spans ("" if unknown). */
export interface Operation {
  name: string;
  kind: string;
}

/** One service that called another. */
export interface Dependency {
  parent: string;
  child: string;
  calls: number;
}

/** The parameters of a search. Times are microseconds since 1970. */
export interface TraceQuery {
  service: string;
  operation?: string;
  /** Tags that one span must have; values are compared as text. */
  tags?: Readonly<Record<string, string>>;
  /** As Go writes durations: "1.5ms". */
  minDuration?: string;
  maxDuration?: string;
  start?: number;
  end?: number;
  limit?: number;
}

/** Traces, and the errors that the server returned with them. */
export interface Traces {
  traces: RawTrace[];
  warnings: string[];
}

/** Returns the names of all services with a stored span. */
export async function services(signal?: AbortSignal): Promise<string[]> {
  const answer = await ask("/api/services", signal);
  return list(answer.data).map(text).filter((name) => name !== "").sort();
}

/** Returns what a service does. */
export async function operations(service: string, signal?: AbortSignal): Promise<Operation[]> {
  const answer = await ask(`/api/operations?${new URLSearchParams({ service })}`, signal);
  return list(answer.data).map((item) => {
    const operation = object(item);
    return { name: text(operation["name"]), kind: text(operation["spanKind"]) };
  });
}

/** Searches for traces. */
export async function findTraces(query: TraceQuery, signal?: AbortSignal): Promise<Traces> {
  const parameters = new URLSearchParams({ service: query.service });
  const add = (key: string, value: string | number | undefined): void => {
    if (value !== undefined && value !== "") parameters.set(key, String(value));
  };
  add("operation", query.operation);
  if (query.tags && Object.keys(query.tags).length > 0) add("tags", JSON.stringify(query.tags));
  add("minDuration", query.minDuration);
  add("maxDuration", query.maxDuration);
  add("start", query.start);
  add("end", query.end);
  add("limit", query.limit);
  const answer = await ask(`/api/traces?${parameters}`, signal);
  return { traces: decodeTraces(answer.data), warnings: errorsOf(answer) };
}

/**
 * Returns the traces that got a span last, whatever their service. Only otdemo's
 * own backend has this; any other answers with an ApiError of status 404.
 */
export async function recentTraces(limit: number, signal?: AbortSignal): Promise<Traces> {
  const answer = await ask(`/api/recent?limit=${limit}`, signal);
  return { traces: decodeTraces(answer.data), warnings: errorsOf(answer) };
}

/** Returns one trace; throws an ApiError with status 404 if it does not exist. */
export async function trace(id: string, signal?: AbortSignal): Promise<RawTrace> {
  const url = `/api/traces/${encodeURIComponent(id)}`;
  const answer = await ask(url, signal);
  const [first] = decodeTraces(answer.data);
  if (!first) throw new ApiError(404, url, errorsOf(answer)[0] ?? "trace not found");
  return { ...first, warnings: [...first.warnings, ...errorsOf(answer)] };
}

/** Returns who called whom until end (milliseconds), looking back so many. */
export async function dependencies(end: number, lookback: number, signal?: AbortSignal): Promise<Dependency[]> {
  const parameters = new URLSearchParams({ endTs: String(end), lookback: String(lookback) });
  const answer = await ask(`/api/dependencies?${parameters}`, signal);
  return list(answer.data).map((item) => {
    const d = object(item);
    return { parent: text(d["parent"]), child: text(d["child"]), calls: number(d["callCount"]) };
  });
}

/** Requests JSON below /api/. */
export async function ask(url: string, signal?: AbortSignal): Promise<Answer> {
  let response: Response;
  let body: string;
  try {
    response = await fetch(url, { headers: { Accept: "application/json" }, ...(signal ? { signal } : {}) });
    body = await response.text();
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError(0, url, "the server does not respond");
  }
  let answer: unknown;
  try {
    answer = parseJSON(body);
  } catch {
    const words = response.ok ? "the response is not JSON" : firstLine(body) || response.statusText;
    throw new ApiError(response.status, url, words);
  }
  if (!response.ok) {
    throw new ApiError(response.status, url, errorsOf(object(answer))[0] ?? response.statusText);
  }
  return object<Answer>(answer);
}

/** Returns the server's own words. */
function errorsOf(answer: Answer): string[] {
  return list(answer.errors)
    .map((item) => text(object(item)["msg"]))
    .filter((words) => words !== "");
}

function firstLine(body: string): string {
  const line = body.trim().split("\n", 1)[0] ?? "";
  return line.startsWith("<") ? "" : line.slice(0, 200);
}

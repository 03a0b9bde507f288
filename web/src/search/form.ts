import { formatTime, parseDuration } from "../model/format.ts";
import type { Search } from "./finder.ts";
import { FieldError, parseTags, tagsOfURL, type Tags } from "./tags.ts";

/** What the form shows: texts as they are typed. */
export interface Form {
  /** "" means all services. */
  service: string;
  operation: string;
  /** As logfmt. */
  tags: string;
  min: string;
  max: string;
  /** A name in ranges, or custom. */
  range: string;
  /** Local times, as an input of type datetime-local has them; for custom. */
  from: string;
  to: string;
  limit: string;
}

/** What is wrong, by the field that it is shown at. */
export type FormErrors = Partial<Record<keyof Form, string>>;

/** The ranges by their name in the URL, as in Jaeger's page, with their words. */
export const ranges: readonly (readonly [name: string, words: string])[] = [
  ["", "Any time"],
  ["5m", "Last 5 minutes"],
  ["15m", "Last 15 minutes"],
  ["1h", "Last hour"],
  ["6h", "Last 6 hours"],
  ["1d", "Last day"],
  ["2d", "Last 2 days"],
  ["custom", "Custom range"],
];

/** The default and the maximum number of traces of a search. */
export const limits = { usual: 20, most: 1500 } as const;

/** Reads the form from the URL of a search, Jaeger's included: its links have a
 * lookback and the times that it came to, and the times are what was meant. */
export function readForm(query: URLSearchParams): Form {
  const from = localTime(Number(query.get("start") ?? ""));
  // A field has milliseconds; what happened in the last one belongs to it.
  const to = localTime(Math.ceil(Number(query.get("end") ?? "") / 1000) * 1000);
  const operation = query.get("operation") ?? "";
  return {
    service: query.get("service") ?? "",
    operation: operation === "all" ? "" : operation,
    tags: tagsOfURL(query.get("tags"), query.getAll("tag")),
    min: query.get("minDuration") ?? "",
    max: query.get("maxDuration") ?? "",
    range: from !== "" || to !== "" ? "custom" : (query.get("lookback") ?? ""),
    from,
    to,
    limit: query.get("limit") ?? String(limits.usual),
  };
}

/** Reports whether the form has no condition, right or wrong. */
export function isEmpty(form: Form): boolean {
  const none = readForm(new URLSearchParams());
  return (Object.keys(none) as (keyof Form)[]).every((name) => form[name] === none[name]);
}

/** Writes the form as the URL's query; it must be without errors. */
export function writeForm(form: Form): URLSearchParams {
  const query = new URLSearchParams();
  const add = (key: string, value: string): void => {
    if (value !== "") query.set(key, value);
  };
  add("service", form.service);
  add("operation", form.operation);
  const tags = parseTags(form.tags);
  add("tags", Object.keys(tags).length > 0 ? JSON.stringify(tags) : "");
  add("minDuration", form.min.trim());
  add("maxDuration", form.max.trim());
  add("lookback", form.range);
  if (form.range === "custom") {
    add("start", micros(form.from));
    add("end", micros(form.to));
  }
  add("limit", Number(form.limit) === limits.usual ? "" : form.limit.trim());
  return query;
}

/** Returns what is wrong with the form. */
export function check(form: Form): FormErrors {
  const errors: FormErrors = {};
  try {
    parseTags(form.tags);
  } catch (cause) {
    if (!(cause instanceof FieldError)) throw cause;
    errors.tags = cause.message;
  }
  const [min, max] = [duration(form.min), duration(form.max)];
  if (min === undefined) errors.min = unreadable;
  if (max === undefined) errors.max = unreadable;
  if (min !== undefined && max && min > max) errors.max = "must not be less than the minimum";
  Object.assign(errors, checkRange(form));
  const limit = Number(form.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > limits.most) {
    errors.limit = `must be between 1 and ${limits.most}`;
  }
  return errors;
}

const unreadable = "must be a number with a unit, such as 100us, 1.5ms, 2s or 1m30s";

function checkRange(form: Form): FormErrors {
  if (form.range !== "custom") {
    return lookback(form.range) === undefined ? { range: `must be a number with a unit, such as 2h, got ${form.range}` } : {};
  }
  const [from, to] = [micros(form.from), micros(form.to)];
  if (from === "" && to === "") return { from: "set a start or an end" };
  return from !== "" && to !== "" && Number(from) > Number(to) ? { to: "must not be before the start" } : {};
}

/** Returns microseconds; 0 for nothing, undefined for what is no duration. */
function duration(text: string): number | undefined {
  return text.trim() === "" ? 0 : parseDuration(text);
}

/** Returns microseconds; 0 for any time. */
function lookback(range: string): number | undefined {
  if (range === "") return 0;
  const found = /^(\d{1,5})([smhdw])$/.exec(range);
  const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  const unit = units[found?.[2] ?? ""];
  return unit === undefined ? undefined : Number(found?.[1]) * unit * 1e6;
}

/**
 * Makes the search that the form asks for; it must be without errors. A range that
 * ends now is sent without an end, so that a clock ahead of ours hides no span. now is
 * microseconds since 1970.
 */
export function searchOf(form: Form, now: number): Search {
  const search: Search = { service: form.service, limit: Number(form.limit) };
  if (form.operation !== "") search.operation = form.operation;
  const tags: Tags = parseTags(form.tags);
  if (Object.keys(tags).length > 0) search.tags = tags;
  const [min, max] = [duration(form.min), duration(form.max)];
  if (min) search.minDuration = `${min}us`;
  if (max) search.maxDuration = `${max}us`;
  if (form.range === "custom") {
    if (form.from !== "") search.start = Number(micros(form.from));
    if (form.to !== "") search.end = Number(micros(form.to));
  } else if (form.range !== "") {
    search.start = Math.round(now - (lookback(form.range) ?? 0));
  }
  return search;
}

/** A condition of a search that found nothing, and the form without it. */
export interface Loosening {
  words: string;
  form: Form;
}

/** Returns the conditions that may be too narrow, the likeliest first. */
export function loosenings(form: Form): Loosening[] {
  const out: Loosening[] = [];
  const offer = (wanted: boolean, words: string, change: Partial<Form>): void => {
    if (wanted) out.push({ words, form: { ...form, ...change } });
  };
  const { service, operation, tags } = form;
  offer(form.range !== "", "search any time", { range: "", from: "", to: "" });
  offer(tags.trim() !== "", `remove the tags ${tags.trim()}`, { tags: "" });
  offer(form.min + form.max !== "", "allow any duration", { min: "", max: "" });
  offer(operation !== "", `search all operations, not just ${operation}`, { operation: "" });
  offer(service !== "", `search all services, not just ${service}`, { service: "", operation: "" });
  return out;
}

/** Writes microseconds since 1970 as an input of type datetime-local has it; "" for
 * what is no time. */
export function localTime(time: number): string {
  const text = time > 0 ? formatTime(time).replace(" ", "T") : "";
  return micros(text) === "" ? "" : text;
}

/** Returns the microseconds since 1970 of a local time, "" for none. */
function micros(local: string): string {
  const time = new Date(local).getTime();
  return Number.isNaN(time) ? "" : String(time * 1000);
}

import { list, number, object, text, type Unchecked } from "../api/decode.ts";
import type * as wire from "./wire.ts";

/** What a sample counts. */
export interface Tally {
  spans: number;
  batches: number;
  missing: number;
  queueFull: number;
  tooLarge: number;
  failed: number;
  undecodable: number;
  kernelDrops: number;
  evicted: number;
  refused: number;
}

export type Count = keyof Tally;

/** What was counted in the time that ended at at; both are microseconds. */
export interface Sample {
  at: number;
  micros: number;
  all: Tally;
  /** By the client's id. */
  clients: Map<string, Tally>;
}

/** The account over time, of /api/loss/history. */
export interface History {
  /** As the server writes it: with another one, everything is new. */
  started: string;
  samples: Sample[];
  /** When each client was heard last, by id: microseconds since 1970. */
  heard: Map<string, number>;
}

/** Reads the answer of /api/loss/history; undefined when it is something else. */
export function decodeHistory(answer: unknown): History | undefined {
  const from = object<wire.History>(answer);
  if (number(from.schema_version) < 1 || !Array.isArray(from.samples)) return undefined;
  const clients = list(from.clients).map((client) => object<wire.SampledClient>(client));
  const ids = clients.map((client) => text(client.id));
  return {
    started: text(from.started),
    samples: list(from.samples).map((sample) => decodeSample(object<wire.Sample>(sample), ids)),
    heard: new Map(clients.map((client) => [text(client.id), number(client.last_heard)])),
  };
}

function decodeSample(from: Unchecked<wire.Sample>, ids: readonly string[]): Sample {
  const clients = new Map<string, Tally>();
  for (const item of list(from.clients)) {
    const client = object<wire.ClientTally>(item);
    const id = ids[number(client.client)];
    if (id !== undefined) clients.set(id, decodeTally(client));
  }
  return { at: number(from.at), micros: number(from.micros), all: decodeTally(from), clients };
}

function decodeTally(from: Unchecked<wire.Tally>): Tally {
  return {
    spans: number(from.spans),
    batches: number(from.batches),
    missing: number(from.batches_missing),
    queueFull: number(from.queue_full),
    tooLarge: number(from.too_large),
    failed: number(from.failed),
    undecodable: number(from.undecodable),
    kernelDrops: number(from.kernel_drops),
    evicted: number(from.spans_evicted),
    refused: number(from.spans_refused),
  };
}

/** More samples than the server keeps: then they are asked for anew, thinned. */
const most = 4000;

/** Returns the time after which samples are to be asked for, 0 for all. */
export function lastOf(known: History | undefined): number {
  if (!known || known.samples.length > most) return 0;
  return known.samples.at(-1)?.at ?? 0;
}

/** Adds what was asked for after a time to what is known. */
export function joinHistory(known: History | undefined, more: History, after: number): History {
  if (!known || after === 0 || more.started !== known.started) return more;
  return { ...more, samples: [...known.samples, ...more.samples.filter((sample) => sample.at > after)] };
}

/** What is looked at: the time from from to to, in columns of equal width. */
export interface Window {
  from: number;
  to: number;
  columns: number;
}

/**
 * Spreads counts over the columns of a window, a sample that reaches over several of
 * them by its share of each. The sums are kept, so that nothing seen is rounded away.
 */
export function spread(samples: readonly Sample[], window: Window, count: (sample: Sample) => number): number[] {
  const columns = new Array<number>(window.columns).fill(0);
  const width = (window.to - window.from) / window.columns;
  for (const sample of samples) {
    const n = count(sample);
    const begin = sample.at - Math.max(1, sample.micros);
    if (n === 0 || sample.at <= window.from || begin >= window.to) continue;
    const last = Math.min(window.columns - 1, Math.ceil((sample.at - window.from) / width) - 1);
    for (let i = Math.max(0, Math.floor((begin - window.from) / width)); i <= last; i++) {
      const [left, right] = [window.from + i * width, window.from + (i + 1) * width];
      const share = (Math.min(right, sample.at) - Math.max(left, begin)) / (sample.at - begin);
      columns[i] = (columns[i] ?? 0) + n * Math.max(0, share);
    }
  }
  return columns;
}

/** Returns when the first remembered sample ended that counted a loss, or undefined. */
export function firstLoss(samples: readonly Sample[], counts: readonly Count[]): number | undefined {
  return samples.find((sample) => counts.some((count) => sample.all[count] > 0))?.at;
}

import { list, number, object, text, type Unchecked } from "../api/decode.ts";
import type * as wire from "./wire.ts";

/** The backend's data about one tracer. */
export interface Client {
  id: string;
  service: string;
  batches: number;
  spans: number;
  batchesMissing: number;
  batchesBefore: number;
  queueFull: number;
  tooLarge: number;
  failed: number;
}

/** The backend's data about one of its ports. */
export interface Listener {
  name: string;
  batches: number;
  spans: number;
  /** What carried no span, by reason, the most frequent first. */
  undecodable: { reason: string; count: number }[];
  /** Datagrams that the kernel dropped; undefined where that is not known. */
  kernelDrops: number | undefined;
  /** Spans without their times; undefined where spans do not come in parts. */
  untimed: number | undefined;
}

/** The store of the backend. */
export interface Store {
  traces: number;
  spans: number;
  bytes: number;
  maxBytes: number;
  evictedTraces: number;
  evicted: number;
  refused: number;
}

/** The account of spans on /api/loss: counts since the backend was started. */
export interface Account {
  /** Microseconds since 1970. */
  started: number;
  batches: number;
  spans: number;
  listeners: Listener[];
  store: Store;
  clients: Client[];
  /** Sums over all clients, also those that are not listed. */
  totals: Client & { clients: number };
  kernelDrops: number;
  /** Bytes that the kernel grants datagrams to wait in; 0 when not known. */
  socketBuffer: number;
}

/** Reads the answer of /api/loss; undefined when it is something else. */
export function decodeAccount(answer: unknown): Account | undefined {
  const from = object<wire.Account>(answer);
  const started = Date.parse(text(from.started)) * 1000;
  if (number(from.schema_version) < 1 || Number.isNaN(started)) return undefined;
  const agent = object<wire.Agent>(from.agent);
  const totals = object<wire.Totals>(from.client_totals);
  return {
    started,
    batches: number(from.batches),
    spans: number(from.spans),
    listeners: decodeListeners(object<wire.Account["listeners"]>(from.listeners)),
    store: decodeStore(object<wire.Store>(from.store)),
    clients: list(from.clients).map((client) => decodeClient(object<wire.Client>(client))),
    totals: { ...decodeClient(totals), clients: number(totals.clients) },
    kernelDrops: number(agent.kernel_drops),
    socketBuffer: number(agent.socket_buffer_bytes),
  };
}

function decodeClient(from: Unchecked<wire.Client>): Client {
  const lost = object<wire.ClientLost>(from.lost);
  const claimed = (key: keyof wire.ClientLost): number => Math.max(0, number(lost[key]));
  return {
    id: text(from.id),
    service: text(from.service),
    batches: number(from.batches),
    spans: number(from.spans),
    batchesMissing: number(from.batches_missing),
    batchesBefore: number(from.batches_before),
    queueFull: claimed("queue_full"),
    tooLarge: claimed("too_large"),
    failed: claimed("failed"),
  };
}

function decodeListeners(from: Unchecked<wire.Account["listeners"]>): Listener[] {
  return Object.entries(from)
    .map(([name, value]): Listener => {
      const listener = object<wire.Listener>(value);
      const datagrams = object<wire.UDP>(listener.datagrams);
      const parts = object<wire.Parts>(listener.parts);
      return {
        name,
        batches: number(listener.batches),
        spans: number(listener.spans),
        undecodable: Object.entries(object<wire.Rejects>(listener.undecodable))
          .map(([reason, count]) => ({ reason, count: number(count) }))
          .sort((a, b) => b.count - a.count),
        kernelDrops: datagrams.kernel_drops_known === true ? number(datagrams.kernel_drops) : undefined,
        untimed: "untimed" in parts ? number(parts.untimed) : undefined,
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function decodeStore(from: Unchecked<wire.Store>): Store {
  return {
    traces: number(from.traces),
    spans: number(from.spans),
    bytes: number(from.bytes),
    maxBytes: number(from.max_bytes),
    evictedTraces: number(from.traces_evicted),
    evicted: number(from.spans_evicted),
    refused: number(from.spans_refused),
  };
}

/** Returns what carried no span, over all ports. */
export function undecodableOf(account: Account): number {
  return account.listeners.reduce((sum, l) => l.undecodable.reduce((n, r) => n + r.count, sum), 0);
}

/** Reports whether something of a client is known to be lost. */
export function clientLost(client: Client): boolean {
  return client.batchesMissing + client.queueFull + client.tooLarge + client.failed > 0;
}

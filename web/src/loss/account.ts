import { list, number, object, text } from "../api/decode.ts";

/** What the backend tells of one tracer. */
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

/** What the backend tells of one of its ports. */
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
export function decodeAccount(wire: Record<string, unknown>): Account | undefined {
  const started = Date.parse(text(wire["started"])) * 1000;
  if (number(wire["schema_version"]) < 1 || Number.isNaN(started)) return undefined;
  const agent = object(wire["agent"]);
  const totals = object(wire["client_totals"]);
  return {
    started,
    batches: number(wire["batches"]),
    spans: number(wire["spans"]),
    listeners: decodeListeners(object(wire["listeners"])),
    store: decodeStore(object(wire["store"])),
    clients: list(wire["clients"]).map((client) => decodeClient(object(client))),
    totals: { ...decodeClient(totals), clients: number(totals["clients"]) },
    kernelDrops: number(agent["kernel_drops"]),
    socketBuffer: number(agent["socket_buffer_bytes"]),
  };
}

function decodeClient(wire: Record<string, unknown>): Client {
  const lost = object(wire["lost"]);
  const claimed = (key: string): number => Math.max(0, number(lost[key]));
  return {
    id: text(wire["id"]),
    service: text(wire["service"]),
    batches: number(wire["batches"]),
    spans: number(wire["spans"]),
    batchesMissing: number(wire["batches_missing"]),
    batchesBefore: number(wire["batches_before"]),
    queueFull: claimed("queue_full"),
    tooLarge: claimed("too_large"),
    failed: claimed("failed"),
  };
}

function decodeListeners(wire: Record<string, unknown>): Listener[] {
  return Object.entries(wire)
    .map(([name, value]): Listener => {
      const listener = object(value);
      const datagrams = object(listener["datagrams"]);
      const parts = object(listener["parts"]);
      return {
        name,
        batches: number(listener["batches"]),
        spans: number(listener["spans"]),
        undecodable: Object.entries(object(listener["undecodable"]))
          .map(([reason, count]) => ({ reason, count: number(count) }))
          .sort((a, b) => b.count - a.count),
        kernelDrops: datagrams["kernel_drops_known"] === true ? number(datagrams["kernel_drops"]) : undefined,
        untimed: "untimed" in parts ? number(parts["untimed"]) : undefined,
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function decodeStore(wire: Record<string, unknown>): Store {
  return {
    traces: number(wire["traces"]),
    spans: number(wire["spans"]),
    bytes: number(wire["bytes"]),
    maxBytes: number(wire["max_bytes"]),
    evictedTraces: number(wire["traces_evicted"]),
    evicted: number(wire["spans_evicted"]),
    refused: number(wire["spans_refused"]),
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

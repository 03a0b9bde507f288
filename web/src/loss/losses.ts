import { plural } from "../model/format.ts";
import { undecodableOf, type Account } from "./account.ts";
import type { Count } from "./samples.ts";

/** Where something was lost, along the path of a span, as the end of a sentence. */
export const places = ["in clients", "in transit", "at this backend's ports", "from the store"] as const;

export type Place = (typeof places)[number];

/** One of the ways to lose spans, what it means, and how to fix it. */
export interface Cause {
  count: Count;
  /** As a column has it. */
  name: string;
  /** What is counted: "span", "batch". */
  unit: readonly [one: string, many: string];
  where: Place;
  /** What it means, in a sentence or two. */
  words: string;
  fix: string;
  /** What to type or to set for that. */
  line?: string;
  /** Findings with more detail, for "otdemo explain". */
  findings: readonly string[];
}

/** Every cause, along the path of a span. */
export const causes: readonly Cause[] = [
  {
    count: "queueFull",
    name: "Queue full",
    unit: ["span", "spans"],
    where: "in clients",
    words: "Reported by the client: spans finished faster than it sent them, and its queue was full.",
    fix: "Use a longer queue, in the client's environment; the default of jaeger-client-go is 100 spans.",
    line: "JAEGER_REPORTER_MAX_QUEUE_SIZE=10000",
    findings: ["reporter-queue-small"],
  },
  {
    count: "tooLarge",
    name: "Too large",
    unit: ["span", "spans"],
    where: "in clients",
    words: "Reported by the client: a span with its tags and logs did not fit into one datagram.",
    fix: "Use fewer or shorter tags and logs, or HTTP instead of UDP.",
    line: "JAEGER_ENDPOINT=http://HOST:14268/api/traces",
    findings: ["canary-not-sent", "reporter-packet-large"],
  },
  {
    count: "failed",
    name: "Failed",
    unit: ["span", "spans"],
    where: "in clients",
    words: "Reported by the client: nothing listened on the port, or the request failed. A client reports this with the next "
      + "batch that arrives, so one that never got through is not counted.",
    fix: "Check the path from where the client runs, with the client's environment.",
    line: "otdemo check-jaeger",
    findings: ["udp-refused", "collector-refused"],
  },
  {
    count: "missing",
    name: "Batches missing",
    unit: ["batch", "batches"],
    where: "in transit",
    words: "Clients number their batches, and these did not arrive: UDP lost them, or the client could not send them, or the "
      + "ports here dropped or could not decode them, where they are counted too.",
    fix: "Use HTTP instead of UDP: the client then knows when a batch did not arrive.",
    line: "JAEGER_ENDPOINT=http://HOST:14268/api/traces",
    findings: ["canary-large-lost", "canary-lost"],
  },
  {
    count: "kernelDrops",
    name: "Kernel drops",
    unit: ["datagram", "datagrams"],
    where: "at this backend's ports",
    words: "Datagrams arrived faster than they were read, and the kernel's receive buffer was full.",
    fix: "Use a larger buffer and restart the backend, or use HTTP instead of UDP.",
    line: "sudo sysctl -w net.core.rmem_max=4194304",
    findings: ["canary-lost"],
  },
  {
    count: "undecodable",
    name: "Undecodable",
    unit: ["message", "messages"],
    where: "at this backend's ports",
    words: "A message arrived on a port and was not a batch of spans in the format of that port.",
    fix: "The table of listeners shows what arrived, and where to send it. The log names the sender.",
    findings: ["udp-wrong-encoding", "collector-wrong-port"],
  },
  {
    count: "refused",
    name: "Refused",
    unit: ["span", "spans"],
    where: "from the store",
    words: "One trace may have 100,000 spans, and use half of the store's memory. A warning in the trace counts the spans beyond that.",
    fix: "Find out what puts everything into one trace: often a loop that never starts a new one.",
    findings: [],
  },
  {
    count: "evicted",
    name: "Evicted",
    unit: ["span", "spans"],
    where: "from the store",
    words: "They arrived, and could be read until the store was full. Traces without a new span for the longest time are evicted first.",
    fix: "Use a larger store, or a Jaeger with persistent storage: see deploy/ in otdemo's sources.",
    line: "otdemo all-in-one --max-memory 1GiB",
    findings: ["storage-memory"],
  },
];

/** How much of something was lost. */
export interface Loss {
  cause: Cause;
  n: number;
}

/** Returns what is known to be lost, along the path of a span. */
export function lossesOf(account: Account): Loss[] {
  const { totals, store } = account;
  const counts: Partial<Record<Count, number>> = {
    queueFull: totals.queueFull,
    tooLarge: totals.tooLarge,
    failed: totals.failed,
    missing: totals.batchesMissing,
    kernelDrops: account.kernelDrops,
    undecodable: undecodableOf(account),
    refused: store.refused,
    evicted: store.evicted,
  };
  return causes.map((cause) => ({ cause, n: counts[cause.count] ?? 0 })).filter((loss) => loss.n > 0);
}

/** Returns what was lost where: "35 spans in clients, 3 batches in transit". */
export function sayLosses(losses: readonly Loss[]): string {
  const parts = places.flatMap((place) => {
    const here = losses.filter((loss) => loss.cause.where === place);
    const units = new Map(here.map((loss) => [loss.cause.unit[0], loss.cause.unit]));
    const sums = [...units.values()].map((unit) => plural(sumOf(here, unit[0]), ...unit));
    return sums.length > 0 ? [`${sums.join(" and ")} ${place}`] : [];
  });
  return parts.join(", ");
}

function sumOf(losses: readonly Loss[], unit: string): number {
  return losses.reduce((sum, loss) => sum + (loss.cause.unit[0] === unit ? loss.n : 0), 0);
}

/** The reasons for which something is no batch of spans, and what to do about it. */
export const reasons: Readonly<Record<string, string>> = {
  empty: "an empty datagram",
  binary_thrift: "binary thrift on a compact port: send to port 6832, or switch the client to compact",
  compact_thrift: "compact thrift on a binary port: send to port 6831",
  http: "HTTP on a port that does not accept it: send spans over HTTP to port 14268, path /api/traces",
  http2: "gRPC on an HTTP/1 port: send to port 14250 (Jaeger) or 4317 (OTLP)",
  tls: "TLS on a port without TLS: use http instead of https, or an insecure gRPC connection",
  appdash: "Appdash packets: send to port 7701",
  text: "text instead of thrift",
  foreign: "not thrift in a supported format",
  unknown_method: "a method that Jaeger's agent does not have",
  no_batch: "a call without a batch",
  truncated: "cut short: something on the path does not pass datagrams of this size",
  oversized: "a declared size larger than the message: cut short, or hostile",
  incomplete: "a required field is missing",
  malformed: "invalid data",
  content_type: "an unsupported content type",
  content_encoding: "an unsupported content encoding: gzip is supported",
  too_large: "the body is too large: send smaller batches",
  unreadable: "the body ended early",
  busy: "too many requests at once: the client should send them again",
  misdirected: "spans sent to a port that does not accept them; the log names the right one",
  cross_origin: "refused, because a web page of another origin sent it: send through the page's own server",
  panicked: "the decoder crashed, which is a bug in otdemo",
};

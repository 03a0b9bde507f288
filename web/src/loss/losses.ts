import { plural } from "../model/format.ts";
import { undecodableOf, type Account } from "./account.ts";
import type { Count } from "./samples.ts";

/** Where something was lost, along the way of a span, as the end of a sentence. */
export const places = ["in clients", "on the way", "at this backend's ports", "out of the store"] as const;

export type Place = (typeof places)[number];

/** One of the ways to lose spans, what it means, and what mends it. */
export interface Cause {
  count: Count;
  /** As a column has it. */
  name: string;
  /** What is counted: "span", "batch". */
  unit: readonly [one: string, many: string];
  where: Place;
  /** What it means, in a sentence or two. */
  words: string;
  mend: string;
  /** What to type or to set for that. */
  line?: string;
  /** Findings that tell more, for "otdemo explain". */
  findings: readonly string[];
}

/** Every cause, along the way of a span. */
export const causes: readonly Cause[] = [
  {
    count: "queueFull",
    name: "Queue full",
    unit: ["span", "spans"],
    where: "in clients",
    words: "The client says so: spans were finished faster than it sent them, and its queue had no room for more.",
    mend: "A longer queue, in the client's environment; jaeger-client-go's holds 100 unless told otherwise.",
    line: "JAEGER_REPORTER_MAX_QUEUE_SIZE=10000",
    findings: ["reporter-queue-small"],
  },
  {
    count: "tooLarge",
    name: "Too large",
    unit: ["span", "spans"],
    where: "in clients",
    words: "The client says so: a span with its tags and logs did not fit into one datagram.",
    mend: "Fewer or shorter tags and logs, or HTTP instead of UDP.",
    line: "JAEGER_ENDPOINT=http://HOST:14268/api/traces",
    findings: ["canary-not-sent", "reporter-packet-large"],
  },
  {
    count: "failed",
    name: "Failed",
    unit: ["span", "spans"],
    where: "in clients",
    words: "The client says so: the port refused, or the request failed. It tells once it gets through again, so a client "
      + "that never did is not in this sum.",
    mend: "Check the way from where the client runs, with the client's environment.",
    line: "otdemo check-jaeger",
    findings: ["udp-refused", "collector-refused"],
  },
  {
    count: "missing",
    name: "Batches missing",
    unit: ["batch", "batches"],
    where: "on the way",
    words: "Clients number their batches, and these numbers did not come. UDP lost them; or the client could not send them, or "
      + "the ports here dropped them or could not read them, and they count there as well.",
    mend: "HTTP instead of UDP, which tells the client when a batch did not arrive.",
    line: "JAEGER_ENDPOINT=http://HOST:14268/api/traces",
    findings: ["canary-large-lost", "canary-lost"],
  },
  {
    count: "kernelDrops",
    name: "Kernel drops",
    unit: ["datagram", "datagrams"],
    where: "at this backend's ports",
    words: "Datagrams came faster than they were read, and the kernel's buffer for them was full.",
    mend: "A larger buffer, and then start the backend again; or HTTP instead of UDP.",
    line: "sudo sysctl -w net.core.rmem_max=4194304",
    findings: ["canary-lost"],
  },
  {
    count: "undecodable",
    name: "Undecodable",
    unit: ["message", "messages"],
    where: "at this backend's ports",
    words: "Something came in on a port and was no batch of spans of the form that is read there.",
    mend: "The listeners' table says what came, and where it belongs. The log names the sender.",
    findings: ["udp-wrong-encoding", "collector-wrong-port"],
  },
  {
    count: "refused",
    name: "Refused",
    unit: ["span", "spans"],
    where: "out of the store",
    words: "One trace may have 100,000 spans, and half of the store's memory. The warning of the trace tells how many more came.",
    mend: "Find what makes one trace of everything: often a loop that starts no trace of its own.",
    findings: [],
  },
  {
    count: "evicted",
    name: "Evicted",
    unit: ["span", "spans"],
    where: "out of the store",
    words: "They arrived, and could be read until the store was full. The traces longest without a new span go first.",
    mend: "A larger store; or a Jaeger whose storage does not forget, see deploy/ in otdemo's sources.",
    line: "otdemo all-in-one --max-memory 1GiB",
    findings: ["storage-memory"],
  },
];

/** How much of something was lost. */
export interface Loss {
  cause: Cause;
  n: number;
}

/** Returns what is known to be lost, along the way of a span. */
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

/** Says what was lost where: "35 spans in clients, 3 batches on the way". */
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
  binary_thrift: "binary thrift where compact is read: the client belongs on port 6832, or is to send compact",
  compact_thrift: "compact thrift where binary is read: the client belongs on port 6831",
  http: "HTTP on a port that does not speak it: spans over HTTP belong on 14268, path /api/traces",
  http2: "gRPC on a port for HTTP/1: it belongs on 14250 (Jaeger) or 4317 (OTLP)",
  tls: "TLS where none is spoken: http instead of https, or an insecure gRPC connection",
  appdash: "Appdash's packets: they belong on port 7701",
  text: "text where thrift is read",
  foreign: "no thrift that is read here",
  unknown_method: "a call that Jaeger's agent does not know",
  no_batch: "a call without a batch",
  truncated: "cut short: datagrams are larger than something on the way lets pass",
  oversized: "a size that is larger than what came: cut short, or hostile",
  incomplete: "a required field is missing",
  malformed: "not valid",
  content_type: "a content type that is not read here",
  content_encoding: "packed in a way that is not read here: gzip is",
  too_large: "a body larger than what is read: smaller batches",
  unreadable: "a body that broke off",
  busy: "too many requests at once: the client is to send them again",
  misdirected: "spans sent to a port that does not take them; the log says which does",
  cross_origin: "sent by a web page of another origin, which is refused: a page sends through its own server",
  panicked: "the decoder failed, which is a bug of otdemo",
};

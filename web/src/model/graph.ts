import type { Dependency } from "../api/client.ts";
import type { Node, Trace } from "./trace.ts";

/** A service and what it did. */
export interface GraphService {
  name: string;
  /** Spans and failed spans in the traces; 0 where only the calls are known. */
  spans: number;
  errors: number;
}

/** One service's calls of another. */
export interface GraphCall {
  from: string;
  to: string;
  calls: number;
  /** The calls seen in traces; errors and latency are theirs. 0 where only the
   * number of calls is known. */
  traced: number;
  errors: number;
  /** Microseconds; undefined without traces. */
  latency: Latency | undefined;
}

/** How long calls took: the time of the span that answered. */
export interface Latency {
  p50: number;
  p95: number;
  max: number;
}

/** Who calls whom. */
export interface ServiceGraph {
  /** By name. */
  services: GraphService[];
  /** By caller, then by whom it called. */
  calls: GraphCall[];
}

/**
 * Counts calls as Jaeger does: each span whose parent is another service's is one
 * call, so that a client's and a server's span count once. A call failed when the
 * span that answered did, or the client's span that waited for it alone.
 */
export function graphFromTraces(traces: readonly Trace[]): ServiceGraph {
  const services = new Map<string, GraphService>();
  const calls = new Map<string, { call: GraphCall; durations: number[] }>();
  for (const trace of traces) {
    for (const { name, spans, errors } of trace.services) {
      const service = services.get(name) ?? { name, spans: 0, errors: 0 };
      services.set(name, { name, spans: service.spans + spans, errors: service.errors + errors });
    }
    for (const node of trace.nodes) countCall(node, calls);
  }
  const list = [...calls.values()].map(({ call, durations }) => ({ ...call, latency: latencyOf(durations) }));
  return inOrder([...services.values()], list);
}

/** Makes a graph of what /api/dependencies answers: numbers of calls alone. */
export function graphFromDependencies(dependencies: readonly Dependency[]): ServiceGraph {
  const names = new Set(dependencies.flatMap(({ parent, child }) => [parent, child]));
  const calls = new Map<string, GraphCall>();
  for (const { parent, child, calls: count } of dependencies) {
    const key = callKey({ from: parent, to: child });
    const call = calls.get(key) ?? newCall(parent, child);
    calls.set(key, { ...call, calls: call.calls + count });
  }
  return inOrder([...names].map((name) => ({ name, spans: 0, errors: 0 })), [...calls.values()]);
}

/** Puts errors and latencies from traces beside the numbers of calls, which are the
 * dependencies' where they know the call. */
export function mergeGraphs(dependencies: ServiceGraph, traces: ServiceGraph): ServiceGraph {
  const services = new Map(dependencies.services.map((service) => [service.name, service]));
  for (const service of traces.services) services.set(service.name, service);
  const calls = new Map(dependencies.calls.map((call) => [callKey(call), call]));
  for (const call of traces.calls) {
    const known = calls.get(callKey(call));
    calls.set(callKey(call), { ...call, calls: Math.max(known?.calls ?? 0, call.calls) });
  }
  return inOrder([...services.values()], [...calls.values()]);
}

/** Returns the share of traced calls that failed, from 0 to 1; undefined when no
 * trace tells of the call. */
export function errorShare(call: GraphCall): number | undefined {
  return call.traced > 0 ? call.errors / call.traced : undefined;
}

/** Names a call within a graph. */
export function callKey(call: Pick<GraphCall, "from" | "to">): string {
  return JSON.stringify([call.from, call.to]);
}

function newCall(from: string, to: string): GraphCall {
  return { from, to, calls: 0, traced: 0, errors: 0, latency: undefined };
}

function countCall(node: Node, calls: Map<string, { call: GraphCall; durations: number[] }>): void {
  const { parent } = node;
  const to = node.span.process.service;
  const from = parent?.span.process.service;
  if (!parent || from === undefined || from === to) return;
  const key = callKey({ from, to });
  const entry = calls.get(key) ?? { call: newCall(from, to), durations: [] };
  entry.call.calls++;
  entry.call.traced++;
  const waited = (parent.kind === "client" || parent.kind === "producer") && parent.children.length === 1;
  if (node.failed || (waited && parent.failed)) entry.call.errors++;
  entry.durations.push(node.span.duration);
  calls.set(key, entry);
}

function latencyOf(durations: readonly number[]): Latency {
  const sorted = [...durations].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}

function inOrder(services: GraphService[], calls: GraphCall[]): ServiceGraph {
  services.sort((a, b) => compare(a.name, b.name));
  calls.sort((a, b) => compare(a.from, b.from) || compare(a.to, b.to));
  return { services, calls };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

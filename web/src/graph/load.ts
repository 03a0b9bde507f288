import { ApiError, dependencies, findTraces, recentTraces, services } from "../api/client.ts";
import { graphFromDependencies, graphFromTraces, mergeGraphs, type ServiceGraph } from "../model/graph.ts";
import { buildTrace } from "../model/trace.ts";
import type { RawTrace } from "../model/types.ts";

/** Who called whom, and what that was learned from. */
export interface Loaded {
  graph: ServiceGraph;
  /** Traces that errors and latencies are of. */
  traces: number;
  /** What could not be read, in words. */
  warnings: string[];
}

/** Traces that are read for errors and latencies. */
const newest = 300;

/** For a Jaeger without a list of its newest traces: services searched, and traces of each. */
const askedServices = 15;
const tracesOfEach = 20;

/** Loads the calls between services until now (milliseconds), and reads the newest
 * traces of that time. One of the two may fail. */
export async function loadGraph(now: number, lookback: number, signal: AbortSignal): Promise<Loaded> {
  const [known, read] = await Promise.allSettled([
    dependencies(now, lookback, signal),
    newestTraces(now, lookback, signal),
  ]);
  if (known.status === "rejected" && read.status === "rejected") throw known.reason;
  const traces = read.status === "fulfilled" ? read.value : [];
  const calls = known.status === "fulfilled" ? known.value : [];
  const warnings: string[] = [];
  if (known.status === "rejected") warnings.push(`Cannot load the numbers of calls: ${wordsOf(known.reason)}.`);
  if (read.status === "rejected") warnings.push(`Cannot load the newest traces: ${wordsOf(read.reason)}.`);
  const graph = mergeGraphs(graphFromDependencies(calls), graphFromTraces(traces.map(buildTrace)));
  return { graph, traces: traces.length, warnings };
}

async function newestTraces(now: number, lookback: number, signal: AbortSignal): Promise<RawTrace[]> {
  const from = (now - lookback) * 1000;
  try {
    const { traces } = await recentTraces(newest, signal);
    return traces.filter((trace) => trace.spans.some((span) => span.start >= from));
  } catch (cause) {
    if (!(cause instanceof ApiError) || cause.status === 0) throw cause;
    return searchedTraces(from, now * 1000, signal);
  }
}

/** Searches by service, as any Jaeger can. */
async function searchedTraces(start: number, end: number, signal: AbortSignal): Promise<RawTrace[]> {
  const found = new Map<string, RawTrace>();
  for (const service of (await services(signal)).slice(0, askedServices)) {
    const { traces } = await findTraces({ service, start, end, limit: tracesOfEach }, signal);
    for (const trace of traces) found.set(trace.id, trace);
  }
  return [...found.values()];
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

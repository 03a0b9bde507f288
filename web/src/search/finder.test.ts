import assert from "node:assert/strict";
import test from "node:test";
import { ApiError, type TraceQuery, type Traces } from "../api/client.ts";
import type { RawTrace } from "../model/types.ts";
import { Finder, maxServices, type Api } from "./finder.ts";
import type { Summary } from "./summary.ts";

/** Makes a trace of a service with so many spans; the first starts at start. */
function trace(id: string, service: string, start: number, spans = 1): RawTrace {
  const list = Array.from({ length: spans }, (_, n) => ({
    traceID: id, id: String(n + 1), operation: "op", references: [], start: start + n, duration: 10,
    tags: [], logs: [], process: { service, tags: [] }, warnings: [], flags: 1,
  }));
  return { id, spans: list, warnings: [] };
}

/** A server with these traces, the one that got a span last first; it notes what it was asked. */
class Server implements Api {
  readonly asked: string[] = [];
  traces: RawTrace[] = [];
  own = true;
  down = new Set<string>();

  services(): Promise<string[]> {
    this.asked.push("services");
    return Promise.resolve([...new Set(this.traces.map(serviceOf))].sort());
  }

  findTraces(query: TraceQuery): Promise<Traces> {
    this.asked.push(`find ${query.service} ${query.start ?? "-"}`);
    if (this.down.has(query.service)) {
      return Promise.reject(new ApiError(500, "/api/traces", "storage is down"));
    }
    const found = this.traces
      .filter((each) => serviceOf(each) === query.service)
      .filter((each) => each.spans.some(({ start }) => start >= (query.start ?? 0)));
    return Promise.resolve({ traces: found.slice(0, query.limit), warnings: [] });
  }

  recentTraces(limit: number): Promise<Traces> {
    this.asked.push(`recent ${limit}`);
    if (!this.own) return Promise.reject(new ApiError(404, "/api/recent", "no such path"));
    return Promise.resolve({ traces: this.traces.slice(0, limit), warnings: [] });
  }

  /** Returns what it was asked since the last time. */
  news(): string[] {
    return this.asked.splice(0);
  }
}

const serviceOf = (each: RawTrace): string => each.spans[0]?.process.service ?? "";
const ids = (list: readonly Summary[]): string => list.map(({ id }) => id).join(" ");
const known = (list: readonly Summary[]): Map<string, Summary> =>
  new Map(list.map((each) => [each.id, each]));
const minute = 60_000_000;

test("without a condition, the newest traces come in one request", async () => {
  const server = new Server();
  server.traces = [trace("a", "x", 1), trace("b", "y", 2)];
  const found = await new Finder({ service: "", limit: 20 }, server).find();
  assert.equal(ids(found.summaries), "b a");
  assert.deepEqual(server.news(), ["recent 20"]);
});

test("another Jaeger is asked service by service, and only once whether it is ours", async () => {
  const server = new Server();
  server.own = false;
  server.traces = [trace("a", "x", 1), trace("b", "y", 2), trace("c", "x", 3)];
  const finder = new Finder({ service: "", limit: 2 }, server);
  assert.equal(ids((await finder.find()).summaries), "c b");
  assert.deepEqual(server.news(), ["recent 2", "services", "find x -", "find y -"]);
  await finder.find();
  assert.deepEqual(server.news(), ["services", "find x -", "find y -"]);
});

test("a server that fails is no other Jaeger", async () => {
  const server = new Server();
  server.recentTraces = () => Promise.reject(new ApiError(0, "/api/recent", "the server does not answer"));
  const finder = new Finder({ service: "", limit: 2 }, server);
  await assert.rejects(finder.find(), { message: "the server does not answer" });
});

test("a service that fails does not hide the others", async () => {
  const server = new Server();
  server.traces = [trace("a", "x", 1), trace("b", "y", 2)];
  server.down.add("x");
  const finder = new Finder({ service: "", limit: 20, minDuration: "1us" }, server);
  const found = await finder.find();
  assert.equal(ids(found.summaries), "b");
  assert.deepEqual(found.notes, ["Cannot load traces of x: storage is down"]);
  server.down.add("y");
  await assert.rejects(finder.find(), { message: "storage is down" });
});

test("of many services some are asked, which is said", async () => {
  const server = new Server();
  server.traces = Array.from({ length: maxServices + 1 }, (_, n) => trace(`t${n}`, `s${n}`, n));
  const found = await new Finder({ service: "", limit: 100, tags: { a: "1" } }, server).find();
  assert.equal(found.summaries.length, maxServices);
  assert.deepEqual(found.notes, ["50 of 51 services were searched: choose one to search it alone"]);
});

test("a refresh asks for one trace while nothing comes, and for more as more came", async () => {
  const server = new Server();
  server.traces = Array.from({ length: 20 }, (_, n) => trace(`t${20 - n}`, "x", 20 - n));
  const finder = new Finder({ service: "", limit: 20 }, server);
  const seen = known((await finder.find()).summaries);
  server.news();
  await finder.since(seen, 0);
  assert.deepEqual(server.news(), ["recent 1"]);
  const others = server.traces.filter(({ id }) => id !== "t5");
  server.traces = [trace("t5", "x", 5, 3), trace("t21", "x", 21), ...others];
  const found = await finder.since(seen, 0);
  assert.deepEqual(server.news(), ["recent 1", "recent 8"]);
  assert.ok(ids(found.summaries).startsWith("t5 t21 "), ids(found.summaries));
});

test("a refresh of a service asks from shortly before the newest start", async () => {
  const server = new Server();
  server.traces = [trace("a", "x", 5 * minute)];
  const finder = new Finder({ service: "x", limit: 20, start: minute }, server);
  const seen = known((await finder.find()).summaries);
  server.news();
  await finder.since(seen, 10 * minute);
  assert.deepEqual(server.news(), [`find x ${5 * minute - 10_000_000}`]);
  await finder.since(seen, 2 * minute); // that trace's clock is ahead
  assert.deepEqual(server.news(), [`find x ${2 * minute - 10_000_000}`]);
  await finder.since(new Map(), 2 * minute);
  assert.deepEqual(server.news(), [`find x ${minute}`]);
});

test("now and then a refresh asks for all, for clocks that run behind", async () => {
  const server = new Server();
  server.traces = [trace("a", "x", 5 * minute)];
  const finder = new Finder({ service: "x", limit: 20 }, server);
  const seen = known((await finder.find()).summaries);
  server.traces.push(trace("late", "x", minute));
  let turns = 1;
  while (!ids((await finder.since(seen, 6 * minute)).summaries).includes("late")) turns++;
  assert.equal(turns, 15);
});

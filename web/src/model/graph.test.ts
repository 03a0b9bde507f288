import assert from "node:assert/strict";
import { test } from "node:test";
import { draw } from "./drawing.ts";
import { errorShare, graphFromDependencies, graphFromTraces, mergeGraphs } from "./graph.ts";
import { layoutGraph, type Layout, type PlacedService } from "./layout.ts";
import { buildTrace } from "./trace.ts";

const raw = draw(`
  a:root     |==========|
    a:client | ====     |
      b:get  |  ==      |
    b:put    |     ===  |
      c:sql  |     =    |
`);
raw.spans[1]?.tags.push({ key: "span.kind", type: "string", value: "client" });
raw.spans[1]?.tags.push({ key: "error", type: "bool", value: true });
const trace = buildTrace(raw);

test("a span whose parent is another service's is a call", () => {
  assert.deepEqual(graphFromTraces([trace, trace]), {
    services: [
      { name: "a", spans: 4, errors: 2 },
      { name: "b", spans: 4, errors: 0 },
      { name: "c", spans: 2, errors: 0 },
    ],
    calls: [
      { from: "a", to: "b", calls: 4, traced: 4, errors: 2, latency: { p50: 2, p95: 3, max: 3 } },
      { from: "b", to: "c", calls: 2, traced: 2, errors: 0, latency: { p50: 1, p95: 1, max: 1 } },
    ],
  });
});

test("a caller that failed by itself does not make each of its calls fail", () => {
  const two = draw(`
    a:client |==========|
      b:get  | ==       |
      b:put  |    ==    |
  `);
  two.spans[0]?.tags.push({ key: "span.kind", type: "string", value: "client" });
  two.spans[0]?.tags.push({ key: "error", type: "bool", value: true });
  assert.equal(graphFromTraces([buildTrace(two)]).calls[0]?.errors, 0);
});

test("dependencies give the numbers of calls, and traces the rest", () => {
  const known = graphFromDependencies([
    { parent: "a", child: "b", calls: 40 },
    { parent: "z", child: "a", calls: 7 },
  ]);
  assert.deepEqual(known.services.map((service) => service.name), ["a", "b", "z"]);
  const merged = mergeGraphs(known, graphFromTraces([trace]));
  const got = merged.calls.map((call) => [call.from, call.to, call.calls, call.traced, errorShare(call)]);
  assert.deepEqual(got, [
    ["a", "b", 40, 2, 0.5],
    ["b", "c", 1, 1, 0],
    ["z", "a", 7, 0, undefined],
  ]);
  assert.deepEqual(merged.services.map((service) => service.spans), [2, 2, 1, 0]);
});

const options = { width: 100, height: 30, gapX: 50, gapY: 10 };

/** Lays out calls that are written "a>b". */
function layout(...calls: string[]): Layout {
  const dependencies = calls.map((call) => {
    const [parent = "", child = ""] = call.split(">");
    return { parent, child, calls: 1 };
  });
  return layoutGraph(graphFromDependencies(dependencies), options);
}

function ranks({ services }: Layout): Record<string, number> {
  return Object.fromEntries(services.map(({ service, rank }) => [service.name, rank]));
}

function boxOf({ services }: Layout, name: string): PlacedService | undefined {
  return services.find(({ service }) => service.name === name);
}

test("a service stands right of all who call it", () => {
  const got = layout("a>b", "b>c", "a>c", "a>d");
  assert.deepEqual(ranks(got), { a: 0, b: 1, d: 1, c: 2 });
  assert.deepEqual([got.width, boxOf(got, "c")?.x], [400, 300]);
  const long = got.calls.find(({ call }) => call.from === "a" && call.to === "c");
  assert.deepEqual(long?.points.map(({ x }) => x), [100, 150, 250, 300]); // past the boxes of b and d
  const beside = got.services.filter(({ rank }) => rank === 1).map(({ y }) => [y, y + options.height]);
  for (const { y } of long?.points.slice(1, 3) ?? []) {
    assert.ok(beside.every(([top = 0, bottom = 0]) => y < top || y > bottom), `the way passes at ${y}`);
  }
});

test("a call that closes a circle goes back", () => {
  const got = layout("a>b", "b>c", "c>a");
  assert.equal(got.calls.filter((call) => call.back).length, 1);
  assert.deepEqual(ranks(got), { a: 0, b: 1, c: 2 });
  const back = got.calls.find((call) => call.back);
  assert.equal(back?.points[0]?.x, boxOf(got, "c")?.x);
  assert.equal(back?.points.at(-1)?.x, (boxOf(got, "a")?.x ?? 0) + options.width);
});

test("a service that calls itself has a loop within the picture", () => {
  const got = layout("a>a");
  assert.deepEqual([got.services.length, got.calls[0]?.points.length], [1, 3]);
  for (const { x, y } of got.calls[0]?.points ?? []) {
    assert.ok(x >= 0 && x <= got.width && y >= 0 && y <= got.height);
  }
});

test("calls do not cross where they need not", () => {
  const got = layout("a>x1", "b>x2", "c>x3", "x1>y3", "x2>y2", "x3>y1");
  const y = new Map(got.services.map((s) => [s.service.name, s.y]));
  assert.equal(y.get("x1"), y.get("y3"));
  assert.equal(y.get("x3"), y.get("y1"));
});

test("100 services with circles are laid out without boxes on each other", () => {
  const calls = Array.from({ length: 300 }, (_, i) => `s${(i * 37) % 100}>s${(i * 61 + 13) % 100}`);
  const got = layout(...calls);
  assert.deepEqual(got, layout(...calls));
  for (const one of got.services) {
    assert.ok(one.x >= 0 && one.y >= 0 && one.x + 100 <= got.width && one.y + 30 <= got.height);
    const beside = got.services.filter((other) => other !== one && other.x === one.x);
    assert.deepEqual(beside.filter((other) => Math.abs(other.y - one.y) < 30), []);
  }
  for (const { call, back, points } of got.calls.filter(({ call }) => call.from !== call.to)) {
    const right = (points.at(-1)?.x ?? 0) > (points[0]?.x ?? 0);
    assert.equal(right, !back, `${call.from} to ${call.to}`);
  }
});

test("no services make an empty picture", () => {
  const got = layoutGraph({ services: [], calls: [] }, options);
  assert.deepEqual(got, { services: [], calls: [], width: 0, height: 0 });
});

import type { GraphCall, GraphService, ServiceGraph } from "./graph.ts";

/** The sizes of what is laid out, in the unit of the answer. */
export interface LayoutOptions {
  /** Of a service's box. */
  width: number;
  height: number;
  /** Between ranks, and between services of one rank. */
  gapX: number;
  gapY: number;
}

/** A service's box. */
export interface PlacedService {
  service: GraphService;
  /** 0 for a service without callers. */
  rank: number;
  /** The left upper corner. */
  x: number;
  y: number;
}

/** A place in the picture. */
export interface Point {
  x: number;
  y: number;
}

/** A call's way from one box to another. */
export interface PlacedCall {
  call: GraphCall;
  /** From the caller's right side, past the boxes of the ranks between, to the left
   * side of whom it calls. A call that goes back runs the other way. */
  points: Point[];
  /** The call goes against the order: it is part of a circle. */
  back: boolean;
}

export interface Layout {
  services: PlacedService[];
  calls: PlacedCall[];
  width: number;
  height: number;
}

/** A service, or where a call passes a rank. */
interface Spot {
  service: GraphService | undefined;
  rank: number;
  /** The place within the rank, from above. */
  order: number;
  before: Spot[];
  after: Spot[];
  y: number;
}

/** A call with the spots it passes, from the lower rank to the higher. */
interface Way {
  call: GraphCall;
  back: boolean;
  spots: Spot[];
}

/** How often the order is made better from either side; more changes little. */
const sweeps = 8;

/** A point that a call passes needs less room than a box. */
const passing = 0.4;

/** How far the loop of a service that calls itself rises over its box. */
const loopRise = 0.4;

/**
 * Lays services out in ranks from left to right: each one right of all who call it,
 * but for calls that close a circle. Within a rank they stand so that few calls
 * cross. The same graph is always laid out the same way.
 */
export function layoutGraph(graph: ServiceGraph, options: LayoutOptions): Layout {
  const back = callsBack(graph);
  const ranks = rankOf(graph, back);
  const { columns, ways } = spread(graph, ranks, back);
  for (let i = 0; i < sweeps; i++) reorder(columns, i % 2 === 0);
  const own = graph.calls.some((call) => call.from === call.to) ? options.height * loopRise : 0;
  const height = place(columns, options, own);
  const x = (rank: number): number => rank * (options.width + options.gapX);
  const services = columns.flat().flatMap(({ service, rank, y }): PlacedService[] =>
    service ? [{ service, rank, x: x(rank), y: y - options.height / 2 }] : [],
  );
  const calls = ways.map((way) => ({ call: way.call, back: way.back, points: pointsOf(way, x, options) }));
  return { services, calls, width: Math.max(0, x(columns.length) - options.gapX), height };
}

/** Returns the calls to leave out so that no circle is left: those to a service from
 * which the walk came. It begins at those whom nobody calls. */
function callsBack(graph: ServiceGraph): Set<GraphCall> {
  const back = new Set<GraphCall>();
  const outgoing = group(graph.calls, (call) => call.from);
  const called = new Set(graph.calls.filter((call) => call.from !== call.to).map((call) => call.to));
  const names = graph.services.map((service) => service.name);
  const state = new Map<string, "open" | "done">();
  for (const name of [...names.filter((n) => !called.has(n)), ...names]) walk(name, outgoing, state, back);
  return back;
}

function walk(
  from: string,
  outgoing: ReadonlyMap<string, GraphCall[]>,
  state: Map<string, "open" | "done">,
  back: Set<GraphCall>,
): void {
  if (state.has(from)) return;
  state.set(from, "open");
  const path = [{ name: from, calls: [...(outgoing.get(from) ?? [])] }];
  for (let now = path.at(-1); now; now = path.at(-1)) {
    const call = now.calls.shift();
    if (!call) {
      state.set(now.name, "done");
      path.pop();
    } else if (state.get(call.to) === "open") {
      back.add(call);
    } else if (!state.has(call.to)) {
      state.set(call.to, "open");
      path.push({ name: call.to, calls: [...(outgoing.get(call.to) ?? [])] });
    }
  }
}

/** Returns the length of the longest way of calls to each service. */
function rankOf(graph: ServiceGraph, back: ReadonlySet<GraphCall>): Map<string, number> {
  const forward = graph.calls.filter((call) => !back.has(call));
  const outgoing = group(forward, (call) => call.from);
  const open = new Map(graph.services.map((service) => [service.name, 0]));
  for (const call of forward) open.set(call.to, (open.get(call.to) ?? 0) + 1);
  const ranks = new Map([...open.keys()].map((name) => [name, 0]));
  const ready = [...open].filter(([, callers]) => callers === 0).map(([name]) => name);
  for (let name = ready.shift(); name !== undefined; name = ready.shift()) {
    for (const { to } of outgoing.get(name) ?? []) {
      ranks.set(to, Math.max(ranks.get(to) ?? 0, (ranks.get(name) ?? 0) + 1));
      open.set(to, (open.get(to) ?? 0) - 1);
      if (open.get(to) === 0) ready.push(to);
    }
  }
  return ranks;
}

/** Puts services, and calls where they pass a rank, into columns. */
function spread(
  graph: ServiceGraph,
  ranks: ReadonlyMap<string, number>,
  back: ReadonlySet<GraphCall>,
): { columns: Spot[][]; ways: Way[] } {
  const columns: Spot[][] = [];
  const add = (rank: number, service?: GraphService): Spot => {
    while (columns.length <= rank) columns.push([]);
    const column = columns[rank] as Spot[];
    const spot: Spot = { service, rank, order: column.length, before: [], after: [], y: 0 };
    column.push(spot);
    return spot;
  };
  const boxOf = (service: GraphService): Spot => add(ranks.get(service.name) ?? 0, service);
  const boxes = new Map(graph.services.map((service) => [service.name, boxOf(service)]));
  const ways: Way[] = [];
  for (const call of graph.calls) {
    const ends = [boxes.get(call.from), boxes.get(call.to)].filter((spot) => spot !== undefined);
    const [low, high] = ends.sort((a, b) => a.rank - b.rank);
    if (!low || !high) continue;
    const spots = [low];
    for (let rank = low.rank + 1; rank < high.rank; rank++) spots.push(add(rank));
    if (high !== low) spots.push(high);
    for (let i = 1; i < spots.length; i++) join(spots[i - 1] as Spot, spots[i] as Spot);
    ways.push({ call, back: back.has(call), spots });
  }
  return { columns, ways };
}

function join(left: Spot, right: Spot): void {
  left.after.push(right);
  right.before.push(left);
}

/** Orders each column by the mean place of its neighbors in the column before, or,
 * the other way round, behind. */
function reorder(columns: readonly Spot[][], forward: boolean): void {
  const turn = forward ? columns : [...columns].reverse();
  for (const column of turn) {
    const wish = new Map(column.map((spot) => [spot, mean(forward ? spot.before : spot.after, spot.order)]));
    column.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0) || a.order - b.order);
    column.forEach((spot, i) => {
      spot.order = i;
    });
  }
}

function mean(spots: readonly Spot[], otherwise: number): number {
  if (spots.length === 0) return otherwise;
  return spots.reduce((sum, spot) => sum + spot.order, 0) / spots.length;
}

/** Sets the middle of each spot, with the columns centered below top, and returns the
 * height. */
function place(columns: readonly Spot[][], { height, gapY }: LayoutOptions, top: number): number {
  const room = (spot: Spot): number => (spot.service ? height + gapY : (height + gapY) * passing);
  const heights = columns.map((column) => column.reduce((sum, spot) => sum + room(spot), 0) - gapY);
  const most = Math.max(0, ...heights);
  columns.forEach((column, i) => {
    let y = top + (most - (heights[i] ?? 0) - gapY) / 2;
    for (const spot of column) {
      spot.y = y + room(spot) / 2;
      y += room(spot);
    }
  });
  return top + most;
}

function pointsOf(way: Way, x: (rank: number) => number, { width, height }: LayoutOptions): Point[] {
  const [first] = way.spots;
  if (first && way.spots.length === 1) {
    // A service that calls itself: a loop over its box.
    const top = first.y - height / 2;
    return [
      { x: x(first.rank) + width * 0.7, y: top },
      { x: x(first.rank) + width * 0.5, y: top - height * loopRise },
      { x: x(first.rank) + width * 0.3, y: top },
    ];
  }
  const last = way.spots.length - 1;
  const points = way.spots.flatMap((spot, i) => {
    const [left, right] = [{ x: x(spot.rank), y: spot.y }, { x: x(spot.rank) + width, y: spot.y }];
    if (i === 0) return [right];
    return i === last ? [left] : [left, right];
  });
  return way.back ? points.reverse() : points;
}

function group<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const same = groups.get(keyOf(item));
    if (same) same.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

import { failed, kindOf } from "./tags.ts";
import type { RawTrace, Reference, Span } from "./types.ts";

/** A span at its place in the trace's tree. */
export interface Node {
  type: "span";
  span: Span;
  /** Names the row within the trace: the span's id, or "id#2" for one that repeats it. */
  key: string;
  /** The node above; none for a root, and for an orphan. */
  parent: Node | undefined;
  /** Earliest first. */
  children: readonly Node[];
  /** 0 at the top level; orphans stand below a row for the missing parent, at 1. */
  depth: number;
  /** How many nodes are below this one, at any depth. */
  descendants: number;
  /** Microseconds since 1970. */
  end: number;
  /** Microseconds that no child of type CHILD_OF covers. */
  selfTime: number;
  /** "client", "server", "producer", "consumer", "internal" or "". */
  kind: string;
  failed: boolean;
  /** The parent is one that the span follows from, so that it did not wait. */
  follows: boolean;
  /** The id of a parent that is not in the trace, or "". */
  missingParent: string;
  /** Another span of the trace has the same id. */
  duplicate: boolean;
  /** The span's ancestors form a circle, which was cut here. */
  cycle: boolean;
  /** The references beside the parent's, to this trace and to others. */
  links: readonly Reference[];
}

/** The row in place of a parent that is not in the trace. */
export interface Missing {
  type: "missing";
  /** The id of the span that is not there. */
  id: string;
  key: string;
  /** The spans that name it as their parent. */
  children: readonly Node[];
  depth: 0;
  descendants: number;
}

/** A row of the waterfall. */
export type Row = Node | Missing;

/** What a service has in a trace. */
export interface ServiceSpans {
  name: string;
  spans: number;
  errors: number;
}

/** A trace, arranged by who called whom. */
export interface Trace {
  id: string;
  /** All rows, each before those below it. */
  rows: Row[];
  /** The spans alone, in the same order. */
  nodes: Node[];
  /** The top level, earliest first. */
  tops: Row[];
  /** The spans by id; several where ids repeat. */
  byID: Map<string, Node[]>;
  /** The earliest span without a parent, or else the earliest span. None in an empty trace. */
  root: Node | undefined;
  /** Microseconds since 1970. */
  start: number;
  end: number;
  /** Microseconds, from the earliest start to the latest end. */
  duration: number;
  /** In the order of their first rows. */
  services: ServiceSpans[];
  errors: number;
  /** The number of levels; 1 for a trace of roots alone, 0 for none. */
  depth: number;
  /** What the server said of the trace as a whole. */
  warnings: string[];
}

/**
 * Arranges a trace. Every span has exactly one place, even when ids repeat or
 * parents form a circle. As in pkg/trace, the parent is the first CHILD_OF
 * reference within the trace, else the first FOLLOWS_FROM.
 */
export function buildTrace(raw: RawTrace): Trace {
  const nodes = raw.spans.map(newNode);
  const byID = indexByID(nodes);
  nodes.sort((a, b) => a.span.start - b.span.start || b.span.duration - a.span.duration);
  const tops = attach(nodes, byID);
  let rows = inOrder(tops);
  if (rows.length < nodes.length + missingOf(tops)) {
    cutCircles(nodes, tops, rows);
    rows = inOrder(tops);
  }
  measure(rows);
  const ordered = rows.filter((row) => row.type === "span");
  return { id: raw.id, rows, nodes: ordered, tops, byID, warnings: raw.warnings, ...summary(ordered, tops) };
}

/** Returns the rows to show when those with the given keys are collapsed. It looks
 * at no row that it does not return. */
export function visibleRows(trace: Trace, collapsed: ReadonlySet<string>): Row[] {
  if (collapsed.size === 0) return trace.rows;
  const shown: Row[] = [];
  for (let i = 0; i < trace.rows.length; i++) {
    const row = trace.rows[i] as Row;
    shown.push(row);
    if (collapsed.has(row.key)) i += row.descendants;
  }
  return shown;
}

/** Returns the row above: the parent, or the row in place of one that is missing. */
export function rowAbove(trace: Trace, row: Row): Row | undefined {
  if (row.type === "missing") return undefined;
  if (row.parent || row.missingParent === "") return row.parent;
  return trace.tops.find((top) => top.type === "missing" && top.id === row.missingParent);
}

/** Returns the keys of the rows above one, so that it can be brought into sight. */
export function keysAbove(trace: Trace, row: Row): string[] {
  const keys: string[] = [];
  for (let above = rowAbove(trace, row); above; above = rowAbove(trace, above)) keys.push(above.key);
  return keys;
}

/** Returns the row with that key. */
export function rowByKey(trace: Trace, key: string): Row | undefined {
  return trace.byID.get(key)?.[0] ?? trace.rows.find((row) => row.key === key);
}

/** Returns the keys of all rows that have rows below. */
export function collapsible(trace: Trace): string[] {
  return trace.rows.filter((row) => row.descendants > 0).map((row) => row.key);
}

/** Most spans have neither children nor links; one empty list does for all of them. */
const none: readonly never[] = [];

function addChild(row: Row, node: Node): void {
  if (row.children === none) row.children = [node];
  else (row.children as Node[]).push(node);
}

function newNode(span: Span): Node {
  return {
    type: "span",
    span,
    key: span.id,
    parent: undefined,
    children: none,
    depth: 0,
    descendants: 0,
    end: span.start + Math.max(0, span.duration),
    selfTime: 0,
    kind: kindOf(span),
    failed: failed(span),
    follows: false,
    missingParent: "",
    duplicate: false,
    cycle: false,
    links: none,
  };
}

function indexByID(nodes: readonly Node[]): Map<string, Node[]> {
  const byID = new Map<string, Node[]>();
  for (const node of nodes) {
    const same = byID.get(node.key);
    if (!same) {
      byID.set(node.key, [node]);
      continue;
    }
    same.push(node);
    node.key = `${node.span.id}#${same.length}`;
    for (const one of same) one.duplicate = true;
  }
  return byID;
}

/** Gives every node its parent, and returns the top level. */
function attach(nodes: readonly Node[], byID: ReadonlyMap<string, Node[]>): Row[] {
  const tops: Row[] = [];
  const missing = new Map<string, Missing>();
  for (const node of nodes) {
    const reference = parentReference(node.span);
    if (node.span.references.length > (reference ? 1 : 0)) {
      node.links = node.span.references.filter((other) => other !== reference);
    }
    const parent = reference && byID.get(reference.spanID)?.[0];
    if (parent) {
      node.parent = parent;
      node.follows = reference.type === "FOLLOWS_FROM";
      addChild(parent, node);
    } else if (reference) {
      node.missingParent = reference.spanID;
      let row = missing.get(reference.spanID);
      if (!row) {
        row = newMissing(reference.spanID);
        missing.set(row.id, row);
        tops.push(row);
      }
      addChild(row, node);
    } else {
      tops.push(node);
    }
  }
  return tops;
}

function newMissing(id: string): Missing {
  return { type: "missing", id, key: `missing:${id}`, children: none, depth: 0, descendants: 0 };
}

/** Returns the reference that makes the tree. An id of zeros means none, as on
 * Jaeger's wire. */
export function parentReference(span: Span): Reference | undefined {
  let follows: Reference | undefined;
  for (const reference of span.references) {
    if (!sameTrace(reference.traceID, span.traceID) || noID(reference.spanID)) continue;
    if (reference.type === "CHILD_OF") return reference;
    follows ??= reference;
  }
  return follows;
}

/** Compares trace ids; some servers leave the zeros in front out. */
export function sameTrace(a: string, b: string): boolean {
  return a === b || a.replace(/^0+/, "").toLowerCase() === b.replace(/^0+/, "").toLowerCase();
}

function noID(spanID: string): boolean {
  return spanID === "" || (spanID.startsWith("0") && /^0+$/.test(spanID));
}

function missingOf(tops: readonly Row[]): number {
  return tops.filter((top) => top.type === "missing").length;
}

/** Puts the earliest span of each circle at the top level, so that all can be reached. */
function cutCircles(nodes: readonly Node[], tops: Row[], rows: readonly Row[]): void {
  const reached = new Set<Row>(rows);
  const cut = (node: Node): void => {
    const above = node.parent;
    if (above) above.children = above.children.filter((child) => child !== node);
    node.parent = undefined;
    node.follows = false;
    node.cycle = true;
    tops.push(node);
  };
  for (const node of nodes) {
    if (reached.has(node)) continue;
    cut(node);
    for (const row of inOrder([node])) reached.add(row);
  }
  tops.sort((a, b) => startOf(a) - startOf(b));
}

function startOf(row: Row): number {
  return row.type === "span" ? row.span.start : (row.children[0]?.span.start ?? 0);
}

/** Returns all rows, each before those below it, and sets their depth. No recursion:
 * chains of 100,000 spans exist. */
function inOrder(tops: readonly Row[]): Row[] {
  const rows: Row[] = [];
  const todo: Row[] = [...tops].reverse();
  for (let row = todo.pop(); row; row = todo.pop()) {
    rows.push(row);
    for (let i = row.children.length - 1; i >= 0; i--) {
      const child = row.children[i] as Node;
      child.depth = row.depth + 1;
      todo.push(child);
    }
  }
  return rows;
}

/** Sums up from below: the rows in reverse have children before their parents. */
function measure(rows: readonly Row[]): void {
  for (let i = rows.length - 1; i >= 0; i--) {
    const row = rows[i] as Row;
    for (const child of row.children) row.descendants += child.descendants + 1;
    if (row.type === "span") row.selfTime = selfTime(row);
  }
}

function selfTime(node: Node): number {
  let covered = 0;
  let until = node.span.start;
  for (const child of node.children) {
    if (child.follows) continue;
    const from = Math.max(until, child.span.start);
    const to = Math.min(node.end, child.end);
    if (to <= from) continue;
    covered += to - from;
    until = to;
  }
  return node.end - node.span.start - covered;
}

type Summary = Pick<Trace, "root" | "start" | "end" | "duration" | "services" | "errors" | "depth">;

function summary(nodes: readonly Node[], tops: readonly Row[]): Summary {
  const services = new Map<string, ServiceSpans>();
  let [start, end, errors, depth] = [Infinity, -Infinity, 0, 0];
  for (const node of nodes) {
    const name = node.span.process.service;
    const service = services.get(name) ?? { name, spans: 0, errors: 0 };
    if (service.spans++ === 0) services.set(name, service);
    if (node.failed) {
      service.errors++;
      errors++;
    }
    start = Math.min(start, node.span.start);
    end = Math.max(end, node.end);
    depth = Math.max(depth, node.depth + 1);
  }
  if (nodes.length === 0) [start, end] = [0, 0];
  const root = tops.find((top) => top.type === "span") ?? nodes[0];
  return { root, start, end, duration: end - start, services: [...services.values()], errors, depth };
}

import { tagChanges, type TagChange } from "./difftags.ts";
import type { Node, Row, Trace } from "./trace.ts";

export type { TagChange } from "./difftags.ts";

/** How a row's spans compare. */
export type DiffState = "same" | "differs" | "only-a" | "only-b";

/** A span of one trace beside the one of the other that stands at its place. */
export interface DiffRow {
  /** Names the row within the comparison. */
  key: string;
  depth: number;
  /** How many rows are below this one. */
  descendants: number;
  /** One of them at least is there. */
  a: Node | undefined;
  b: Node | undefined;
  state: DiffState;
  /** b's duration to a's; undefined when only one is there, Infinity when a took none. */
  ratio: number | undefined;
  /** The duration differs by more than what DiffOptions allow. */
  slower: boolean;
  faster: boolean;
  /** One failed and the other did not. */
  error: boolean;
  tags: TagChange[];
  /** Something below this row is not the same. */
  differsBelow: boolean;
}

/** What the comparison comes to. */
export interface DiffSums {
  same: number;
  differs: number;
  onlyA: number;
  onlyB: number;
  /** Rows whose duration, error or tags differ; a row may be in several. */
  slower: number;
  faster: number;
  errors: number;
  tags: number;
  /** Services with spans in only one of the traces. */
  servicesOnlyA: string[];
  servicesOnlyB: string[];
}

export interface Diff {
  /** In the order of a, with what only b has where it stands there. */
  rows: DiffRow[];
  sums: DiffSums;
}

/** What still counts as the same. */
export interface DiffOptions {
  /** A duration differs when it is so many times the other's (default 1.5), */
  ratio?: number;
  /** and by so many microseconds (default 1000). */
  least?: number;
  /** Keys of tags that may differ. */
  ignoreTags?: readonly string[];
}

/**
 * Lays two traces side by side. Spans are matched from the top by service, operation
 * and kind: among the children of two matched spans the first of a kind in a belongs
 * to the first in b, the second to the second.
 */
export function diffTraces(a: Trace, b: Trace, options: DiffOptions = {}): Diff {
  const rows: DiffRow[] = [];
  const todo: Pair[] = match(topNodes(a), topNodes(b), 0).reverse();
  for (let pair = todo.pop(); pair; pair = todo.pop()) {
    rows.push(newRow(pair, options));
    const below = match(pair.a?.children ?? [], pair.b?.children ?? [], pair.depth + 1);
    for (let i = below.length - 1; i >= 0; i--) todo.push(below[i] as Pair);
  }
  sumBelow(rows);
  return { rows, sums: sumsOf(rows, a, b) };
}

/** Returns the rows that are not the same, and those above them. */
export function differencesOnly(rows: readonly DiffRow[]): DiffRow[] {
  return rows.filter((row) => row.state !== "same" || row.differsBelow);
}

/** Returns the rows to show when those with the given keys are collapsed; rows may be
 * what differencesOnly left. */
export function visibleDiffRows(rows: readonly DiffRow[], collapsed: ReadonlySet<string>): DiffRow[] {
  const shown: DiffRow[] = [];
  let under = Infinity; // the depth of the collapsed row that hides what follows
  for (const row of rows) {
    if (row.depth > under) continue;
    under = collapsed.has(row.key) ? row.depth : Infinity;
    shown.push(row);
  }
  return shown;
}

interface Pair {
  a: Node | undefined;
  b: Node | undefined;
  depth: number;
}

/** The roots and the orphans of a trace, in order. */
function topNodes(trace: Trace): Node[] {
  return trace.tops.flatMap((top: Row) => (top.type === "span" ? [top] : top.children));
}

/** Pairs siblings, in the order of a; what only b has comes behind the sibling that
 * it stands behind in b. */
function match(a: readonly Node[], b: readonly Node[], depth: number): Pair[] {
  if (a.length === 0) return b.map((node) => ({ a: undefined, b: node, depth }));
  if (b.length === 0) return a.map((node) => ({ a: node, b: undefined, depth }));
  const partners = partnersOf(a, b);
  const matched = new Set(partners.values());
  // By the node of b that they come behind; undefined for those before all.
  const behind = new Map<Node | undefined, Pair[]>();
  let last: Node | undefined;
  for (const node of b) {
    if (matched.has(node)) {
      last = node;
      continue;
    }
    const pair = { a: undefined, b: node, depth };
    const same = behind.get(last);
    if (same) same.push(pair);
    else behind.set(last, [pair]);
  }
  const pairs = behind.get(undefined) ?? [];
  for (const node of a) {
    const partner = partners.get(node);
    pairs.push({ a: node, b: partner, depth });
    if (partner) for (const pair of behind.get(partner) ?? []) pairs.push(pair);
  }
  return pairs;
}

/** Returns to each of a its partner of b: the first with the first of their kind, the
 * second with the second. */
function partnersOf(a: readonly Node[], b: readonly Node[]): Map<Node, Node> {
  const waiting = new Map<string, Node[]>();
  for (let i = b.length - 1; i >= 0; i--) {
    const node = b[i] as Node;
    const place = placeOf(node);
    const same = waiting.get(place);
    if (same) same.push(node);
    else waiting.set(place, [node]);
  }
  const partners = new Map<Node, Node>();
  for (const node of a) {
    const partner = waiting.get(placeOf(node))?.pop();
    if (partner) partners.set(node, partner);
  }
  return partners;
}

/** Returns the same text for spans that may be matched. */
function placeOf({ span, kind }: Node): string {
  return `${kind}\n${span.process.service.length}\n${span.process.service}${span.operation}`;
}

function newRow({ a, b, depth }: Pair, options: DiffOptions): DiffRow {
  const base = { key: `${a?.key ?? ""}|${b?.key ?? ""}`, depth, descendants: 0, a, b, differsBelow: false };
  const nothing = { ratio: undefined, slower: false, faster: false, error: false, tags: [] };
  if (!a) return { ...base, ...nothing, state: "only-b" };
  if (!b) return { ...base, ...nothing, state: "only-a" };
  const { ratio: most = 1.5, least = 1000, ignoreTags = [] } = options;
  const [from, to] = [a.span.duration, b.span.duration];
  const far = Math.abs(to - from) >= least;
  const slower = far && to > from * most;
  const faster = far && from > to * most;
  const tags = tagChanges(a.span.tags, b.span.tags, ignoreTags);
  const error = a.failed !== b.failed;
  const state = slower || faster || error || tags.length > 0 ? "differs" : "same";
  const ratio = from === to ? 1 : to / from;
  return { ...base, ratio, slower, faster, error, tags, state };
}

/** Gives each row its descendants: the rows in reverse have children before parents. */
function sumBelow(rows: readonly DiffRow[]): void {
  const open: DiffRow[] = []; // the rows below the one to come, the nearest last
  for (let i = rows.length - 1; i >= 0; i--) {
    const row = rows[i] as DiffRow;
    for (let below = open.at(-1); below && below.depth > row.depth; below = open.at(-1)) {
      open.pop();
      row.descendants += below.descendants + 1;
      row.differsBelow ||= below.differsBelow || below.state !== "same";
    }
    open.push(row);
  }
}

function sumsOf(rows: readonly DiffRow[], a: Trace, b: Trace): DiffSums {
  const count = (is: (row: DiffRow) => boolean): number => rows.filter(is).length;
  return {
    same: count((row) => row.state === "same"),
    differs: count((row) => row.state === "differs"),
    onlyA: count((row) => row.state === "only-a"),
    onlyB: count((row) => row.state === "only-b"),
    slower: count((row) => row.slower),
    faster: count((row) => row.faster),
    errors: count((row) => row.error),
    tags: count((row) => row.tags.length > 0),
    servicesOnlyA: onlyIn(a, b),
    servicesOnlyB: onlyIn(b, a),
  };
}

function onlyIn(one: Trace, other: Trace): string[] {
  const names = new Set(other.services.map((service) => service.name));
  return one.services.map((service) => service.name).filter((name) => !names.has(name));
}

import { rowAbove, type Node, type Row, type Trace } from "../model/trace.ts";

/**
 * Returns the rows of chosen services, and those above them, since a span means
 * little without who called it. No service chosen means all are.
 */
export function rowsOf(trace: Trace, chosen: ReadonlySet<string>): ReadonlySet<Row> | undefined {
  if (chosen.size === 0) return undefined;
  const kept = new Set<Row>();
  // In reverse, children come before what is above them.
  for (let i = trace.rows.length - 1; i >= 0; i--) {
    const row = trace.rows[i] as Row;
    if (row.children.some((child) => kept.has(child)) || isOf(row, chosen)) kept.add(row);
  }
  return kept;
}

function isOf(row: Row, chosen: ReadonlySet<string>): boolean {
  return row.type === "span" && chosen.has(row.span.process.service);
}

/** Where a key leads in the tree. */
export type Step =
  | { to: number }
  | { expand: string }
  | { collapse: string };

/**
 * Returns what a key does on the row at index, as the pattern for tree grids has it;
 * undefined for a key that is not the tree's. page is the number of rows of a page.
 */
export function stepFor(
  key: string,
  at: { trace: Trace; rows: readonly Row[]; index: number; collapsed: ReadonlySet<string>; page: number },
): Step | undefined {
  const { trace, rows, index, collapsed, page } = at;
  const row = rows[index];
  if (!row) return undefined;
  const last = rows.length - 1;
  const below = row.descendants > 0;
  switch (key) {
    case "ArrowDown":
      return { to: Math.min(last, index + 1) };
    case "ArrowUp":
      return { to: Math.max(0, index - 1) };
    case "PageDown":
      return { to: Math.min(last, index + page) };
    case "PageUp":
      return { to: Math.max(0, index - page) };
    case "Home":
      return { to: 0 };
    case "End":
      return { to: last };
    case "ArrowRight":
      if (below && collapsed.has(row.key)) return { expand: row.key };
      return { to: below ? Math.min(last, index + 1) : index };
    case "ArrowLeft":
      if (below && !collapsed.has(row.key)) return { collapse: row.key };
      return { to: parentIndex(trace, rows, index) };
    default:
      return undefined;
  }
}

function parentIndex(trace: Trace, rows: readonly Row[], index: number): number {
  const row = rows[index];
  const above = row && rowAbove(trace, row);
  if (!above) return index;
  for (let i = index - 1; i >= 0; i--) if (rows[i] === above) return i;
  return index;
}

/** What a search found. */
export interface Found {
  /** The keys of the matches. */
  keys: ReadonlySet<string>;
  /** The keys of the rows above matches, which hide them when collapsed. */
  above: ReadonlySet<string>;
}

/** Returns the keys of matches, and of what is above them. */
export function foundIn(trace: Trace, matches: readonly Node[]): Found {
  const above = new Set<string>();
  for (const match of matches) {
    // What is above a row that was seen, was seen with it.
    for (let row = rowAbove(trace, match); row; row = rowAbove(trace, row)) {
      if (above.has(row.key)) break;
      above.add(row.key);
    }
  }
  return { keys: new Set(matches.map((node) => node.key)), above };
}

/**
 * Returns the match to go to from the row with the key: the next one in the order of
 * the rows, or the previous one, and around at the end. When the row is no match, the
 * first one after, or before, it is meant.
 */
export function nextMatch(
  trace: Trace,
  matches: readonly Node[],
  key: string,
  forward: boolean,
): Node | undefined {
  const order = new Map<string, number>();
  trace.rows.forEach((row, index) => order.set(row.key, index));
  const at = order.get(key) ?? -1;
  const place = (node: Node): number => order.get(node.key) ?? -1;
  if (forward) return matches.find((node) => place(node) > at) ?? matches[0];
  return matches.filter((node) => place(node) < at).at(-1) ?? matches.at(-1);
}

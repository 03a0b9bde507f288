import type { DiffRow } from "../model/diff.ts";
import { targetOf } from "../search/move.ts";

/** Returns the rows that differ, with those above them. */
export function differences(rows: readonly DiffRow[]): DiffRow[] {
  return rows.filter((row) => row.state !== "same" || row.differsBelow);
}

/** Where a key leads in the table: to a row, or to another shape of this one. */
export type Move = { to: number } | "expand" | "collapse" | "details" | undefined;

/** Returns what a key does at row at of the rows that are shown. */
export function moveOf(
  key: string,
  rows: readonly DiffRow[],
  at: number,
  collapsed: ReadonlySet<string>,
): Move {
  const row = rows[at];
  if (!row) return undefined;
  const open = row.descendants > 0 && !collapsed.has(row.key);
  switch (key) {
    case "ArrowRight":
      if (row.descendants === 0) return undefined;
      return open ? { to: at + 1 } : "expand";
    case "ArrowLeft":
      return open ? "collapse" : above(rows, at);
    case "Enter":
    case " ":
      return "details";
    default: {
      const to = targetOf(key, at, rows.length);
      return to === undefined ? undefined : { to };
    }
  }
}

function above(rows: readonly DiffRow[], at: number): Move {
  const depth = rows[at]?.depth ?? 0;
  for (let i = at - 1; i >= 0; i--) if ((rows[i]?.depth ?? 0) < depth) return { to: i };
  return undefined;
}

/** Where a bar lies on the scale that both traces share, in percent. */
export interface Place {
  left: number;
  width: number;
}

/** Places a span by its start within its own trace. whole is the longer trace's
 * duration; all are microseconds. */
export function placeOf(start: number, duration: number, whole: number): Place {
  if (whole <= 0) return { left: 0, width: 100 };
  const share = (part: number): number => Math.min(100, Math.max(0, (100 * part) / whole));
  const left = share(start);
  return { left, width: Math.min(share(duration), 100 - left) };
}

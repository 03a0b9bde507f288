import type { Summary } from "./summary.ts";

/** The orders of the list, by their name in the URL, with their words. */
export const orders = {
  newest: "Newest first",
  longest: "Longest first",
  shortest: "Shortest first",
  most: "Most spans",
  fewest: "Fewest spans",
} as const;

/** A name of an order. */
export type Order = keyof typeof orders;

const compare: Readonly<Record<Order, (a: Summary, b: Summary) => number>> = {
  newest: (a, b) => b.start - a.start,
  longest: (a, b) => b.duration - a.duration,
  shortest: (a, b) => a.duration - b.duration,
  most: (a, b) => b.spans - a.spans,
  fewest: (a, b) => a.spans - b.spans,
};

/** Reads an order from the URL; the newest come first unless it names another. */
export function orderOf(text: string | null): Order {
  return text !== null && Object.hasOwn(orders, text) ? (text as Order) : "newest";
}

/** Returns the list in the order; equal ones newest first, then by id. */
export function sorted(list: readonly Summary[], order: Order): Summary[] {
  return [...list].sort((a, b) => compare[order](a, b) || b.start - a.start || (a.id < b.id ? -1 : 1));
}

/** Returns the newest of the list, each id once: with the most spans that were seen of it. */
export function newest(list: readonly Summary[], limit: number): Summary[] {
  const best = new Map<string, Summary>();
  for (const summary of list) {
    const known = best.get(summary.id);
    if (!known || known.spans <= summary.spans) best.set(summary.id, summary);
  }
  return sorted([...best.values()], "newest").slice(0, limit);
}

/** Results while they are refreshed. */
export interface Results {
  shown: readonly Summary[];
  /** New ones that are not shown yet, so that nothing moves under the reader. */
  waiting: readonly Summary[];
}

/**
 * Takes in what a refresh found. A trace that is known is replaced where it is when
 * it got more spans; others are added, or wait while hold says so. It returns
 * the same object when there is nothing new.
 */
export function refresh(results: Results, found: readonly Summary[], limit: number, hold: boolean): Results {
  const fresh = new Map(found.map((summary) => [summary.id, summary]));
  let changed = false;
  const grown = (old: Summary): Summary => {
    const now = fresh.get(old.id);
    fresh.delete(old.id);
    if (!now || !differs(old, now)) return old;
    changed = true;
    return now;
  };
  const shown = results.shown.map(grown);
  const waiting = results.waiting.map(grown);
  if (!changed && fresh.size === 0) return results;
  const added = [...waiting, ...fresh.values()];
  if (hold) return { shown, waiting: newest(added, limit) };
  return { shown: join(shown, added, limit), waiting: [] };
}

/** Adds what is new, and for it leaves out the oldest of what was shown: by its own
 * start, what came from a clock that runs behind would never be seen. */
function join(shown: readonly Summary[], added: readonly Summary[], limit: number): Summary[] {
  const fresh = newest(added, limit);
  return newest([...newest(shown, limit - fresh.length), ...fresh], limit);
}

/** So many traces are remembered for each that is shown. */
const memory = 20;

/** What was seen of traces, shown or not: what a limit left out is no news when it is
 * found again. */
export class Seen {
  readonly known = new Map<string, Summary>();
  readonly #most: number;

  constructor(first: readonly Summary[], limit: number) {
    this.#most = memory * limit;
    this.news(first);
  }

  /** Returns those that are new or have grown, and remembers them. */
  news(found: readonly Summary[]): Summary[] {
    const fresh = found.filter((now) => {
      const old = this.known.get(now.id);
      return !old || differs(old, now);
    });
    for (const summary of fresh) {
      this.known.delete(summary.id); // the oldest news are forgotten first
      this.known.set(summary.id, summary);
    }
    for (const id of this.known.keys()) {
      if (this.known.size <= this.#most) break;
      this.known.delete(id);
    }
    return fresh;
  }
}

/** Reports whether a trace is another since it was seen last: it only ever grows. */
export function differs(old: Summary, now: Summary): boolean {
  return now.spans > old.spans || (now.spans === old.spans && now.duration !== old.duration);
}

/** Shows what waits. */
export function release(results: Results, limit: number): Results {
  if (results.waiting.length === 0) return results;
  return { shown: join(results.shown, results.waiting, limit), waiting: [] };
}

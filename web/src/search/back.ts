/** What the history keeps of a list that a trace was opened from. */
export interface Left {
  trace: string;
  /** Where its row was, in pixels from the window's top: above it there may be more
   * or less by the time somebody comes back. */
  top: number;
}

/** Keeps in the history which trace is opened, for who comes back to the list. */
export function leave(trace: string, row: Element | null): void {
  const left: Left = { trace, top: row?.getBoundingClientRect().top ?? innerHeight / 2 };
  history.replaceState(left, "");
}

/** Returns, once, what was kept when the list was left; undefined for a list that is new. */
export function comeBack(): Left | undefined {
  const state: unknown = history.state;
  if (typeof state !== "object" || state === null) return undefined;
  if (!("trace" in state && "top" in state)) return undefined;
  history.replaceState(null, "");
  const { trace, top } = state;
  return typeof trace === "string" && typeof top === "number" ? { trace, top } : undefined;
}

import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { collapsible, keysAbove, rowByKey, visibleRows, type Row, type Trace } from "../model/trace.ts";
import { setQuery } from "../router.ts";
import type { RowsHandle } from "../ui/VirtualRows.tsx";
import { rowID, type RowActions } from "./SpanRow.tsx";
import { rowsOf } from "./tree.ts";

/** How a row is brought into sight. */
interface Reveal {
  /** Opens its details. */
  open?: boolean;
  focus?: boolean;
  at?: "near" | "top";
}

/** What of the tree is shown, and what changes that. */
export interface Tree {
  rows: readonly Row[];
  /** The index of the row that has, or gets, the focus. */
  index: number;
  /** Its key; "" until the reader chose a row. */
  current: string;
  collapsed: ReadonlySet<string>;
  /** The keys of the rows with open details. */
  open: ReadonlySet<string>;
  /** The services shown; empty for all. */
  chosen: ReadonlySet<string>;
  /** What chosen leaves of the tree; undefined for all. */
  kept: ReadonlySet<Row> | undefined;
  /** How many spans chosen leaves out. */
  hidden: number;
  choose: (services: ReadonlySet<string>) => void;
  reveal: (key: string, how: Reveal) => void;
  collapseAll: () => void;
  expandAll: () => void;
  actions: RowActions;
}

const nothing: ReadonlySet<string> = new Set();

/** Keeps what of the tree is shown. The span whose details were opened last is in the
 * URL, so that the page can be sent to somebody. */
export function useTree(trace: Trace, query: URLSearchParams, handle: RefObject<RowsHandle | null>): Tree {
  const [collapsed, setCollapsed] = useState(nothing);
  const [open, setOpen] = useState(nothing);
  const [chosen, setChosen] = useState(nothing);
  const [current, setCurrent] = useState("");
  const kept = useMemo(() => rowsOf(trace, chosen), [trace, chosen]);
  const hidden = useMemo(
    () => (kept ? trace.nodes.filter((node) => !kept.has(node)).length : 0),
    [trace, kept],
  );
  const rows = useMemo(() => {
    const shown = visibleRows(trace, collapsed);
    return kept ? shown.filter((row) => kept.has(row)) : shown;
  }, [trace, collapsed, kept]);
  const index = useMemo(() => Math.max(0, rows.findIndex((row) => row.key === current)), [rows, current]);
  const want = useWanted(rows, handle);

  const reveal = (key: string, { open: opens, focus = false, at = "near" }: Reveal): void => {
    const row = rowByKey(trace, key);
    if (!row) return;
    const above = keysAbove(trace, row);
    if (above.some((one) => collapsed.has(one))) setCollapsed(without(collapsed, above));
    if (kept && !kept.has(row)) setChosen(nothing);
    if (opens && row.type === "span") setOpen(new Set([...open, row.key]));
    setCurrent(row.key);
    want({ key: row.key, focus, at });
  };
  const own = useRef("");
  const actions = useActions({ own, open, collapsed, setOpen, setCollapsed, setCurrent });
  useSpanInURL(query, own, reveal);
  const collapseAll = (): void => setCollapsed(new Set(collapsible(trace)));
  const expandAll = (): void => setCollapsed(nothing);
  const shown = { rows, index, current, collapsed, open, chosen, kept, hidden };
  return { ...shown, choose: setChosen, reveal, collapseAll, expandAll, actions };
}

function without(set: ReadonlySet<string>, keys: readonly string[]): Set<string> {
  const rest = new Set(set);
  for (const key of keys) rest.delete(key);
  return rest;
}

type Wanted = { key: string } & Required<Pick<Reveal, "focus" | "at">>;

/** Returns what scrolls to a row once it is there. */
function useWanted(rows: readonly Row[], handle: RefObject<RowsHandle | null>): (wanted: Wanted) => void {
  const [wanted, setWanted] = useState<Wanted | null>(null);
  useLayoutEffect(() => {
    if (!wanted) return;
    const index = rows.findIndex((row) => row.key === wanted.key);
    if (index < 0) return;
    handle.current?.show(index, wanted.at);
    // Scrolling is done; the browser's own would count without what is sticky.
    if (wanted.focus) document.getElementById(rowID(wanted.key))?.focus({ preventScroll: true });
  }, [wanted]);
  return setWanted;
}

interface Held {
  /** The span that the page itself put into the URL. */
  own: RefObject<string>;
  open: ReadonlySet<string>;
  collapsed: ReadonlySet<string>;
  setOpen: (keys: ReadonlySet<string>) => void;
  setCollapsed: (keys: ReadonlySet<string>) => void;
  setCurrent: (key: string) => void;
}

/** Returns actions that stay the same object, so that rows need not be drawn again. */
function useActions(held: Held): RowActions {
  const latest = useRef(held);
  latest.current = held;
  return useMemo(() => {
    const show = (key: string): void => {
      const { own, open, setOpen, setCurrent } = latest.current;
      setCurrent(key);
      setOpen(new Set([...open, key]));
      own.current = key;
      setQuery({ span: key });
    };
    const hide = (key: string): void => {
      const { own, open, setOpen, setCurrent } = latest.current;
      setCurrent(key);
      setOpen(without(open, [key]));
      if (own.current !== key) return;
      own.current = "";
      setQuery({ span: null });
    };
    return {
      toggle: (key) => (latest.current.open.has(key) ? hide(key) : show(key)),
      showLogs: (key) => {
        show(key);
        // The details are there once they were drawn.
        requestAnimationFrame(() => {
          document.getElementById(`logs-${key}`)?.scrollIntoView({ block: "nearest" });
        });
      },
      fold: (key) => {
        const { collapsed, setCollapsed, setCurrent } = latest.current;
        setCurrent(key);
        setCollapsed(collapsed.has(key) ? without(collapsed, [key]) : new Set([...collapsed, key]));
      },
    };
  }, []);
}

/** Opens the span that the URL names when the page is opened, a link within it is
 * followed, or the reader goes back. own is the one that the page itself put there,
 * which is in sight already. */
function useSpanInURL(query: URLSearchParams, own: RefObject<string>, reveal: Tree["reveal"]): void {
  const named = query.get("span") ?? "";
  useEffect(() => {
    if (named === own.current) return;
    own.current = named;
    if (named !== "") reveal(named, { open: true, focus: true, at: "top" });
  }, [named]);
}

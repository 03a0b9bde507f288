import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { looksOf } from "../model/colors.ts";
import { visibleDiffRows, type Diff, type DiffRow } from "../model/diff.ts";
import { plural } from "../model/format.ts";
import type { Trace } from "../model/trace.ts";
import { typing } from "../ui/keys.ts";
import { VirtualRows, type RowsHandle } from "../ui/VirtualRows.tsx";
import { DiffDetail } from "./DiffDetail.tsx";
import { DiffLine } from "./DiffLine.tsx";
import { differences, moveOf, type Move } from "./shown.ts";

interface DiffTableProps {
  diff: Diff;
  a: Trace;
  b: Trace;
}

/** In pixels, as compare.css has them: in a narrow window the bars stand below the name. */
const heights = { wide: 28, narrow: 86 } as const;

/** Both trees as one, a row for each pair of spans. */
export function DiffTable({ diff, a, b }: DiffTableProps) {
  const [only, setOnly] = useState(false);
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const narrow = useNarrow();
  const rows = useMemo(
    () => visibleDiffRows(only ? differences(diff.rows) : diff.rows, collapsed),
    [diff, only, collapsed],
  );
  const looks = useMemo(() => looksOf([...a.services, ...b.services].map(({ name }) => name)), [a, b]);
  const toggle = (key: string): void => setCollapsed(toggled(collapsed, key));
  const details = (key: string): void => setOpened(toggled(opened, key));
  const focus = useRowFocus(rows, collapsed, { toggle, details });
  const open = rows.flatMap(({ key }, index) => (opened.has(key) ? [index] : []));
  const whole = Math.max(a.duration, b.duration);
  const row = (index: number) => {
    const each = rows[index];
    return each && (
      <DiffLine row={each} index={index} a={a} b={b} whole={whole} looks={looks} active={index === focus.at}
        collapsed={collapsed.has(each.key)} onToggle={toggle} onDetails={details} />
    );
  };
  const below = (index: number) => {
    const each = rows[index];
    return each && <DiffDetail row={each} a={a} b={b} />;
  };
  return (
    <>
      <div class="diff-bar">
        <label><input type="checkbox" checked={only} onChange={() => setOnly(!only)} /> Differences only</label>
        <span class="muted">{plural(rows.length, "row")} of {diff.rows.length}</span>
      </div>
      <div class="diff" role="treegrid" aria-label="Spans of A and B" aria-rowcount={rows.length + 1}
        ref={focus.box} onKeyDown={focus.onKey} onFocusIn={focus.onFocus}>
        <div class="diff-line diff-head" role="row" aria-rowindex={1}>
          <span role="columnheader">Service and operation</span>
          <span role="columnheader">A</span>
          <span role="columnheader">B</span>
          <span role="columnheader">Difference</span>
        </div>
        <VirtualRows count={rows.length} height={narrow ? heights.narrow : heights.wide}
          keyOf={(n) => rows[n]?.key ?? ""} row={row} open={open} below={below}
          keep={focus.at} handle={focus.handle} />
      </div>
      {rows.length === 0 && <p class="muted">No differences found.</p>}
    </>
  );
}

function toggled(set: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(key)) next.add(key);
  return next;
}

interface RowActs {
  toggle: (key: string) => void;
  details: (key: string) => void;
}

/** Keeps which row has the focus, and handles its keys. */
function useRowFocus(rows: readonly DiffRow[], collapsed: ReadonlySet<string>, acts: RowActs) {
  const box = useRef<HTMLDivElement>(null);
  const handle = useRef<RowsHandle>(null);
  const [key, setKey] = useState("");
  const [wanted, setWanted] = useState(-1);
  const at = Math.max(0, rows.findIndex((row) => row.key === key));
  useEffect(() => {
    if (wanted < 0) return;
    setWanted(-1);
    handle.current?.show(wanted);
    box.current?.querySelector<HTMLElement>(`[data-index="${wanted}"]`)?.focus({ preventScroll: true });
  }, [wanted]);
  const act = (move: Exclude<Move, undefined>): void => {
    const row = rows[at];
    if (!row) return;
    if (move === "details") acts.details(row.key);
    else if (typeof move === "string") acts.toggle(row.key);
    else {
      setKey(rows[move.to]?.key ?? "");
      setWanted(move.to);
    }
  };
  const onKey = (event: KeyboardEvent): void => {
    const target = event.target;
    if (typing(event) || !(target instanceof HTMLElement) || target.dataset["index"] === undefined) return;
    const move = moveOf(event.key, rows, at, collapsed);
    if (!move) return;
    event.preventDefault();
    act(move);
  };
  const onFocus = (event: FocusEvent): void => {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-index]") : null;
    const focused = rows[Number(row?.dataset["index"] ?? -1)];
    if (focused) setKey(focused.key);
  };
  return { box, handle, at, onKey, onFocus };
}

/** Reports whether the window is narrow, and renders again when that changes. */
function useNarrow(): boolean {
  const [query] = useState(() => matchMedia("(max-width: 799px)"));
  const [narrow, setNarrow] = useState(query.matches);
  useEffect(() => {
    const update = (): void => setNarrow(query.matches);
    query.addEventListener("change", update);
    return () => query.removeEventListener("change", update);
  }, []);
  return narrow;
}

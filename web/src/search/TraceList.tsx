import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { looksOf } from "../model/colors.ts";
import { typing } from "../ui/keys.ts";
import { comeBack, leave } from "./back.ts";
import { targetOf } from "./move.ts";
import type { Summary } from "./summary.ts";
import { TraceRow } from "./TraceRow.tsx";

/** So many rows are shown at once, and with each press on the button for more. */
const page = 100;

/** How often "3 s ago" is written anew, in milliseconds. */
const tick = 5000;

interface TraceListProps {
  /** In the order to show. */
  list: readonly Summary[];
  picked: readonly string[];
  onPick: (id: string) => void;
  /** Called with whether the pointer or the focus is in the list. */
  onHold: (held: boolean) => void;
}

/** The traces that a search found. Arrow keys go from one to the next. */
export function TraceList({ list, picked, onPick, onHold }: TraceListProps) {
  const [count, setCount] = useState(page);
  const box = useRef<HTMLOListElement>(null);
  const [active, setActive] = useActive(box, list);
  const now = useNow();
  const looks = useMemo(() => looksOf(list.flatMap((each) => each.services.map(({ name }) => name))), [list]);
  const longest = useMemo(() => list.reduce((most, { duration }) => Math.max(most, duration), 0), [list]);
  const hold = useHold(onHold);
  const rows = list.slice(0, count);
  const onKey = (event: KeyboardEvent): void => {
    if (typing(event) && !isCheckbox(event.target)) return;
    const at = rows.findIndex(({ id }) => id === rowID(event.target));
    const to = rows[targetOf(event.key, at, rows.length) ?? -1];
    if (!to) return;
    event.preventDefault();
    setActive(to.id);
    linkOf(box.current, to.id)?.focus();
  };
  return (
    <>
      <ol class="results" ref={box} onKeyDown={onKey} {...hold}
        onFocusIn={(event: FocusEvent) => {
          setActive(rowID(event.target));
          hold.onFocusIn();
        }}
        onClick={(event: MouseEvent) => {
          const link = event.target instanceof Element ? event.target.closest("a") : null;
          if (link) leave(rowID(link), link);
        }}>
        {rows.map((summary, n) => (
          <TraceRow key={summary.id} summary={summary} looks={looks} longestDuration={longest} now={now}
            active={active === "" ? n === 0 : summary.id === active}
            picked={picked.includes(summary.id)} onPick={onPick} />
        ))}
      </ol>
      {list.length > count && (
        <p>
          <button type="button" onClick={() => setCount(count + page)}>
            Show {Math.min(page, list.length - count)} more of {list.length}
          </button>
        </p>
      )}
    </>
  );
}

function isCheckbox(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && target.type === "checkbox";
}

/** Returns the trace of the row that an element is in. */
function rowID(target: EventTarget | null): string {
  const row = target instanceof Element ? target.closest<HTMLElement>("[data-id]") : null;
  return row?.dataset["id"] ?? "";
}

function linkOf(box: Element | null, id: string): HTMLElement | undefined {
  const rows = [...(box?.querySelectorAll<HTMLElement>("[data-id]") ?? [])];
  return rows.find((row) => row.dataset["id"] === id)?.querySelector<HTMLElement>("a") ?? undefined;
}

/** Returns the row that the Tab key comes to. Whoever comes back to the list finds it
 * at the trace that was opened. */
function useActive(box: { readonly current: Element | null }, list: readonly Summary[]) {
  const [active, setActive] = useState("");
  useLayoutEffect(() => {
    const left = comeBack();
    const link = left && linkOf(box.current, left.trace);
    if (!link) return;
    setActive(left.trace);
    link.focus({ preventScroll: true });
    scrollBy(0, link.getBoundingClientRect().top - left.top);
  }, []);
  // A row that is gone leaves the first one in its place.
  const there = list.some(({ id }) => id === active);
  return [there ? active : "", setActive] as const;
}

/** Reports when the pointer or the focus enters the list, and when both have left it. */
function useHold(onHold: (held: boolean) => void) {
  const inside = useRef({ pointer: false, focus: false });
  const set = (part: { pointer?: boolean; focus?: boolean }): void => {
    inside.current = { ...inside.current, ...part };
    onHold(inside.current.pointer || inside.current.focus);
  };
  useEffect(() => () => onHold(false), []);
  return {
    onPointerEnter: () => set({ pointer: true }),
    onPointerLeave: () => set({ pointer: false }),
    onFocusIn: () => set({ focus: true }),
    onFocusOut: () => set({ focus: false }),
  };
}

/** Returns the time in microseconds since 1970, and renders again as it goes on. */
function useNow(): number {
  const [, setTurn] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTurn((turn) => turn + 1), tick);
    return () => clearInterval(timer);
  }, []);
  return Date.now() * 1000;
}

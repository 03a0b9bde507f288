import { useMemo, useRef, useState } from "preact/hooks";
import { looksOf } from "../model/colors.ts";
import { criticalByKey, type Segment } from "../model/critical.ts";
import { findSpans, wordsOf } from "../model/find.ts";
import { clampZoom, readZoom, writeZoom, type Zoom } from "../model/minimap.ts";
import { buildTrace, rowByKey, type Trace } from "../model/trace.ts";
import type { RawTrace } from "../model/types.ts";
import { warningsOf, type Warning } from "../model/warnings.ts";
import { setQuery, withMark } from "../router.ts";
import { Notice } from "../ui/Notice.tsx";
import type { RowsHandle } from "../ui/VirtualRows.tsx";
import type { SpanLink } from "./Detail.tsx";
import { FindBar } from "./FindBar.tsx";
import { Legend } from "./Legend.tsx";
import { Minimap } from "./Minimap.tsx";
import { TraceHeader } from "./TraceHeader.tsx";
import { foundIn, nextMatch } from "./tree.ts";
import { useKeys } from "./useKeys.ts";
import { useTree, type Tree } from "./useTree.ts";
import { WarningList } from "./WarningList.tsx";
import { Waterfall } from "./Waterfall.tsx";
import "./trace.css";

interface TracePageProps {
  raw: RawTrace;
  /** The id that was asked for. */
  id: string;
  query: URLSearchParams;
  /** Loads the trace again. */
  again: () => void;
}

const noSegments: ReadonlyMap<string, Segment[]> = new Map();

/** A trace that is there. */
export function TracePage({ raw, id, query, again }: TracePageProps) {
  const { trace, looks, warnings, critical } = useMemo(() => workOut(raw), [raw]);
  const handle = useRef<RowsHandle | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const [marked, setMarked] = useState(true);
  const tree = useTree(trace, query, handle);
  const zoom = useZoom(trace, query);
  const find = useFind(trace, tree, query.get("uiFind") ?? "");
  const setZoom = (next: Zoom): void => setQuery(writeZoom(clampZoom(next, trace), trace));
  const link = spanLink(query, tree);
  useKeys({ trace, zoom, setZoom, go: find.go, mark: () => setMarked((on) => !on), field });
  const named = query.get("span") ?? "";
  return (
    <div class="trace">
      <TraceHeader trace={trace} id={id} again={again} />
      {named !== "" && !rowByKey(trace, named) && <NoSpan id={named} />}
      <WarningList warnings={warnings.all} link={link} />
      <Minimap trace={trace} looks={looks} zoom={zoom} setZoom={setZoom} />
      <Legend trace={trace} looks={looks} chosen={tree.chosen} hidden={tree.hidden} choose={tree.choose} />
      <div class="bar-of-tools">
        <FindBar words={find.text} at={find.at} count={find.matches.length} go={find.go} field={field} />
        <button
          type="button"
          aria-pressed={marked}
          title="Highlight the critical path (c)"
          onClick={() => setMarked(!marked)}
        >
          Critical path
        </button>
        <button type="button" onClick={tree.expandAll}>Expand all</button>
        <button type="button" onClick={tree.collapseAll}>Collapse all</button>
      </div>
      <Waterfall
        trace={trace}
        tree={tree}
        looks={looks}
        zoom={zoom}
        critical={marked ? critical : noSegments}
        found={find.found}
        words={find.words}
        warnings={warnings.bySpan}
        zoomTo={(from, to) => setZoom({ from, to })}
        link={link}
        handle={handle}
      />
    </div>
  );
}

function NoSpan({ id }: { id: string }) {
  return (
    <Notice title="This link's span is not in the trace" kind="warning">
      <p>
        Span <code><bdi>{id}</bdi></code> has not arrived yet, or was <a href="/loss">lost</a>.
      </p>
    </Notice>
  );
}

function workOut(raw: RawTrace) {
  const trace = buildTrace(raw);
  return {
    trace,
    looks: looksOf(trace.services.map((service) => service.name)),
    warnings: arrange(warningsOf(trace)),
    critical: criticalByKey(trace),
  };
}

interface Warnings {
  all: readonly Warning[];
  /** In words, by the span's key. */
  bySpan: ReadonlyMap<string, string>;
}

function arrange(all: readonly Warning[]): Warnings {
  const bySpan = new Map<string, string>();
  for (const { node, level, words } of all) {
    if (!node || level !== "warning") continue;
    const before = bySpan.get(node.key);
    bySpan.set(node.key, before === undefined ? words : `${before}; ${words}`);
  }
  return { all, bySpan };
}

/** Returns what the URL's from and to put in sight; the same object while they stay. */
function useZoom(trace: Trace, query: URLSearchParams): Zoom {
  const [from, to] = [query.get("from"), query.get("to")];
  return useMemo(() => readZoom(query, trace), [trace, from, to]);
}

function useFind(trace: Trace, tree: Tree, text: string) {
  const result = useMemo(() => {
    const matches = findSpans(trace, text);
    const words = wordsOf(text);
    return { matches, words, found: words.length > 0 ? foundIn(trace, matches) : undefined };
  }, [trace, text]);
  const at = result.matches.findIndex((node) => node.key === tree.current) + 1;
  const go = (forward: boolean): void => {
    const match = nextMatch(trace, result.matches, tree.current, forward);
    if (match) tree.reveal(match.key, { focus: true });
  };
  return { ...result, text, at, go };
}

/** Returns links to spans of this trace that keep the zoom and what is searched for. */
function spanLink(query: URLSearchParams, tree: Tree): SpanLink {
  return (key, label) => {
    const place = new URLSearchParams(query);
    place.set("span", key);
    const open = (event: MouseEvent): void => {
      // The URL may be there already: then nothing but this brings the span into sight.
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      tree.reveal(key, { open: true, focus: true, at: "top" });
    };
    return (
      <a href={`${location.pathname}${withMark(place)}`} onClick={open}>
        {label === undefined ? <code><bdi>{key}</bdi></code> : <bdi>{label}</bdi>}
      </a>
    );
  };
}

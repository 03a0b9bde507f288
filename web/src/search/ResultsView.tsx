import { useEffect, useMemo, useState } from "preact/hooks";
import { plural } from "../model/format.ts";
import { visible } from "../model/text.ts";
import { navigate, setQuery } from "../router.ts";
import { Failure } from "../ui/Notice.tsx";
import { leave } from "./back.ts";
import { limits, localTime, type Form } from "./form.ts";
import { Mark } from "./Mark.tsx";
import { Nothing } from "./Nothing.tsx";
import { shortID } from "../model/place.ts";
import { orderOf, orders, sorted } from "./results.ts";
import { ScatterPlot } from "./ScatterPlot.tsx";
import type { Summary } from "./summary.ts";
import { TraceList } from "./TraceList.tsx";
import { useSearch, type Searched } from "./useSearch.ts";

interface ResultsViewProps {
  /** Without errors. */
  form: Form;
  query: URLSearchParams;
  /** The search is asked again when it changes. */
  turn: number;
  onSearch: (form: Form) => void;
}

/** What the search found: as a scatter and as a list. */
export function ResultsView({ form, query, turn, onSearch }: ResultsViewProps) {
  const ended = form.to !== "";
  const state = useSearch(form, query.get("live") === "1" && !ended);
  const { value, error, loading, again } = state;
  const order = orderOf(query.get("sort"));
  const list = useMemo(() => sorted(value?.shown ?? [], order), [value?.shown, order]);
  const [picked, pick] = usePicked();
  useEffect(() => {
    if (turn > 0) again();
  }, [turn]);
  if (error) return <Failure title="The search failed" error={error} again={again} />;
  if (!value) return <p class="muted" role="status">Searching…</p>;
  const narrow = (from: number, to: number): void =>
    onSearch({ ...form, range: "custom", from: localTime(from), to: localTime(Math.ceil(to / 1000) * 1000) });
  const open = (id: string): void => {
    leave(id, null);
    navigate(`/trace/${id}`);
  };
  return (
    <div class="found" aria-busy={loading}>
      {list.length > 0 && <ScatterPlot list={value.shown} onOpen={open} onRange={narrow} />}
      <div class="found-bar">
        <Count list={list} searched={value} form={form} onSearch={onSearch} />
        <label>
          Sort{" "}
          <select value={order} onChange={(event) => setQuery({ sort: event.currentTarget.value })}>
            {Object.entries(orders).map(([name, words]) => <option key={name} value={name}>{words}</option>)}
          </select>
        </label>
        <Live on={query.get("live") === "1"} ended={ended} />
      </div>
      <Notes notes={value.notes} />
      <News searched={value} onShow={state.release} />
      {list.length === 0
        ? <Nothing form={form} refreshing={value.refreshing} />
        : <TraceList key={state.key} list={list} picked={picked} onPick={pick} onHold={state.hold} />}
      <Picked picked={picked} onClear={() => pick("")} />
    </div>
  );
}

interface CountProps {
  list: readonly Summary[];
  searched: Searched;
  form: Form;
  onSearch: (form: Form) => void;
}

/** Shows how many there are, and whether there may be more. */
function Count({ list, searched, form, onSearch }: CountProps) {
  const limit = Number(form.limit);
  const more = [100, 500, limits.most].find((next) => next > limit);
  const waiting = searched.waiting.length;
  return (
    <p class="found-count">
      <span role="status">
        {plural(list.length, "trace")}
        {waiting > 0 && <span class="hidden">, {waiting} new</span>}
      </span>
      {list.length >= limit && <span class="muted"> (limit reached)</span>}
      {list.length >= limit && more !== undefined && (
        <button type="button" class="plain" onClick={() => onSearch({ ...form, limit: String(more) })}>
          Show up to {more}
        </button>
      )}
    </p>
  );
}

/** The switch of the live refresh. */
function Live({ on, ended }: { on: boolean; ended: boolean }) {
  return (
    <label title={ended ? "A range with an end gets no new traces" : "Check for new traces every 2 seconds"}>
      <input type="checkbox" checked={on && !ended} disabled={ended}
        onChange={(event) => setQuery({ live: event.currentTarget.checked ? "1" : null })} />{" "}
      Live
    </label>
  );
}

/** What the last refresh brought, or why it failed. */
function News({ searched, onShow }: { searched: Searched; onShow: () => void }) {
  return (
    <div class="found-float">
      {searched.trouble === "" && searched.waiting.length > 0 && (
        <button type="button" class="primary" onClick={onShow}>
          Show {plural(searched.waiting.length, "new trace")}
        </button>
      )}
      {searched.trouble !== "" && (
        <span class="found-trouble error" role="alert">
          <span aria-hidden="true">✕ </span>
          {`Refresh failed: ${visible(searched.trouble)}. Retrying every 2 seconds`}
        </span>
      )}
    </div>
  );
}

/** Keeps the two traces that were picked last; "" forgets them. */
function usePicked(): [readonly string[], (id: string) => void] {
  const [picked, setPicked] = useState<readonly string[]>([]);
  const pick = (id: string): void =>
    setPicked((old) => {
      if (id === "") return [];
      return old.includes(id) ? old.filter((other) => other !== id) : [...old, id].slice(-2);
    });
  return [picked, pick];
}

function Picked({ picked, onClear }: { picked: readonly string[]; onClear: () => void }) {
  const [a, b] = picked;
  return (
    <div class={picked.length > 0 ? "found-picked" : ""} role="status">
      {a !== undefined && b === undefined && (
        <span>Selected <code>{shortID(a)}</code>: select another to compare</span>
      )}
      {a !== undefined && b !== undefined && (
        <a class="button" href={`/compare?a=${a}&b=${b}`}>Compare {shortID(a)} with {shortID(b)}</a>
      )}
      {a !== undefined && <button type="button" class="plain" onClick={onClear}>Clear</button>}
    </div>
  );
}

function Notes({ notes }: { notes: readonly string[] }) {
  if (notes.length === 0) return null;
  return (
    <ul class="found-notes">
      {notes.map((note) => (
        <li key={note}><Mark kind="warning"><bdi>{visible(note)}</bdi></Mark></li>
      ))}
    </ul>
  );
}

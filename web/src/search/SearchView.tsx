import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { navigate, withMark } from "../router.ts";
import { typing } from "../ui/keys.ts";
import { Notice } from "../ui/Notice.tsx";
import { useTitle } from "../ui/useLoad.ts";
import { check, readForm, writeForm, type Form } from "./form.ts";
import { OpenTrace } from "./OpenTrace.tsx";
import { ResultsView } from "./ResultsView.tsx";
import { SearchForm } from "./SearchForm.tsx";
import "./search.css";
import "./results.css";

/** The search for traces. The URL has its parameters, so that links to it and the back
 * button work. */
export function SearchView({ query }: { query: URLSearchParams }) {
  useTitle(query.get("service") || "Search");
  const form = readForm(query);
  const wrong = Object.keys(check(form)).length > 0;
  const first = useFirstField();
  // Incremented to search again with the same URL.
  const [turn, setTurn] = useState(0);
  const search = (wanted: Form): void => {
    const next = `/search${withMark(kept(writeForm(wanted), query))}`;
    if (next === location.pathname + location.search) setTurn(turn + 1);
    else navigate(next);
  };
  return (
    <div class="search">
      <Side>
        <SearchForm form={form} onSearch={search} first={first} />
        <OpenTrace />
      </Side>
      <section class="search-results" aria-label="Results">
        <h1 class="hidden">Search for traces</h1>
        {wrong
          ? <Notice title="The search is invalid" kind="error"><p>See the marked field.</p></Notice>
          : <ResultsView form={form} query={query} turn={turn} onSearch={search} />}
      </section>
    </div>
  );
}

/** Keeps how the results are shown, whatever is searched for. */
function kept(wanted: URLSearchParams, query: URLSearchParams): URLSearchParams {
  for (const key of ["sort", "live"]) {
    const value = query.get(key);
    if (value !== null) wanted.set(key, value);
  }
  return wanted;
}

/** The conditions; in a narrow window they are folded away. */
function Side({ children }: { children: ComponentChildren }) {
  const [open] = useState(() => matchMedia("(min-width: 800px)").matches);
  return (
    <details class="search-side" open={open}>
      <summary>Filters</summary>
      {children}
    </details>
  );
}

/** Returns the reference for the field that the key "/" goes to. */
function useFirstField() {
  const first = useRef<HTMLSelectElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "/" || typing(event) || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      const side = first.current?.closest("details");
      if (side) side.open = true;
      first.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return first;
}

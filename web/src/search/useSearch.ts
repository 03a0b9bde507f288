import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import * as api from "../api/client.ts";
import { useLoad, type Loaded } from "../ui/useLoad.ts";
import { Finder, type Found } from "./finder.ts";
import { searchOf, writeForm, type Form } from "./form.ts";
import { whileVisible } from "./poll.ts";
import { refresh, release, Seen, type Results } from "./results.ts";

/** Between two refreshes. */
const interval = 2000;

/** A search that was answered. */
interface Answer extends Found {
  key: string;
  finder: Finder;
  limit: number;
}

/** What a search found, and what came since. */
export interface Searched extends Results {
  notes: readonly string[];
  /** Whether it is refreshed. */
  refreshing: boolean;
  /** Why the last refresh failed; "" when it did not. */
  trouble: string;
}

/** The state of the view and its actions. */
export interface SearchState extends Omit<Loaded<Searched>, "value"> {
  value?: Searched;
  /** Names the search that the value is of. */
  key: string;
  /** Called with whether the reader is in the list, so that nothing moves. */
  hold: (held: boolean) => void;
  /** Shows what waits. */
  release: () => void;
}

/**
 * Searches as the form says, and while live is set looks for what is new. A search
 * without a condition that finds nothing looks on its own: somebody waits for the
 * first span.
 */
export function useSearch(form: Form, live: boolean): SearchState {
  const key = writeForm(form).toString();
  const { value: answer, ...load } = useLoad<Answer>(async (signal) => {
    const search = searchOf(form, Date.now() * 1000);
    const finder = new Finder(search, api);
    return { ...(await finder.find(signal)), key, finder, limit: search.limit };
  }, [key]);
  const refreshing = live || (key === "" && answer?.summaries.length === 0);
  const news = useNews(answer, refreshing);
  const value = answer && { ...news.results, notes: answer.notes, refreshing, trouble: news.trouble };
  const { hold, release: show } = news;
  return { ...load, ...(value ? { value } : {}), key: answer?.key ?? key, hold, release: show };
}

interface News {
  /** The answer that the results began with. */
  of: Answer | undefined;
  results: Results;
  seen: Seen;
  trouble: string;
}

/** Refreshes an answer while on is set. */
function useNews(answer: Answer | undefined, on: boolean) {
  const first = useMemo(() => begin(answer), [answer]);
  const [state, setState] = useState(first);
  // Another answer takes effect in the very render that brings it.
  const news = state.of === answer ? state : first;
  const latest = useRef(news);
  latest.current = news;
  const held = useRef(false);
  const set = (change: Partial<News>): void => {
    latest.current = { ...latest.current, ...change };
    setState(latest.current);
  };
  const show = useCallback((): void => {
    const { of, results } = latest.current;
    if (of && results.waiting.length > 0) set({ results: release(results, of.limit) });
  }, []);
  const hold = useCallback((now: boolean): void => {
    held.current = now;
    if (!now) show();
  }, []);
  useEffect(() => {
    if (!on || !answer) return undefined;
    const look = async (signal: AbortSignal): Promise<void> => {
      try {
        const { seen } = latest.current;
        const found = await answer.finder.since(seen.known, Date.now() * 1000, signal);
        if (signal.aborted) return;
        const last = latest.current;
        const results = refresh(last.results, seen.news(found.summaries), answer.limit, held.current);
        if (results !== last.results || last.trouble !== "") set({ results, trouble: "" });
      } catch (cause) {
        if (!signal.aborted) set({ trouble: cause instanceof Error ? cause.message : String(cause) });
      }
    };
    return whileVisible(interval, look);
  }, [on, answer]);
  return { ...news, hold, release: show };
}

function begin(answer: Answer | undefined): News {
  const shown = answer?.summaries ?? [];
  const seen = new Seen(shown, answer?.limit ?? 0);
  return { of: answer, results: { shown, waiting: [] }, seen, trouble: "" };
}

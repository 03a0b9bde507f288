import { useCallback, useEffect, useState } from "preact/hooks";

/** What became of a request. While it loads again, the last value stays. */
export interface Loaded<T> {
  value?: T;
  error?: Error;
  loading: boolean;
  /** Loads again. */
  again: () => void;
}

/** Runs load whenever one of deps changes, and gives up an earlier run. */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, deps: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, "again">>({ loading: true });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    setState((last) => ({ ...(last.value === undefined ? {} : { value: last.value }), loading: true }));
    load(stop.signal).then(
      (value) => {
        if (!stop.signal.aborted) setState({ value, loading: false });
      },
      (cause: unknown) => {
        if (stop.signal.aborted) return;
        setState({ error: cause instanceof Error ? cause : new Error(String(cause)), loading: false });
      },
    );
    return () => stop.abort();
  }, [...deps, turn]);
  const again = useCallback(() => setTurn((n) => n + 1), []);
  return { ...state, again };
}

/** Sets the window's title while the view is shown. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === "" ? "otdemo" : `${title} · otdemo`;
  }, [title]);
}

import { useEffect, useState } from "preact/hooks";
import { ApiError, ask } from "../api/client.ts";
import { decodeAccount, type Account } from "./account.ts";
import { decodeHistory, joinHistory, lastOf, type History } from "./samples.ts";

/** The account and its history, as far as they are known, and how asking went. */
export interface Watched {
  account?: Account;
  history?: History;
  /** Why the last request failed. */
  error?: Error;
  /** The server has no such account: it is some other Jaeger. */
  absent: boolean;
}

/** The server samples once a second. */
const pause = 1000;

/** Reads the account, and again every second while live and while it can be seen. */
export function useAccount(live: boolean): Watched {
  const [watched, setWatched] = useState<Watched>({ absent: false });
  useEffect(() => {
    const stop = new AbortController();
    let timer: number | undefined;
    let known: Watched = watched;
    const turn = async (): Promise<void> => {
      if (!document.hidden || !known.account) {
        known = await read(known, stop.signal);
        if (stop.signal.aborted) return;
        setWatched(known);
      }
      if (live && !known.absent) timer = window.setTimeout(turn, pause);
    };
    void turn();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [live]);
  return watched;
}

/** Loads the account and the new part of its history. It never rejects. */
async function read(known: Watched, signal: AbortSignal): Promise<Watched> {
  try {
    const after = lastOf(known.history);
    const [account, history] = await Promise.all([
      ask("/api/loss", signal).then(decodeAccount),
      ask(`/api/loss/history?after=${after}`, signal).then(decodeHistory),
    ]);
    if (!account || !history) return { absent: true };
    return { account, history: joinHistory(known.history, history, after), absent: false };
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    if (!known.account && isAbsent(error)) return { absent: true };
    return { ...known, error };
  }
}

/** Any other Jaeger answers with 404, or with its page. */
function isAbsent(error: Error): boolean {
  return error instanceof ApiError && [200, 404, 405, 501].includes(error.status);
}

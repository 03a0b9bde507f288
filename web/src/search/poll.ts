/** A refresh rests so many times as long as it took, so that a slow server is not
 * kept busy. */
const restFactor = 4;

/**
 * Does the work again and again while the page is visible, with ms between, until the
 * function that it returns is called. The work must not fail.
 */
export function whileVisible(ms: number, work: (signal: AbortSignal) => Promise<void>): () => void {
  const stop = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy = false;
  const turn = async (): Promise<void> => {
    if (busy || document.hidden || stop.signal.aborted) return;
    busy = true;
    const began = performance.now();
    await work(stop.signal);
    busy = false;
    if (stop.signal.aborted) return;
    timer = setTimeout(soon, Math.max(ms, restFactor * (performance.now() - began)));
  };
  const soon = (): void => {
    clearTimeout(timer);
    void turn();
  };
  document.addEventListener("visibilitychange", soon);
  timer = setTimeout(soon, ms);
  return () => {
    stop.abort();
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", soon);
  };
}

import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

/** Returns the width of an element in pixels, and renders again when it changes; 0
 * before it was measured. */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    if (!element.current) return undefined;
    const measured = element.current;
    const watch = new ResizeObserver(() => setWidth(measured.clientWidth));
    setWidth(measured.clientWidth);
    watch.observe(measured);
    return () => watch.disconnect();
  }, []);
  return width;
}

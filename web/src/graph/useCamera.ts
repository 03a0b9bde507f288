import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { fit, reveal, zoom, type Camera, type Size } from "./camera.ts";

interface Box extends Size {
  x: number;
  y: number;
}

/** Moved less than this, a press is a click. */
const clickSlop = 4;

/** Room around the picture. */
const margin = 12;

/** Looks at a plane in a frame: drags, pinches on a touchpad and the wheel with Ctrl
 * move and zoom it, which leaves the wheel alone to the page. */
export function useCamera(frame: RefObject<HTMLElement | null>, plane: Size) {
  const [camera, setCamera] = useState<Camera>({ x: margin, y: margin, scale: 1 });
  const own = useRef(false); // the reader has chosen what to look at
  const drag = useRef<{ id: number; x: number; y: number; moved: boolean } | undefined>(undefined);
  const dragged = useRef(false); // the click that ends a drag must not open a link

  const fitAll = (): void => {
    own.current = false;
    const size = sizeOf(frame.current);
    const fitted = fit(plane, { width: size.width - 2 * margin, height: size.height - 2 * margin });
    setCamera({ ...fitted, x: fitted.x + margin, y: fitted.y + margin });
  };
  const zoomBy = (factor: number, at?: { x: number; y: number }): void => {
    own.current = true;
    const { width, height } = sizeOf(frame.current);
    setCamera((now) => zoom(now, factor, at ?? { x: width / 2, y: height / 2 }));
  };
  const show = (box: Box): void => setCamera((now) => reveal(now, box, sizeOf(frame.current)));

  useEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    own.current = false;
    const watch = new ResizeObserver(() => {
      if (!own.current) fitAll();
    });
    const wheel = (event: WheelEvent): void => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const box = element.getBoundingClientRect();
      zoomBy(Math.exp(-event.deltaY / 200), { x: event.clientX - box.left, y: event.clientY - box.top });
    };
    watch.observe(element);
    element.addEventListener("wheel", wheel, { passive: false });
    return () => {
      watch.disconnect();
      element.removeEventListener("wheel", wheel);
    };
  }, [plane]);

  const handlers = {
    onPointerDown: (event: PointerEvent): void => {
      dragged.current = false;
      if (event.button === 0) drag.current = { id: event.pointerId, x: event.clientX, y: event.clientY, moved: false };
    },
    onPointerMove: (event: PointerEvent): void => {
      const now = drag.current;
      if (!now || now.id !== event.pointerId) return;
      const [dx, dy] = [event.clientX - now.x, event.clientY - now.y];
      if (!now.moved && Math.hypot(dx, dy) < clickSlop) return;
      if (!now.moved) frame.current?.setPointerCapture(event.pointerId);
      drag.current = { id: now.id, x: event.clientX, y: event.clientY, moved: true };
      own.current = true;
      setCamera((camera) => ({ ...camera, x: camera.x + dx, y: camera.y + dy }));
    },
    onPointerUp: (): void => {
      dragged.current = drag.current?.moved ?? false;
      drag.current = undefined;
    },
    onPointerCancel: (): void => {
      drag.current = undefined;
    },
    onClickCapture: (event: MouseEvent): void => {
      if (!dragged.current) return;
      dragged.current = false;
      event.preventDefault();
      event.stopPropagation();
    },
  };
  return { camera, zoomBy, fitAll, show, handlers };
}

function sizeOf(element: HTMLElement | null): Size {
  return { width: element?.clientWidth ?? 0, height: element?.clientHeight ?? 0 };
}

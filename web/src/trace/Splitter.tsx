import type { RefObject } from "preact";
import { clampShare, limits, storeShare, usualShare } from "./nameShare.ts";
import { percent } from "./lane.ts";

interface SplitterProps {
  /** What is split. */
  box: RefObject<HTMLDivElement | null>;
  /** The names' share of the width. */
  share: number;
  setShare: (share: number) => void;
}

/** The line between names and times, which the pointer drags and arrows move. */
export function Splitter({ box, share, setShare }: SplitterProps) {
  const set = (next: number): void => {
    setShare(clampShare(next));
    storeShare(clampShare(next));
  };
  const onMove = (event: PointerEvent & { currentTarget: HTMLElement }): void => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId) || !box.current) return;
    const { left, width } = box.current.getBoundingClientRect();
    set((event.clientX - left) / Math.max(1, width));
  };
  const onKey = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key];
    if (step === undefined) return;
    set(share + step);
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      class="splitter"
      role="separator"
      tabIndex={0}
      aria-label="Width of the name column"
      aria-orientation="vertical"
      aria-valuemin={limits.least * 100}
      aria-valuemax={limits.most * 100}
      aria-valuenow={Math.round(share * 100)}
      style={{ left: percent(share) }}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={onMove}
      onDblClick={() => set(usualShare())}
      onKeyDown={onKey}
    />
  );
}

import { useMemo, useRef } from "preact/hooks";
import type { Look } from "../model/colors.ts";
import { callKey, type ServiceGraph } from "../model/graph.ts";
import { layoutGraph, type Layout, type PlacedService } from "../model/layout.ts";
import { typing } from "../ui/keys.ts";
import { CallLabel, ServiceBox } from "./Boxes.tsx";
import { neighbor, pathOf, placeLabels, thicknessOf, type Direction } from "./edges.ts";
import { useCamera } from "./useCamera.ts";

interface CanvasProps {
  graph: ServiceGraph;
  looks: ReadonlyMap<string, Look>;
  lookback: string;
}

/** The size of a service's box, and the room for the calls' labels. */
const sizes = { width: 184, height: 52, gapX: 132, gapY: 24 };

/** Labels smaller than this cannot be read, and hide the lines. */
const readable = 0.5;

const arrows: Readonly<Record<string, Direction>> = {
  ArrowRight: "callee",
  ArrowLeft: "caller",
  ArrowUp: "above",
  ArrowDown: "below",
};

/** The services as boxes and the calls as lines, to move and to zoom. */
export function Canvas({ graph, looks, lookback }: CanvasProps) {
  const layout = useMemo(() => layoutGraph(graph, sizes), [graph]);
  const frame = useRef<HTMLDivElement>(null);
  const { camera, zoomBy, fitAll, show, handlers } = useCamera(frame, layout);

  const reveal = ({ x, y }: PlacedService): void => show({ x, y, width: sizes.width, height: sizes.height });
  const onKey = (event: KeyboardEvent): void => {
    if (typing(event)) return;
    const direction = arrows[event.key];
    const at = event.target instanceof HTMLElement ? Number(event.target.dataset["at"] ?? -1) : -1;
    const from = layout.services[at];
    if (direction && from) {
      const to = neighbor(from, direction, layout.services, layout.calls);
      const box = frame.current?.querySelector<HTMLElement>(`[data-at="${to ? layout.services.indexOf(to) : ""}"]`);
      box?.focus({ preventScroll: true });
    } else if (event.key === "+" || event.key === "=") zoomBy(1.25);
    else if (event.key === "-") zoomBy(0.8);
    else if (event.key === "0") fitAll();
    else return;
    event.preventDefault();
  };

  // Drawn once: the camera moves all of it together.
  const picture = useMemo(
    () => <Picture layout={layout} looks={looks} lookback={lookback} onFocus={reveal} />,
    [layout, looks, lookback],
  );
  const transform = `translate(${camera.x}px, ${camera.y}px) scale(${camera.scale})`;
  // As high as the picture is once it fits the width.
  const shape = { aspectRatio: `${layout.width} / ${layout.height}`, maxHeight: `${Math.min(640, layout.height + 40)}px` };
  return (
    <section class="graph-frame" ref={frame} style={shape} onKeyDown={onKey} {...handlers}
      aria-label="Calls between services. Tab moves between services, arrow keys follow calls; the table below lists all calls.">
      <div class={camera.scale < readable ? "graph-plane graph-far" : "graph-plane"}
        style={{ transform, width: `${layout.width}px`, height: `${layout.height}px` }}>
        {picture}
      </div>
      <div class="graph-zoom">
        <button type="button" aria-label="Zoom in" title="Zoom in (+)" onClick={() => zoomBy(1.25)}>+</button>
        <button type="button" aria-label="Zoom out" title="Zoom out (−)" onClick={() => zoomBy(0.8)}>−</button>
        <button type="button" aria-label="Show all" title="Show all (0)" onClick={fitAll}>0</button>
      </div>
    </section>
  );
}

interface PictureProps {
  layout: Layout;
  looks: ReadonlyMap<string, Look>;
  lookback: string;
  onFocus: (placed: PlacedService) => void;
}

function Picture({ layout, looks, lookback, onFocus }: PictureProps) {
  const labels = placeLabels(layout.calls);
  return (
    <>
      <svg class="graph-lines" width={layout.width} height={layout.height} aria-hidden="true">
        <Arrow id="graph-arrow" />
        <Arrow id="graph-arrow-error" />
        {layout.calls.map(({ call, points, back }) => (
          <path key={callKey(call)} d={pathOf(points)} stroke-width={thicknessOf(call.calls)}
            class={`graph-line ${back ? "graph-back" : ""} ${call.errors > 0 ? "graph-failing" : ""}`}
            marker-end={`url(#graph-arrow${call.errors > 0 ? "-error" : ""})`} />
        ))}
      </svg>
      {layout.calls.map(({ call, back }, i) => (
        <CallLabel key={callKey(call)} call={call} back={back} at={labels[i] ?? { x: 0, y: 0 }} lookback={lookback} />
      ))}
      {layout.services.map((placed, i) => (
        <ServiceBox key={placed.service.name} placed={placed} size={sizes} look={looks.get(placed.service.name)}
          index={i} lookback={lookback} onFocus={() => onFocus(placed)} />
      ))}
    </>
  );
}

function Arrow({ id }: { id: string }) {
  return (
    <marker id={id} class={id} viewBox="0 0 8 8" refX={7} refY={4} markerWidth={10} markerHeight={10}
      markerUnits="userSpaceOnUse" orient="auto">
      <path d="M0 0L8 4L0 8z" />
    </marker>
  );
}

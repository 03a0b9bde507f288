import assert from "node:assert/strict";
import { test } from "node:test";
import { graphFromDependencies } from "../model/graph.ts";
import { layoutGraph, type Layout } from "../model/layout.ts";
import { fit, reveal, zoom } from "./camera.ts";
import { label, neighbor, pathOf, placeLabels, thicknessOf } from "./edges.ts";

/** Lays out calls written as "a>b 5". */
function laidOut(...calls: string[]): Layout {
  const graph = graphFromDependencies(calls.map((text) => {
    const [, parent = "", child = "", count = "1"] = /^(\w+)>(\w+)(?: (\d+))?$/.exec(text) ?? [];
    return { parent, child, calls: Number(count) };
  }));
  return layoutGraph(graph, { width: 164, height: 52, gapX: 136, gapY: 24 });
}

test("labels of a fan, and of lines that pass ranks, do not cover each other", () => {
  const layout = laidOut("a>b", "a>c", "a>d", "a>e", "b>f", "c>f", "d>f", "a>f", "e>a");
  const labels = placeLabels(layout.calls);
  assert.equal(labels.length, layout.calls.length);
  labels.forEach((one, i) => {
    for (const other of labels.slice(i + 1)) {
      const apart = Math.abs(one.x - other.x) >= label.width || Math.abs(one.y - other.y) >= label.height;
      assert.ok(apart, `${JSON.stringify(one)} covers ${JSON.stringify(other)}`);
    }
  });
});

test("a label stands on its line, between the boxes", () => {
  const layout = laidOut("a>b");
  const [at] = placeLabels(layout.calls);
  const [a, b] = layout.services;
  assert.deepEqual(at, { x: ((a?.x ?? 0) + 164 + (b?.x ?? 0)) / 2, y: (a?.y ?? 0) + 26 });
});

test("a path begins and ends at the boxes", () => {
  assert.equal(pathOf([]), "");
  assert.equal(pathOf([{ x: 0, y: 5 }, { x: 10, y: 5 }]), "M0 5H10");
  assert.equal(pathOf([{ x: 0, y: 5 }, { x: 10, y: 9 }]), "M0 5C5 5 5 9 10 9");
});

test("more calls are drawn thicker, within bounds", () => {
  const drawn = [0, 1, 10, 1000, 1e6, 1e15].map(thicknessOf);
  assert.deepEqual([...drawn].sort((a, b) => a - b), drawn);
  assert.ok((drawn[0] ?? 0) >= 1 && (drawn.at(-1) ?? 0) <= 6);
});

test("arrows lead along the call made most often, and up and down a rank", () => {
  const { services, calls } = laidOut("a>b 5", "a>c 9", "b>d", "c>d");
  const from = (name: string) => services.find((s) => s.service.name === name) ?? assert.fail(name);
  const to = (name: string, direction: "callee" | "caller" | "above" | "below") =>
    neighbor(from(name), direction, services, calls)?.service.name;
  assert.equal(to("a", "callee"), "c");
  assert.equal(to("d", "callee"), undefined);
  assert.equal(to("b", "caller"), "a");
  const [upper, lower] = from("b").y < from("c").y ? ["b", "c"] : ["c", "b"];
  assert.equal(to(upper, "below"), lower);
  assert.equal(to(lower, "above"), upper);
  assert.equal(to(upper, "above"), undefined);
});

test("all of the plane fits, in the middle, and never larger than it is", () => {
  assert.deepEqual(fit({ width: 200, height: 100 }, { width: 100, height: 100 }), { x: 0, y: 25, scale: 0.5 });
  assert.deepEqual(fit({ width: 50, height: 50 }, { width: 100, height: 100 }), { x: 25, y: 25, scale: 1 });
  assert.equal(fit({ width: 0, height: 0 }, { width: 100, height: 100 }).scale, 1);
});

test("zooming keeps what is under the pointer, and has an end", () => {
  const camera = { x: 10, y: 20, scale: 1 };
  const zoomed = zoom(camera, 2, { x: 60, y: 70 });
  assert.deepEqual(zoomed, { x: -40, y: -30, scale: 2 });
  assert.equal(zoom(zoomed, 100, { x: 0, y: 0 }).scale, zoom(zoomed, 1000, { x: 0, y: 0 }).scale);
});

test("a box out of sight is moved into it, and one within is left", () => {
  const frame = { width: 100, height: 100 };
  const box = { x: 150, y: -30, width: 20, height: 20 };
  assert.deepEqual(reveal({ x: 0, y: 0, scale: 1 }, box, frame), { x: -70, y: 30, scale: 1 });
  const seen = { x: -70, y: 30, scale: 1 };
  assert.deepEqual(reveal(seen, box, frame), seen);
});

import type { Node, Trace } from "./trace.ts";

/** A stretch of time that a span spent on the critical path itself. */
export interface Segment {
  node: Node;
  /** Microseconds since 1970. */
  start: number;
  end: number;
}

/** The part of a child that lies within its parent, and within the parent's part. */
interface Part {
  node: Node;
  start: number;
  end: number;
}

/**
 * Returns the critical path as Jaeger UI has it, earliest first: the stretches that
 * add up to the root's duration, so that the trace would have been shorter had one of
 * them been. It walks back from the end of the root to the child that finished last
 * before there, and so on within each child. A child is cut to its parent's time,
 * since nobody waited for the rest; one that only follows from its parent is left out.
 */
export function criticalPath(trace: Trace): Segment[] {
  const { root } = trace;
  return root ? pathOf(root) : [];
}

/** Returns the segments of each span, by its key. */
export function criticalByKey(trace: Trace): Map<string, Segment[]> {
  const byKey = new Map<string, Segment[]>();
  for (const segment of criticalPath(trace)) {
    const same = byKey.get(segment.node.key);
    if (same) same.push(segment);
    else byKey.set(segment.node.key, [segment]);
  }
  return byKey;
}

/** A span that is being walked back through. */
interface Visit {
  part: Part;
  /** What finished last stands last. */
  children: Part[];
  /** How far back the path has got. */
  at: number;
}

function pathOf(root: Node): Segment[] {
  const path: Segment[] = [];
  const stack: Visit[] = [visit({ node: root, start: root.span.start, end: root.end })];
  for (let now = stack.at(-1); now; now = stack.at(-1)) {
    const child = lastBefore(now.children, now.at);
    const from = child ? child.end : now.part.start;
    if (now.at > from) path.push({ node: now.part.node, start: from, end: now.at });
    if (child) {
      now.at = child.start;
      stack.push(visit(child));
    } else {
      stack.pop();
    }
  }
  return path.reverse();
}

function visit(part: Part): Visit {
  return { part, children: partsOf(part), at: part.end };
}

/** Takes the child that finished last, but not later than at; those that finished
 * later ran beside what is already on the path. */
function lastBefore(children: Part[], at: number): Part | undefined {
  for (let child = children.pop(); child; child = children.pop()) {
    if (child.end <= at) return child;
  }
  return undefined;
}

function partsOf(within: Part): Part[] {
  const parts: Part[] = [];
  for (const node of within.node.children) {
    if (node.follows) continue;
    const start = Math.max(node.span.start, within.start);
    const end = Math.min(node.end, within.end);
    if (end > start) parts.push({ node, start, end });
  }
  return parts.sort((a, b) => a.end - b.end || b.start - a.start);
}

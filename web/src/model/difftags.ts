import type { Tag } from "./types.ts";

/** A tag that two spans do not share. */
export interface TagChange {
  key: string;
  kind: "added" | "removed" | "changed";
  /** What a has; undefined for one that was added. */
  a: Tag | undefined;
  /** What b has; undefined for one that was removed. */
  b: Tag | undefined;
}

/** Returns how the tags differ, by key. Of tags with the same key those with the same
 * type and value belong together, and of the rest the first to the first. */
export function tagChanges(
  a: readonly Tag[],
  b: readonly Tag[],
  ignore: readonly string[] = [],
): TagChange[] {
  if (equal(a, b)) return [];
  const changes: TagChange[] = [];
  const byKey = new Map<string, { a: Tag[]; b: Tag[] }>();
  const side = (key: string): { a: Tag[]; b: Tag[] } => {
    const both = byKey.get(key) ?? { a: [], b: [] };
    byKey.set(key, both);
    return both;
  };
  for (const tag of a) side(tag.key).a.push(tag);
  for (const tag of b) side(tag.key).b.push(tag);
  for (const key of [...byKey.keys()].sort()) {
    if (!ignore.includes(key)) changes.push(...changesOf(key, side(key)));
  }
  return changes;
}

/** Reports whether both have the same in the same order, as most spans do. */
function equal(a: readonly Tag[], b: readonly Tag[]): boolean {
  return a.length === b.length && a.every((tag, i) => tag.key === b[i]?.key && sameValue(tag, b[i]));
}

function sameValue(a: Tag, b: Tag | undefined): boolean {
  return a.type === b?.type && a.value === b.value;
}

function changesOf(key: string, both: { a: Tag[]; b: Tag[] }): TagChange[] {
  const [left, right] = [[...both.a], [...both.b]];
  for (const tag of both.a) {
    const at = right.findIndex((other) => sameValue(tag, other));
    if (at < 0) continue;
    right.splice(at, 1);
    left.splice(left.indexOf(tag), 1);
  }
  const changes: TagChange[] = [];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [one, other] = [left[i], right[i]];
    changes.push({ key, kind: one ? (other ? "changed" : "removed") : "added", a: one, b: other });
  }
  return changes;
}

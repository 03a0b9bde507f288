/** How many colors style/services.css has: --svc-0 and so on. */
export const colorCount = 20;

/** How the bars of a service are filled; each is a class pattern-NAME in services.css. */
export const patterns = ["solid", "stripes", "dots", "lines", "grid", "back"] as const;

export type Pattern = (typeof patterns)[number];

/** How a service looks: no two services of a view share both color and pattern, up
 * to 120 of them, nor the badge, up to some 600. */
export interface Look {
  /** 0 to 19. */
  color: number;
  pattern: Pattern;
  /** Two letters. */
  badge: string;
}

/**
 * Gives each service its look. It follows from the name, so that a service looks the
 * same in every view; where two services would look alike, those whose names sort
 * later give way. The order of the names does not matter.
 */
export function looksOf(services: Iterable<string>): Map<string, Look> {
  const looks = new Map<string, Look>();
  const names = [...new Set(services)].sort();
  const badges = badgesOf(names);
  const fills = new Set<number>();
  const colors = new Map<number, number>();
  for (const name of names) {
    const fill = freeFill(hashOf(name), fills, colors);
    const pattern = patterns[Math.floor(fill / colorCount)] ?? "solid";
    looks.set(name, { color: fill % colorCount, pattern, badge: badges.get(name) ?? "??" });
  }
  return looks;
}

/** Returns the classes that fill a bar or a badge as the service's. */
export function lookClass(look: Look): string {
  return `svc-${look.color} pattern-${look.pattern}`;
}

/** FNV-1a, with its bits mixed once more, since names often differ in one letter. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Returns a pair of pattern and color, as pattern * colorCount + color. A color is
 * used again only when the others are used as often. */
function freeFill(hash: number, fills: Set<number>, colors: Map<number, number>): number {
  const least = colors.size < colorCount ? 0 : Math.min(...colors.values());
  let color = hash % colorCount;
  while ((colors.get(color) ?? 0) > least) color = (color + 1) % colorCount;
  let pattern = Math.floor(hash / colorCount) % patterns.length;
  for (let i = 0; i < patterns.length && fills.has(pattern * colorCount + color); i++) {
    pattern = (pattern + 1) % patterns.length;
  }
  colors.set(color, (colors.get(color) ?? 0) + 1);
  fills.add(pattern * colorCount + color);
  return pattern * colorCount + color;
}

const letters = "abcdefghijklmnopqrstuvwxyz";

/** Gives each name two letters: first to all who can have the best ones of their
 * name, then to the others. */
function badgesOf(names: readonly string[]): Map<string, string> {
  const badges = new Map<string, string>();
  const taken = new Set<string>();
  const give = (name: string, badge: string): void => {
    badges.set(name, badge);
    taken.add(badge);
  };
  for (const name of names) {
    const [best = "??"] = badgesFor(name);
    if (!taken.has(best)) give(name, best);
  }
  for (const name of names) {
    if (badges.has(name)) continue;
    give(name, firstFree(badgesFor(name), taken) ?? "??");
  }
  return badges;
}

function firstFree(badges: Iterable<string>, taken: ReadonlySet<string>): string | undefined {
  for (const badge of badges) if (!taken.has(badge)) return badge;
  return undefined;
}

/** Two letters that a name suggests, the best first, and then any. */
function* badgesFor(name: string): Generator<string> {
  const hash = hashOf(name);
  const words = name.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const all = [...words.join("")];
  const first = all[0] ?? "?";
  if (words.length > 1) for (const word of words.slice(1)) yield first + [...word][0];
  for (const letter of all.slice(1)) yield first + letter;
  if (all.length < 2) yield first + first;
  for (let i = 0; i < letters.length; i++) yield first + letters[(hash + i) % letters.length];
  for (let i = 0; i < letters.length ** 2; i++) {
    const at = (hash + i) % letters.length ** 2;
    yield `${letters[Math.floor(at / letters.length)]}${letters[at % letters.length]}`;
  }
}

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { colorCount, looksOf, patterns } from "./colors.ts";

const many = Array.from({ length: 100 }, (_, i) => `service-${i}`);

test("a service looks the same whatever the order of the services", () => {
  assert.deepEqual(looksOf([...many].reverse()), looksOf(many));
  assert.deepEqual(looksOf(["a", "a"]), looksOf(["a"]));
});

test("a service alone looks as it does among others that do not collide", () => {
  const alone = looksOf(["otdemo-server"]).get("otdemo-server");
  assert.deepEqual(looksOf(["otdemo-client", "otdemo-server"]).get("otdemo-server"), alone);
});

test("up to 20 services differ in color", () => {
  const looks = [...looksOf(many.slice(0, colorCount)).values()];
  assert.equal(new Set(looks.map((look) => look.color)).size, colorCount);
});

test("100 services differ in color and pattern, and in their badges", () => {
  const looks = [...looksOf(many).values()];
  assert.equal(new Set(looks.map((look) => `${look.color} ${look.pattern}`)).size, 100);
  assert.equal(new Set(looks.map((look) => look.badge)).size, 100);
});

test("more services than there are looks have one each all the same", () => {
  const names = Array.from({ length: 1000 }, (_, i) => `s${i}`);
  const looks = looksOf(names);
  assert.equal(looks.size, 1000);
  for (const look of looks.values()) {
    assert.ok(look.color >= 0 && look.color < colorCount && patterns.includes(look.pattern));
    assert.equal([...look.badge].length, 2);
  }
});

test("badges are of the name", () => {
  const badges = (...names: string[]): (string | undefined)[] => {
    const looks = looksOf(names);
    return names.map((name) => looks.get(name)?.badge);
  };
  assert.deepEqual(badges("otdemo-client", "otdemo-server"), ["oc", "os"]);
  assert.deepEqual(badges("frontend", "customer", "redis"), ["fr", "cu", "re"]);
  assert.deepEqual(badges("user-api", "user-auth"), ["ua", "us"]);
  assert.deepEqual(badges("service-16", "service-1", "service-6"), ["se", "s1", "s6"]);
  assert.deepEqual(badges("x", "日本"), ["xx", "日本"]);
  assert.equal(badges("")[0]?.length, 2);
});

/** Returns a style sheet's colors by name: in the light theme and in the dark one. */
function colorsOf(file: string): Map<string, string>[] {
  const css = readFileSync(`src/style/${file}`, "utf8");
  const pairs = [...css.matchAll(/(--[\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g)];
  return [2, 3].map((at) => new Map(pairs.map((pair) => [pair[1] ?? "", pair[at] ?? ""])));
}

/** WCAG's contrast of two colors. */
function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Fails unless a text of one color can be read on each of the others. */
function readable(name: string, color: string | undefined, grounds: readonly (string | undefined)[]): void {
  for (const ground of grounds) {
    const got = contrast(color ?? "", ground ?? "");
    assert.ok(got >= 4.5, `${name} ${color} on ${ground}: ${got.toFixed(2)}`);
  }
}

test("the colors pass WCAG AA in both themes", () => {
  const services = colorsOf("services.css");
  colorsOf("tokens.css").forEach((tokens, theme) => {
    const grounds = ["--bg", "--raised", "--sunken"].map((name) => tokens.get(name));
    for (const name of ["--text", "--muted", "--accent", "--error", "--warning", "--good"]) {
      readable(name, tokens.get(name), grounds.slice(0, 2));
    }
    readable("--on-accent", tokens.get("--on-accent"), [tokens.get("--accent")]);
    for (const kind of ["error", "warning", "good"]) {
      readable(kind, tokens.get(`--${kind}`), [tokens.get(`--${kind}-bg`)]);
    }
    const block = services[theme];
    for (let i = 0; i < colorCount; i++) {
      readable(`--svc-${i}`, block?.get(`--svc-${i}`), [...grounds, block?.get("--on-svc")]);
    }
  });
});

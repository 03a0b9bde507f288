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

/** Returns the custom properties of each block of a style sheet. */
function blocks(file: string): Map<string, string>[] {
  const css = readFileSync(`src/style/${file}`, "utf8");
  return [...css.matchAll(/\{([^{}]*)\}/g)]
    .map(([, body = ""]) => [...body.matchAll(/(--[\w-]+): (#[0-9a-f]{6});/g)])
    .map((found) => new Map(found.map(([, name = "", value = ""]) => [name, value])))
    .filter((block) => block.has("--bg") || block.has("--svc-0"));
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

test("the services' colors pass WCAG AA in both themes", () => {
  const tokens = blocks("tokens.css");
  const services = blocks("services.css");
  assert.deepEqual([tokens.length, services.length], [3, 3]); // light, dark by the device, dark
  services.forEach((block, theme) => {
    for (let i = 0; i < colorCount; i++) {
      const color = block.get(`--svc-${i}`) ?? "";
      const beside = ["--bg", "--raised", "--sunken"].map((name) => tokens[theme]?.get(name) ?? "");
      for (const other of [...beside, block.get("--on-svc") ?? ""]) {
        const got = contrast(color, other);
        assert.ok(got >= 4.5, `theme ${theme}: --svc-${i} ${color} on ${other}: ${got.toFixed(2)}`);
      }
    }
  });
  assert.deepEqual(services[1], services[2]);
});

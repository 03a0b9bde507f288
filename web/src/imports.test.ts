import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

/** Returns what a file of src imports, types included, as paths within src. */
function importsOf(file: string): string[] {
  const found = readFileSync(join("src", file), "utf8").matchAll(/from "(\.[^"]+)"/g);
  return [...found].map(([, path]) => normalize(join(dirname(file), path ?? "")));
}

/** Returns a file that imports itself by way of others, and these, or undefined. */
function findCircle(imports: ReadonlyMap<string, string[]>): string[] | undefined {
  const done = new Set<string>();
  const walk = (file: string, path: string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of imports.get(file) ?? []) {
      const circle = walk(next, [...path, file]);
      if (circle) return circle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of imports.keys()) {
    const circle = walk(file, []);
    if (circle) return circle;
  }
  return undefined;
}

test("no file imports itself by way of others", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file));
  const imports = new Map(files.map((file) => [file, importsOf(file)]));
  assert.ok(imports.get("App.tsx")?.includes("router.ts"), "found no imports");
  assert.equal(findCircle(imports)?.join(" → "), undefined);
});

test("a circle is found", () => {
  const imports = new Map([["a", ["b"]], ["b", ["c", "d"]], ["c", []], ["d", ["e"]], ["e", ["b"]]]);
  assert.deepEqual(findCircle(imports), ["b", "d", "e", "b"]);
});

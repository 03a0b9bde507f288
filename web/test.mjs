// Runs src/**/*.test.ts with Node's own test runner. Arguments choose files by a
// part of their name.
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

const wanted = process.argv.slice(2);
const found = (await readdir("src", { recursive: true }))
  .filter((file) => /\.test\.tsx?$/.test(file))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));
const out = await mkdtemp(join(tmpdir(), "otdemo-page-"));
try {
  await build({
    entryPoints: found.map((file) => join("src", file)),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    sourcemap: "inline",
    loader: { ".css": "empty" },
    logLevel: "warning",
  });
  const files = (await readdir(out, { recursive: true })).filter((file) => file.endsWith(".mjs"));
  const run = spawnSync(
    process.execPath,
    ["--enable-source-maps", "--test", ...files.map((file) => join(out, file))],
    { stdio: "inherit" },
  );
  process.exitCode = run.status ?? 1;
} finally {
  await rm(out, { recursive: true, force: true });
}

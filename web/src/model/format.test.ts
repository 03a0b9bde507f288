import assert from "node:assert/strict";
import { test } from "node:test";
import * as format from "./format.ts";

test("durations are as the command line prints them", () => {
  // Made by pkg/trace's FormatDuration, but for µs.
  const cases: [number, string][] = [
    [0, "0µs"],
    [1, "1µs"],
    [999, "999µs"],
    [1000, "1.00ms"],
    [1230, "1.23ms"],
    [4785, "4.79ms"],
    [9994, "9.99ms"],
    [9996, "10.00ms"],
    [12_250, "12.2ms"],
    [12_350, "12.3ms"],
    [99_951, "100.0ms"],
    [100_500, "100ms"],
    [101_500, "102ms"],
    [999_500, "1000ms"],
    [1_125_000, "1.12s"],
    [1_135_000, "1.14s"],
    [59_999_000, "60.0s"],
    [60_000_000, "1m0s"],
    [725_500_000, "12m6s"],
    [3_600_000_000, "1h0m0s"],
    [93_784_000_000, "26h3m4s"],
    [-1230, "-1.23ms"],
  ];
  for (const [microseconds, want] of cases) assert.equal(format.formatDuration(microseconds), want);
});

test("durations are read as Go writes them", () => {
  const cases: [string, number | undefined][] = [
    ["0", 0],
    ["1.5ms", 1500],
    ["1m30s", 90_000_000],
    ["2h", 7_200_000_000],
    [" 250us ", 250],
    ["250µs", 250],
    ["250μs", 250],
    ["500ns", 0.5],
    [".5s", 500_000],
    ["+1s", 1_000_000],
    ["", undefined],
    ["5", undefined],
    ["-1s", undefined],
    ["1.5.2s", undefined],
    ["1 s", undefined],
    ["ms", undefined],
    ["1sx", undefined],
    ["1d", undefined],
  ];
  for (const [text, want] of cases) assert.equal(format.parseDuration(text), want, text);
});

test("times are to the millisecond, or to the microsecond in ISO", () => {
  const at = new Date(2026, 10, 3, 9, 5, 4, 7).getTime() * 1000 + 321;
  assert.equal(format.formatTime(at), "2026-11-03 09:05:04.007");
  assert.equal(format.formatClock(at), "09:05:04");
  assert.equal(format.formatISO(1_000_321), "1970-01-01T00:00:01.000321Z");
  assert.equal(format.formatTime(Number.NaN), "invalid time");
  assert.equal(format.formatISO(1e300), "");
});

test("how long ago", () => {
  const cases: [number, string][] = [
    [0.9, "now"],
    [-0.9, "now"],
    [42, "42 s ago"],
    [5 * 60 + 59, "5 min ago"],
    [47 * 3600, "47 h ago"],
    [48 * 3600, "2 days ago"],
    [-5, "in 5 s"],
  ];
  for (const [seconds, want] of cases) assert.equal(format.formatAgo(1e15, 1e15 + seconds * 1e6), want);
});

test("numbers", () => {
  assert.equal(format.formatOffset(1230), "+1.23ms");
  assert.equal(format.formatOffset(-5), "-5µs");
  assert.deepEqual([0, 999, 1000, 1234567].map(format.formatCount), ["0", "999", "1,000", "1,234,567"]);
  assert.deepEqual([format.plural(1, "span"), format.plural(5000, "span")], ["1 span", "5,000 spans"]);
  assert.equal(format.plural(0, "match", "matches"), "0 matches");
  assert.deepEqual([0, 999, 1000, 100_000, 999_499, 999_999, 4_560_000].map(format.formatBytes), [
    "0 B", "999 B", "1.00 kB", "100 kB", "999 kB", "1.00 MB", "4.56 MB",
  ]);
  assert.deepEqual([0, 0.0001, 0.025, 0.25, 0.5, 0.996, 0.9999, 1].map(format.formatShare), [
    "0%", "<0.1%", "2.5%", "25%", "50%", "99.6%", ">99.9%", "100%",
  ]);
  assert.deepEqual([1.5, 0.25, 12, Infinity].map(format.formatRatio), ["×1.50", "×0.25", "×12.0", "×∞"]);
});

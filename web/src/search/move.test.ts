import assert from "node:assert/strict";
import test from "node:test";
import { targetOf } from "./move.ts";

test("keys go over the rows, and stay on them", () => {
  const cases: [string, number, number, number | undefined][] = [
    ["ArrowDown", 0, 5, 1],
    ["ArrowDown", 4, 5, 4],
    ["ArrowUp", 0, 5, 0],
    ["PageDown", 0, 50, 10],
    ["PageUp", 4, 50, 0],
    ["Home", 9, 50, 0],
    ["End", 9, 50, 49],
    ["ArrowLeft", 1, 5, undefined],
    ["ArrowDown", -1, 0, undefined],
  ];
  for (const [key, at, count, want] of cases) assert.equal(targetOf(key, at, count), want, `${key} at ${at}`);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { cutText, visible, visibleLines } from "./text.ts";

test("characters that do not show are made visible", () => {
  const cases: [string, string][] = [
    ["plain, Ünïcödé, 日本, 👩\u200d💻", "plain, Ünïcödé, 日本, 👩\u200d💻"],
    ["a\u0000b\u001b[31m\u007f", "a␀b␛[31m␡"],
    ["line\nnext\ttab\r", "line␊next␉tab␍"],
    ["\u0085", "⟨U+0085⟩"],
    ["safe\u202egpj.exe", "safe⟨U+202E⟩gpj.exe"],
    ["zero\u200bwidth\ufeff", "zero⟨U+200B⟩width⟨U+FEFF⟩"],
    ["half \ud83d.", "half ⟨U+D83D⟩."],
    ["\udc00", "⟨U+DC00⟩"],
    ["tag \u{e0041}", "tag ⟨U+E0041⟩"],
    ["<b>&amp;</b>", "<b>&amp;</b>"],
    ["שלום", "שלום"],
  ];
  for (const [text, want] of cases) assert.equal(visible(text), want);
});

test("lines and tabs can stay", () => {
  assert.equal(visibleLines("a\r\nb\tc\rd\u0007"), "a\nb\tc␍d␇");
});

test("a text is cut between characters", () => {
  assert.deepEqual(cutText("short", 5), { text: "short", cut: false, bytes: 5 });
  assert.deepEqual(cutText("ab👩cd", 3), { text: "ab", cut: true, bytes: 8 });
  assert.deepEqual(cutText("ab👩cd", 4), { text: "ab👩", cut: true, bytes: 8 });
  assert.equal(cutText("ü".repeat(100_000), 1000).bytes, 200_000);
});

import assert from "node:assert/strict";
import test from "node:test";
import { FieldError, formatTags, parseTags, tagsOfURL } from "./tags.ts";

test("tags are read from logfmt", () => {
  const cases: [string, Record<string, string>][] = [
    ["", {}],
    ["  ", {}],
    ["error=true http.status_code=500", { error: "true", "http.status_code": "500" }],
    ["error", { error: "true" }],
    ["empty= next=1", { empty: "", next: "1" }],
    ['http.url="/a b?c=\\"d\\"" x=1', { "http.url": '/a b?c="d"', x: "1" }],
    ["url=http://a/?b=c", { url: "http://a/?b=c" }],
    ['path="C:\\\\x\\n"', { path: "C:\\x\n" }],
    ["a=1\n\tb=2", { a: "1", b: "2" }],
    ["__proto__=1", Object.fromEntries([["__proto__", "1"]])],
  ];
  for (const [text, want] of cases) assert.deepEqual(parseTags(text), want, text);
});

test("tags that are no logfmt are refused, with the place", () => {
  for (const [text, want] of [
    ["=1", '"=1"'],
    ['a="open', '"a=\\"open"'],
    ["a=1 =2", '"=2"'],
    ['a="x"y', '"a=\\"x\\"y"'],
  ] as const) {
    assert.throws(() => parseTags(text), (error: unknown) => {
      assert.ok(error instanceof FieldError);
      assert.ok(error.message.startsWith(`cannot parse ${want}:`), error.message);
      return true;
    });
  }
});

test("tags survive being written and read", () => {
  const tags = {
    plain: "1",
    empty: "",
    spaced: "a b",
    quoted: 'say "x"',
    slashes: "C:\\x y\\",
    lines: "a\nb\tc\r",
    bare: "a\\b",
  };
  assert.deepEqual(parseTags(formatTags(tags)), tags);
});

test("tags come from both forms of URL", () => {
  const cases: [string | null, string[], string][] = [
    [null, [], ""],
    ['{"error":"true","n":5}', [], "error=true n=5"],
    [null, ["error:true", "url:http://x"], "error=true url=http://x"],
    ['{"error":"false"}', ["error:true"], "error=false"],
    ["{broken", [], "{broken"],
    ["[1]", ["nocolon"], "nocolon [1]"],
  ];
  for (const [tags, pairs, want] of cases) assert.equal(tagsOfURL(tags, pairs), want);
});

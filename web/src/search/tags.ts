/** The tags of a search: values are compared as text. */
export type Tags = Readonly<Record<string, string>>;

/** A text that cannot be read, with the reason for the field that holds it. */
export class FieldError extends Error {}

/** A key, and its value if it has one: plain, or quoted with backslashes within. */
const pair = /\s*([^\s="]+)(?:=("(?:[^"\\]|\\.)*"|[^\s"]*))?(?=\s|$)/y;

/**
 * Reads tags as logfmt writes them: `error=true http.url="/a b"`. A key alone
 * means true, as in Jaeger's page. Throws a FieldError.
 */
export function parseTags(text: string): Tags {
  const tags: [string, string][] = [];
  const rest = text.trimEnd();
  pair.lastIndex = 0;
  while (pair.lastIndex < rest.length) {
    const at = pair.lastIndex;
    const found = pair.exec(rest);
    if (!found) {
      throw new FieldError(`cannot parse ${cut(rest.slice(at).trim())}: write key=value or key="a value"`);
    }
    tags.push([found[1] ?? "", unquote(found[2] ?? "true")]);
  }
  return Object.fromEntries(tags);
}

function unquote(value: string): string {
  if (!value.startsWith('"')) return value;
  const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };
  return value.slice(1, -1).replace(/\\(.)/gs, (_, char: string) => escapes[char] ?? char);
}

/** Writes tags so that parseTags reads the same. */
export function formatTags(tags: Tags): string {
  return Object.entries(tags).map(([key, value]) => `${key}=${quote(value)}`).join(" ");
}

function quote(value: string): string {
  if (value !== "" && !/[\s"]/.test(value)) return value;
  const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\t": "\\t", "\r": "\\r" };
  return `"${value.replace(/[\\"\n\t\r]/g, (char) => escapes[char] ?? `\\${char}`)}"`;
}

/**
 * Reads the tags of a URL: tags is a JSON object, as Jaeger's page writes it, and
 * each of pairs is key:value. What cannot be read comes back as it was, so that
 * the field shows it with its error.
 */
export function tagsOfURL(tags: string | null, pairs: readonly string[]): string {
  const known: Record<string, string> = {};
  const unknown: string[] = [];
  for (const text of pairs) {
    const colon = text.indexOf(":");
    if (colon > 0) known[text.slice(0, colon)] = text.slice(colon + 1);
    else unknown.push(text);
  }
  if (tags !== null && tags !== "") {
    const object = jsonObject(tags);
    if (object) for (const [key, value] of Object.entries(object)) known[key] = textOf(value);
    else unknown.push(tags);
  }
  return [formatTags(known), ...unknown].filter((part) => part !== "").join(" ");
}

function jsonObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function cut(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

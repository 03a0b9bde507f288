import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { clientLost, decodeAccount, undecodableOf, type Account } from "./account.ts";
import { causes, lossesOf, reasons, sayLosses } from "./losses.ts";

/** An answer of /api/loss without a loss, but for what is given. */
function account(changes: Record<string, unknown> = {}): Account {
  const lossless = { schema_version: 1, started: "2026-11-23T09:20:46.352481938Z", agent: {}, listeners: {}, store: {} };
  return decodeAccount({ ...lossless, ...changes }) ?? assert.fail("no account");
}

test("what is no account is none", () => {
  assert.equal(decodeAccount({}), undefined);
  assert.equal(decodeAccount({ data: null, errors: [{ msg: "trace not found" }] }), undefined);
});

test("times are microseconds, and what is missing is 0", () => {
  assert.equal(account().started, Date.UTC(2026, 10, 23, 9, 20, 46, 352) * 1000);
  assert.equal(account().totals.queueFull, 0);
  assert.deepEqual(lossesOf(account()), []);
});

test("each loss is told with its number, summed up by where it was", () => {
  const lossy = account({
    agent: { kernel_drops: 2 },
    listeners: {
      "agent-compact": { undecodable: { text: 1, http: 3 }, datagrams: { kernel_drops: 2, kernel_drops_known: true } },
      zipkin: { undecodable: { malformed: 1 } },
    },
    store: { spans_evicted: 1000, spans_refused: 34 },
    client_totals: { clients: 1, batches_missing: 1, lost: { queue_full: 20, too_large: 1, failed: 5 } },
  });
  assert.equal(
    sayLosses(lossesOf(lossy)),
    "26 spans in clients, 1 batch in transit, 2 datagrams and 5 messages at this backend's ports, 1,034 spans from the store",
  );
  assert.equal(undecodableOf(lossy), 5);
  assert.deepEqual(lossy.listeners[0]?.undecodable, [{ reason: "http", count: 3 }, { reason: "text", count: 1 }]);
  assert.equal(lossy.listeners[1]?.kernelDrops, undefined);
});

test("a claim below 0 is no loss", () => {
  const { clients } = account({ clients: [{ id: "a", lost: { queue_full: -5 } }, { id: "b", batches_missing: 1 }] });
  assert.deepEqual(clients.map(clientLost), [false, true]);
});

test("every finding named is explained by the program", () => {
  const findings = readFileSync("../docs/findings.md", "utf8");
  for (const finding of causes.flatMap((cause) => cause.findings)) {
    assert.ok(findings.includes(`\n## ${finding}\n`), finding);
  }
});

test("every reason that the backend counts has words", () => {
  const root = "../pkg/allinone/";
  const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".go") && !path.endsWith("_test.go"))
    .map((path) => readFileSync(root + path, "utf8"));
  const counted = sources.flatMap((source) => [...source.matchAll(/Reason\s*= "(\w+)"/g)].map((match) => match[1] ?? ""));
  assert.ok(counted.length > 15);
  assert.deepEqual(Object.keys(reasons).sort(), counted.sort());
});

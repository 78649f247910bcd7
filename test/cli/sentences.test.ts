/** What a dispatcher says on a terminal. */

import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { describeFault, describeWarning } from "../../src/cli/print_faults.ts";
import { Sentences } from "../../src/cli/sentences.ts";
import { parseConfig } from "../../src/config/config.ts";
import { type Fault, faultData } from "../../src/fault/fault.ts";

const config = parseConfig(
  `
dispatcher: {addresses: [10.0.0.2/24], mac: 02:00:00:00:00:02, bridge: br0}
clusters:
  - name: web
    addresses: [10.0.0.100]
    backends:
      - {name: web1, address: 10.0.0.11}
      - {name: web2, address: 10.0.0.12, weight: 2}
`,
  "oneip.yaml",
  "machine",
);

const UP1 = {
  address: "10.0.0.11",
  backends: ["web1"],
  moved: 0,
  mac: "02:00:00:00:00:11",
  msg: "neighbor answers",
};
const UP2 = {
  address: "10.0.0.12",
  backends: ["web2"],
  moved: 0,
  mac: "02:00:00:00:00:12",
  msg: "neighbor answers",
};
const GONE2 = {
  address: "10.0.0.12",
  backends: ["web2"],
  moved: 2731,
  msg: "neighbor does not answer",
  level: 40,
};

/** What is said of these records, without the time, each in one line. */
function said(...records: readonly object[]): string[] {
  const sentences = new Sentences(config);
  return records.map((record) =>
    stripVTControlCharacters(
      sentences.of(JSON.stringify({ level: 30, time: "2026-01-01T00:00:00.000Z", ...record })),
    ).replace(/^\d\d:\d\d:\d\d {2}/, "").replaceAll(/\n {10}/g, " ").trimEnd()
  );
}

test("what it is, and who is up", () => {
  const running = {
    interface: "oneip0",
    bridge: "br0",
    mac: "02:00:00:00:00:02",
    addresses: ["10.0.0.2/24"],
    clusters: [{ name: "web", addresses: ["10.0.0.100"], backends: 2 }],
    queues: 1,
    msg: "running",
  };
  expect(said(running, UP1)).toEqual([
    "The dispatcher 10.0.0.2/24 runs on oneip0, a port of bridge br0, with MAC 02:00:00:00:00:02. " +
    "It serves cluster web (10.0.0.100).",
    "web1 is up at 10.0.0.11 (MAC 02:00:00:00:00:11).",
  ]);
});

test("what changed, whom it concerns, and what to do", () => {
  expect(said(UP1, UP2, GONE2, { ...UP2, moved: 2731 }).slice(2)).toEqual([
    "web2 is gone: its 2731 of 4096 buckets went to web1. Nobody answers for 10.0.0.12: see whether the machine is up, and " +
    "on this link.",
    "web2 is back: it has its 2731 of 4096 buckets again.",
  ]);
  const last = { ...GONE2, address: "10.0.0.11", backends: ["web1"], moved: 4096 };
  expect(said(GONE2, last)[1]).toMatch(
    /^web1 is gone: its 4096 of 4096 buckets have no owner, for no backend of cluster web is left\./,
  );
});

test("nothing is told that did not happen", () => {
  const stopped = {
    received: 42,
    workers: [42],
    verdicts: { dispatched: 40, drop_runt: 0, answered_arp: 2 },
    dispatched: { "10.0.0.11": 40, "10.0.0.12": 0 },
    broadcast: { web: 0 },
    transitions: { web: { buckets: 0, remembered: 0, unremembered: 0 } },
    kept: { sent: 0, dropped: 0 },
    msg: "stopped",
  };
  expect(said(stopped, { ...stopped, received: 0 })).toEqual([
    "Stopped after 42 frames: dispatched 40, answered arp 2, to 10.0.0.11 40.",
    "Stopped. No frame came.",
  ]);
});

test("who has no connections left, and whether some were cut", () => {
  const ended = { cluster: "web", msg: "transition ended" };
  expect(
    said(
      { ...ended, backends: ["web1", "web2"], buckets: 1024, cut: 0, lastedMs: 431_000 },
      { ...ended, backends: ["web2"], buckets: 1, cut: 1, lastedMs: 60_000 },
    ),
  ).toEqual([
    "web1 and web2 have no connections left of 1024 buckets of cluster web that others own now, after 7 minutes.",
    "web2 has no connections left of 1 bucket of cluster web that others own now, after 1 minute. Of 1 of them it was time, " +
    "so connections may have been cut: `transition.most` says when.",
  ]);
});

const FAULT: Fault = {
  id: "arp-ignore",
  or: [],
  backend: "web2",
  mac: "02:00:00:00:00:12",
  clusters: ["10.0.0.100"],
  found: "web2 answers ARP requests for 10.0.0.100",
  why:
    "clients and routers that believe it reach web2 directly, past the dispatcher, and whoever else is there gets nothing",
  mend: [["sysctl", "-w", "net.ipv4.conf.all.arp_ignore=1"]],
  decide: null,
};

const WARNING = {
  ...{ id: "modulo", file: "oneip.yaml", line: 5, column: 16, key: "clusters[0].algorithm" } as const,
  ...{ found: "cluster web has the algorithm modulo", why: "most clients move", decide: "use maglev" },
};

describe("the same form wherever it is printed:", () => {
  test("a fault looks as in verify", () => {
    const block = stripVTControlCharacters(describeFault(FAULT));
    expect(said({ ...faultData(FAULT), level: 40, msg: "verification found a fault: x" })[0]).toContain(
      `\n\n${block}`,
    );
  });

  test("a warning looks as in check", () => {
    const block = stripVTControlCharacters(describeWarning(WARNING));
    expect(said({ ...WARNING, level: 40, msg: "The configuration is legal but unwise" })[0]).toContain(
      `\n\n${block}`,
    );
  });
});

test("an event without a sentence of its own says what it knows", () => {
  expect(said({ granted: ["checksum"], msg: "the kernel refuses offloads" }, { msg: "SIGHUP is ignored" }))
    .toEqual([
      "The kernel refuses offloads (granted checksum).",
      "SIGHUP is ignored.",
    ]);
});

test("lines are 80 columns wide at most, except commands", () => {
  const sentences = new Sentences(config);
  const many = Array.from({ length: 1000 }, (_, index) => `backend-${index}`);
  const text = [UP1, GONE2, { ...faultData(FAULT), msg: "a fault" }, {
    backends: many,
    msg: "verified, no fault found",
  }]
    .map((record) => sentences.of(JSON.stringify({ level: 30, time: "2026-01-01T00:00:00.000Z", ...record })))
    .join("");
  const widths = stripVTControlCharacters(text).split("\n").map((line) => line.length);
  expect(Math.max(...widths)).toBeLessThanOrEqual(80);
  expect(text).toContain("backend-7 and 992 more");
});

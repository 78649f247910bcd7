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
  event: "backend.up",
  ...{ cluster: "web", backend: "web1", address: "10.0.0.11", mac: "02:00:00:00:00:11", by: "neighbor" },
  ...{ reason: "it answers for its address", was: "unknown", wasForMs: 300, msg: "backend is up" },
};
const ANSWERS1 = {
  address: "10.0.0.11",
  backends: ["web1"],
  mac: "02:00:00:00:00:11",
  msg: "neighbor answers",
};
const GONE2 = {
  event: "backend.down",
  ...{ cluster: "web", backend: "web2", address: "10.0.0.12", by: "neighbor" },
  ...{
    reason: "it does not answer for its address",
    was: "up",
    wasForMs: 200_000,
    msg: "backend is down",
    level: 40,
  },
};
const MAP = { event: "map.changed", cluster: "web", moved: 2731, buckets: 4096, msg: "bucket map changed" };

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
    fastPath: null,
    msg: "running",
  };
  const without = { why: "it takes CAP_BPF", msg: "no fast path: this process forwards every frame itself" };
  expect(said(running, without, { ...running, fastPath: "oneip0" }, ANSWERS1, UP1)).toEqual([
    "The dispatcher 10.0.0.2/24 runs on oneip0, a port of bridge br0, with MAC 02:00:00:00:00:02. " +
    "It serves cluster web (10.0.0.100).",
    "No fast path, so this process forwards every frame itself: it takes CAP_BPF.",
    expect.stringMatching(/\(10\.0\.0\.100\)\. The kernel passes plain frames on itself, on oneip0\.$/),
    "",
    "web1 is up at 10.0.0.11 (MAC 02:00:00:00:00:11).",
  ]);
});

test("what changed, since when, why, and what to do", () => {
  const health = { by: "health", reason: "its port 80 refuses" };
  const records = [
    GONE2,
    { ...GONE2, ...health, wasForMs: 5000 },
    { ...UP1, backend: "web2", was: "down", wasForMs: 90_000 },
    { ...GONE2, event: "backend.draining", by: "administration", reason: "by command" },
    { ...UP1, was: "draining", wasForMs: 7_200_000 },
    { ...GONE2, by: "administration", reason: "by command" },
    {
      ...GONE2,
      event: "backend.flapping",
      by: "flaps",
      reason: "it went down more than 3 times within a minute",
    },
    { ...UP1, was: "flapping" },
  ];
  expect(said(...records)).toEqual([
    "web2 is down: it does not answer for its address. It was up for 3 min. Nobody answers for 10.0.0.12: see whether the " +
    "machine is up, and on this link.",
    "web2 is down: its port 80 refuses. It was up for 5 s.",
    "web2 is back after 1 min: it answers for its address.",
    "web2 is draining (by command): it gets no new clients.",
    "web1 gets new clients again, after 2 h.",
    "web2 is taken down (by command).",
    "web2 goes up and down: it went down more than 3 times within a minute.",
    "web1 has stayed up for a while: it gets clients again.",
  ]);
});

test("whose buckets went to whom, by those who are fewer", () => {
  const move = (from: string | null, to: string | null, buckets: number) => ({ from, to, buckets });
  expect(said(
    { ...MAP, moves: [move("web2", "web1", 2000), move("web2", "web3", 731)] },
    { ...MAP, moves: [move("web1", "web2", 2000), move("web3", "web2", 731)] },
    { ...MAP, moves: [move("web1", null, 2731)] },
    { ...MAP, moves: [1, 2, 3, 4].map((index) => move(`web${index}`, `web${index + 4}`, 9)), more: 1 },
  )).toEqual([
    "2731 of 4096 buckets of cluster web moved: 2731 of web2 went to web1 and web3.",
    "2731 of 4096 buckets of cluster web moved: web2 got 2731 of web1 and web3.",
    "2731 of 4096 buckets of cluster web moved: 2731 of web1 went to nobody, for no backend is live.",
    "2731 of 4096 buckets of cluster web moved: 9 of web1 went to web5; 9 of web2 went to web6; 9 of web3 went to web7, " +
    "and so on.",
  ]);
});

test("a reload, as check --against prints it", () => {
  const change = { cluster: "web", backend: "web2", key: "weight", old: 1, new: 2 };
  const moving = [{ cluster: "web", share: 0.1234 }];
  const record = {
    event: "configuration.reloaded",
    changes: [change],
    moving,
    msg: "configuration reloaded",
  };
  expect(said(record)).toEqual([
    "configuration reloaded:\n\ncluster web, backend web2: weight 1 -> 2\n\n" +
    "cluster web: 12.3 % of its clients move to another backend",
  ]);
});

test("when health is ignored, and counts again", () => {
  const about = { cluster: "web", live: 1, minimum: 2 };
  expect(
    said({ event: "health.ignored", ...about, msg: "x" }, {
      event: "health.heeded",
      ...about,
      live: 2,
      msg: "x",
    }),
  )
    .toEqual([
      "Only 1 of at least 2 backends of cluster web are live, so their health is ignored: whoever answers for its address " +
      "gets clients. See whether the backends fail, or the probes.",
      "Health counts again in cluster web: 2 backends are live.",
    ]);
});

test("nothing is told that did not happen", () => {
  const stopped = {
    received: 42,
    workers: [12],
    fastPath: { dispatched: 30, passedUp: { icmp: 0, frame: 2 } },
    verdicts: { dispatched: 40, drop_runt: 0, answered_arp: 2 },
    dispatched: { "10.0.0.11": 40, "10.0.0.12": 0 },
    broadcast: { web: 0 },
    transitions: { web: { buckets: 0, remembered: 0, unremembered: 0 } },
    kept: { sent: 0, dropped: 0 },
    msg: "stopped",
  };
  expect(said(stopped, { ...stopped, received: 0 })).toEqual([
    "Stopped after 42 frames: dispatched 40, answered arp 2, by the fast path 30, to 10.0.0.11 40.",
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

test("which one of a pair is active, and why", () => {
  const about = { family: "IPv4", other: "10.0.0.3", was: "backup", msg: "" };
  expect(said(
    { event: "pair.active", ...about, reason: "10.0.0.3 was not heard for 0.18 s" },
    { event: "pair.leaving", ...about, reason: "it stops" },
    { event: "pair.backup", ...about, reason: "10.0.0.3 is active with priority 200" },
    { event: "pair.split", ...about, level: 50 },
  )).toEqual([
    "Active for IPv4: 10.0.0.3 was not heard for 0.18 s. The shared addresses are here now.",
    "Leaves the shared addresses of IPv4 to the other one.",
    "Backup for IPv4: 10.0.0.3 is active with priority 200. The shared addresses are the other one's.",
    "Another dispatcher, 10.0.0.3, is active for IPv4 at the same time. Both forward, and no connection is lost by that. " +
    "If it goes on, look why the two do not hear each other.",
  ]);
});

test("a takeover, from both sides", () => {
  expect(
    said(
      { event: "takeover.begun", pid: 42, msg: "another process gets ready to take over" },
      { event: "takeover.failed", pid: 42, msg: "another process began to take over and did not end it" },
      { event: "takeover.given", pid: 43, msg: "another process has taken over" },
      { event: "takeover.done", pausedMs: 12, msg: "taken over from the running dispatcher" },
      { event: "takeover.bereaved", knew: true, counted: false, msg: "the other dispatcher died meanwhile" },
      { event: "takeover.forgotten", version: 2, understood: 1, msg: "not understood" },
    ),
  ).toEqual([
    "Process 42 gets ready to take over from this one.",
    "Process 42 began to take over and did not end it, so this one goes on. See what that process says.",
    "Process 43 has taken over: this one ends, and leaves everything as it is.",
    "This dispatcher has taken over from the one that ran before. Frames waited for 12 ms.",
    "The other dispatcher died meanwhile. This one goes on with what it had heard from it by then.",
    "What the dispatcher before knew is not understood (version 2, not 1): connections of buckets in transition may be cut, and " +
    "neighbors and health are found out anew.",
  ]);
});

test("what becomes of the routes, and of BIRD", () => {
  const [socket, cluster] = ["/run/bird/bird.ctl", "web"];
  expect(said(
    { event: "route.announced", cluster, reason: "2 of 2 backends are live", msg: "routes are announced" },
    {
      event: "route.leaving",
      cluster,
      reason: "the dispatcher stops",
      msg: "routes are announced as leaving",
    },
    {
      event: "route.withdrawn",
      cluster,
      reason: "0 of at least 1 backends are live",
      msg: "routes are withdrawn",
    },
    { event: "bird.lost", socket, reason: "it has not answered for 2 s", msg: "BIRD does not answer" },
    { event: "bird.back", socket, msg: "BIRD answers again" },
    {
      event: "bird.lacks",
      protocols: ["oneip_web_ipv4", "oneip_web_ipv4_drain"],
      remedy: "add them",
      msg: "BIRD lacks",
    },
    { event: "bird.unheard", established: 0, all: 2, msg: "no router hears" },
    { event: "bird.heard", established: 1, all: 2, msg: "a router hears" },
  )).toEqual([
    "The routes to cluster web are announced to the routers: 2 of 2 backends are live.",
    "The routes to cluster web are announced as leaving (the dispatcher stops): routers go over to other dispatchers.",
    "The routes to cluster web are withdrawn: 0 of at least 1 backends are live. Other dispatchers of the fleet get its clients.",
    "BIRD does not answer at /run/bird/bird.ctl: it has not answered for 2 s. Its routes stay as they are; it is asked again each second.",
    "BIRD answers again at /run/bird/bird.ctl.",
    "BIRD has no protocols oneip_web_ipv4 and oneip_web_ipv4_drain, so their routes are not announced: add them.",
    "No session of BIRD with a router is established any more, so nobody hears of the routes.",
    "1 of 2 sessions of BIRD with routers is established again.",
  ]);
});

test("by whose word a dispatcher of a fleet goes", () => {
  const [alone, behind] = ["etcd is slow", "it is at revision 4, and 9 was seen before"];
  expect(said(
    { event: "fleet.agreed", revision: 0, observers: [], msg: "agreed" },
    { event: "fleet.agreed", revision: 7, observers: ["d1", "d2"], msg: "agreed" },
    { event: "fleet.alone", reason: alone, msg: "alone" },
    { event: "fleet.behind", reason: behind, msg: "behind" },
    { event: "fleet.nonsense", keys: ["/oneip/dispatchers/d9"], msg: "nonsense" },
    { event: "fleet.unshared", reason: "nobody has pushed a configuration yet", msg: "unshared" },
  )).toEqual([
    "This dispatcher goes by the word of its fleet, of which nobody has one yet, and by the clusters of its file.",
    "This dispatcher goes by the word of its fleet, d1 and d2, and by revision 7 of what it shares.",
    "This dispatcher is alone: etcd is slow. It keeps its map, and goes by what it finds itself.",
    'etcd is behind: it is at revision 4, and 9 was seen before. It was perhaps restored from an older copy. "oneip config push" says which configuration is to hold.',
    "What stands in etcd at /oneip/dispatchers/d9 is not what it should be, and does not count.",
    "Started by the clusters of its file, not by those that its fleet shares: nobody has pushed a configuration yet.",
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

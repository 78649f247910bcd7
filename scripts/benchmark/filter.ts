/**
 * What the broadcast technique costs: the filter on one backend, per received frame, and all backends together, per frame that
 * the router sends. Root; everything happens in network namespaces of its own.
 *
 *     node_modules/.bin/node scripts/benchmark/filter.ts [ROUNDS]        default 7; prints medians (least-most)
 *
 * Frames of 60 octets are written to a TAP, and the kernel takes each one through its whole receive path before `write`
 * returns, so that the CPU time of this process is that of the path. Behind the filter every frame is dropped: sockets are
 * not what is measured. All variants are measured in turn, round after round.
 */

import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseConfig, Tap } from "oneip";
import { BucketSet } from "../../src/filter/rules/bucket_set.ts";
import { ownedBuckets } from "../../src/filter/rules/ownership.ts";
import { filterTable } from "../../src/filter/rules/rules.ts";
import * as f from "../../test/frames.ts";

const FRAMES = 100_000;
const CLIENTS = 4096;
const BACKENDS = [1, 2, 4, 8, 16];
const INSIDE = "ONEIP_BENCHMARK";

if (process.env[INSIDE] === undefined) {
  // Namespaces with names are mounts: in a mount namespace of its own nothing of them is left behind.
  const inside = [
    "unshare",
    "--net",
    "--mount",
    process.execPath,
    ...runtimeArguments(),
    fileURLToPath(import.meta.url),
  ];
  const [program = "", ...args] = [...inside, ...process.argv.slice(2)];
  process.exit(
    spawnSync(program, args, { stdio: "inherit", env: { ...process.env, [INSIDE]: "1" } }).status ?? 1,
  );
}

function runtimeArguments(): string[] {
  return "Deno" in globalThis
    ? ["run", "-A", "--config", fileURLToPath(new URL("../../deno.json", import.meta.url))]
    : [];
}

const rounds = Number(process.argv[2] ?? 7);
const file = fileURLToPath(new URL("../../netns/broadcast.oneip.yaml", import.meta.url));
const cluster = parseConfig(readFileSync(file, "utf8"), file, "benchmark").clusters[0]!;

const sh = (script: string) =>
  execFileSync("sh", ["-ec", script], { stdio: ["ignore", "ignore", "inherit"] });
const nft = (input: string, namespace?: string) =>
  namespace === undefined
    ? execFileSync("nft", ["-f", "-"], { input })
    : execFileSync("ip", ["netns", "exec", namespace, "nft", "-f", "-"], { input });

/** Where every frame ends. */
const END = "table inet end { chain prerouting { type filter hook prerouting priority -290; drop; }; }\n";

function framesTo(dst: string): Uint8Array<ArrayBuffer>[] {
  return Array.from({ length: CLIENTS }, (_, index) => {
    const src = `198.51.${index >>> 8}.${index & 255}`;
    const packet = f.ipv4(f.udp(new Array<number>(18).fill(0)), {
      src,
      dst: f.IP.cluster,
      protocol: f.PROTOCOL.udp,
    });
    return f.ethernet(packet, { dst });
  });
}

/** CPU nanoseconds per frame. */
function measure(tap: Tap, frames: readonly Uint8Array<ArrayBuffer>[]): number {
  const before = process.cpuUsage();
  for (let sent = 0; sent < FRAMES; sent++) {
    const frame = frames[sent % CLIENTS]!;
    while (!tap.write(frame, frame.length));
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1000 / FRAMES;
}

function print(name: string, samples: readonly number[], floor?: readonly number[]): void {
  const text = (values: readonly number[]) => {
    const sorted = [...values].sort((a, b) => a - b).map(Math.round);
    return `${sorted[sorted.length >>> 1]} (${sorted[0]}-${sorted.at(-1)})`;
  };
  const more = floor === undefined
    ? ""
    : `   more than without: ${text(samples.map((ns, round) => ns - floor[round]!))}`;
  console.log(`${name.padEnd(46)} ${text(samples).padStart(20)}${more}`);
}

// One backend.
const tap = new Tap({ name: "tap0" });
const all = BucketSet.of(cluster.buckets, () => true);
const own = ownedBuckets(cluster, "web1", () => true);
const variants: Record<string, string> = {
  "no filter": "",
  "filter, a quarter of the buckets its own": filterTable(cluster, "web1", own),
  "filter, every frame its own": filterTable(cluster, "web1", all),
  "filter, every frame another's": filterTable(cluster, "web1", all.minus(all)),
  "filter of an agent, a quarter its own": filterTable(cluster, "web1", own, { leased: true }) +
    "add element inet oneip-filter-web lease { ipv4 timeout 1h }\n",
};
const toAll = framesTo(f.MAC.broadcast);
const samples: Record<string, number[]> = Object.fromEntries(Object.keys(variants).map((name) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const [name, rules] of Object.entries(variants)) {
    nft(`flush ruleset\n${END}${rules}`);
    samples[name]!.push(measure(tap, toAll));
  }
}
console.log(`CPU ns per received frame on one backend, ${rounds} rounds of ${FRAMES} frames`);
for (const [name, values] of Object.entries(samples)) {
  print(name, values, name === "no filter" ? undefined : samples["no filter"]);
}
nft("flush ruleset");
tap.close();

// All backends together, on one bridge.
sh("mkdir -p /run/netns; mount -t tmpfs none /run/netns; ip link add br0 type bridge; ip link set br0 up");
const most = BACKENDS.at(-1)!;
const totals: Record<string, number[]> = {};
const mac = (index: number) => `02:00:00:00:01:${index.toString(16).padStart(2, "0")}`;
const uplink = new Tap({ name: "tap1", bridge: "br0" });
let there = 0;
console.log(`\nCPU ns per frame that the router sends, bridge and all backends together`);
for (const count of BACKENDS) {
  for (; there < count; there++) {
    const name = `b${there}`;
    sh(
      `ip netns add ${name}; ip link add p${there} type veth peer name eth1 address ${
        mac(there)
      } netns ${name}
      ip link set p${there} master br0 up; ip -n ${name} link set eth1 up`,
    );
  }
  const route = totals[`route, ${count}`] = [] as number[];
  const broadcast = totals[`broadcast, ${count}`] = [] as number[];
  // The bridge knows who is where, and lets each port forward: it may wait for a second before it does.
  for (let index = 0; index < count; index++) {
    sh(`bridge fdb replace ${mac(index)} dev p${index} master static
      until bridge link show dev p${index} | grep -q forwarding; do sleep 0.1; done`);
  }
  const toOne = Array.from({ length: count }, (_, index) => framesTo(mac(index)));
  const spread = toAll.map((_, client) => toOne[client % count]![client]!);
  for (let index = 0; index < count; index++) {
    const share = BucketSet.of(cluster.buckets, (bucket) => bucket % count === index);
    nft(`flush ruleset\n${END}${filterTable(cluster, "web1", share)}`, `b${index}`);
  }
  for (let round = 0; round < rounds; round++) {
    route.push(measure(uplink, spread));
    broadcast.push(measure(uplink, toAll));
  }
  print(`${String(count).padStart(2)} backends, each frame to one (route)`, route);
  print(`${String(count).padStart(2)} backends, each frame to all (broadcast)`, broadcast);
}
uplink.close();
for (let index = 0; index < most; index++) sh(`ip netns del b${index}`);

/**
 * What transitions cost a frame in the path alone, without the kernel: read from memory, judged, written to nowhere. CPU time; all
 * subjects are measured in turn, each time in a process of its own.
 *
 *     node_modules/.bin/node scripts/benchmark/transitions.ts [--pairs NUMBER] [--against CHECKOUT]
 *
 *     before          another checkout, from before transitions were there or changed; nothing is in transition
 *     at rest         nothing is in transition
 *     remembered      all buckets are in transition, and all connections remembered
 *     unremembered    all buckets are in transition, and all connections older
 *     full            all buckets are in transition, every frame is a SYN, and there is no room for its connection
 */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type * as Api from "oneip";
import * as f from "../../test/frames.ts";
import { PLAN } from "../../test/path/arrange.ts";
import { ratios, spreadOf } from "./statistics.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CLIENTS = 4096;
const BUCKETS = 4096;
const WARM_UP_MS = 500;
const MEASURED_MS = 1000;

const STATES = ["at rest", "remembered", "unremembered", "full"] as const;
type State = (typeof STATES)[number];

const [SYN, ACK] = [0x02, 0x10];
const [OLD, NEW] = [0, 1];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: "string", default: "9" },
    against: { type: "string" },
    measure: { type: "boolean" },
  },
});
if (values.measure === true) {
  const [checkout = "", state, family] = positionals;
  console.log(await nsPerFrame(checkout, state as State, family === "IPv6"));
} else compare(Number(values.pairs), values.against);

function compare(pairs: number, before: string | undefined): void {
  const subjects = [
    ...(before === undefined ? [] : [{ name: "before", checkout: before, state: "at rest" }]),
    ...STATES.map((state) => ({ name: state, checkout: ROOT, state })),
  ];
  console.log(`| ${pairs} pairs | ns per frame | ratio, pair by pair |\n| --- | --- | --- |`);
  for (const family of ["IPv4", "IPv6"]) {
    const found = new Map(subjects.map(({ name }) => [name, [] as number[]]));
    for (let pair = 0; pair < pairs; pair++) {
      // Whoever is first in one pair is last in the next.
      for (const { name, checkout, state } of pair % 2 === 0 ? subjects : subjects.toReversed()) {
        found.get(name)!.push(measure(checkout, state, family));
      }
    }
    const reference = found.get(subjects[0]!.name)!;
    for (const [name, all] of found) {
      const ns = spreadOf(all)!;
      const ratio = spreadOf(ratios(all, reference))!;
      console.log(
        `| ${name}, ${family} | ${ns.median.toFixed(0)} (${ns.least.toFixed(0)}-${ns.most.toFixed(0)}) | ` +
          `${ratio.median.toFixed(3)} (${ratio.least.toFixed(3)}-${ratio.most.toFixed(3)}) |`,
      );
    }
  }
}

function measure(checkout: string, state: string, family: string): number {
  const runtime = "Deno" in globalThis ? ["run", "--quiet", "-A", "--config", `${ROOT}deno.json`] : [];
  const args = [...runtime, fileURLToPath(import.meta.url), "--measure", checkout, state, family];
  return Number(
    spawnSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).stdout,
  );
}

async function nsPerFrame(checkout: string, state: State, isIpv6: boolean): Promise<number> {
  const { DataPlane, SharedState } = await import(
    new URL("src/mod.ts", `file://${checkout}/`).href
  ) as typeof Api;
  const shared = new SharedState({
    clusters: 1,
    buckets: BUCKETS,
    neighbors: 4,
    slotSize: 2048,
    connections: [state === "full" ? 16 : 4 * CLIENTS],
  });
  const table = await shared.standby();
  for (const neighbor of [OLD, NEW]) table.setMac(neighbor, 0x0200, neighbor + 1);
  table.setOwners(0, new Uint16Array(BUCKETS).fill(NEW));
  if (state !== "at rest") {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      table.setOldOwner(bucket, OLD);
    }
  }
  shared.publish();
  const frames = (flags: number) =>
    Array.from({ length: CLIENTS }, (_, client) => frame(client, flags, isIpv6));
  const device = {
    frames: frames(state === "full" || state === "remembered" ? SYN : ACK),
    next: 0,
    read(slot: Uint8Array) {
      const frame = this.frames[this.next++ % CLIENTS]!;
      slot.set(frame);
      return frame.length;
    },
    write: () => true,
  };
  const plan = { ...PLAN, clusters: [{ ...PLAN.clusters[0]!, buckets: BUCKETS }] };
  const plane = new DataPlane(plan, device, shared.workers[0]!, () => 0);
  /** CPU time, which other work on the machine disturbs less than the clock's. */
  const run = (ms: number) => {
    const before = process.cpuUsage();
    const began = performance.now();
    let count = 0;
    while (performance.now() - began < ms) for (let burst = 0; burst < 64; burst++) count += plane.burst();
    return process.cpuUsage(before).user * 1000 / count;
  };
  run(WARM_UP_MS);
  if (state === "remembered") device.frames = frames(ACK);
  run(WARM_UP_MS);
  return run(MEASURED_MS);
}

function frame(client: number, flags: number, isIpv6: boolean): Uint8Array {
  if (isIpv6) {
    const src = `2001:db8:51::${client.toString(16)}`;
    return f.ethernet(f.ipv6(f.tcp6({ src, flags }), { src, next: 6 }), { type: f.ETHERTYPE.ipv6 });
  }
  const src = `198.18.${client >> 8}.${client & 255}`;
  return f.ethernet(f.ipv4(f.tcp({ src, flags }), { src, protocol: 6 }));
}

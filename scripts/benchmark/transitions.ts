/**
 * What transitions cost a frame in the path alone, without the kernel: read from memory, judged, written to nowhere.
 *
 *     node_modules/.bin/node scripts/benchmark/transitions.ts --against CHECKOUT [--processes NUMBER]
 *     node_modules/.bin/deno run -A scripts/benchmark/transitions.ts --against CHECKOUT [--processes NUMBER]
 *
 *     at rest         nothing is in transition
 *     remembered      all buckets are in transition, and all connections remembered
 *     unremembered    all buckets are in transition, and all connections older
 *     full            all buckets are in transition, every frame is a SYN, and there is no room for its connection
 *
 * Each is compared with another checkout, from before transitions were there or changed, in which nothing is in transition. Both run
 * in one process, in turns of a millisecond, so that whatever else the machine does meets both alike. What the compiler makes of
 * the same code differs from process to process by more than what is measured: so there are many, and their median counts.
 */

import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type * as Api from "oneip";
import * as f from "../../test/frames.ts";
import { PLAN } from "../../test/path/arrange.ts";
import { spreadOf } from "./statistics.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CLIENTS = 4096;
const BUCKETS = 4096;
/** Of 64 frames each: about a millisecond. */
const TURN_BURSTS = 100;
const WARM_UP_TURNS = 300;
const TURNS = 1000;

const STATES = ["at rest", "remembered", "unremembered", "full"] as const;
type State = (typeof STATES)[number];

const [SYN, ACK] = [0x02, 0x10];
const [OLD, NEW] = [0, 1];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    processes: { type: "string", default: "9" },
    against: { type: "string" },
    measure: { type: "boolean" },
  },
});
if (values.measure === true) {
  const [before = "", state, family] = positionals;
  console.log(JSON.stringify(await nsPerFrame(before, state as State, family === "IPv6")));
} else if (values.against === undefined) {
  console.error("Give the checkout to compare with: --against ../oneip-before");
  process.exitCode = 2;
} else compare(Number(values.processes), resolve(values.against));

function compare(processes: number, before: string): void {
  console.log(
    `| ${processes} processes | before, ns per frame | ns per frame | ratio in one process |\n` +
      "| --- | --- | --- | --- |",
  );
  for (const family of ["IPv4", "IPv6"]) {
    for (const state of STATES) {
      const all = Array.from({ length: processes }, () => measure(before, state, family));
      const columns = [
        spreadOf(all.map(([reference]) => reference))!,
        spreadOf(all.map(([, own]) => own))!,
      ].map(({ median, least, most }) => `${median.toFixed(0)} (${least.toFixed(0)}-${most.toFixed(0)})`);
      const ratio = spreadOf(all.map(([, , ratio]) => ratio))!;
      console.log(
        `| ${state}, ${family} | ${columns.join(" | ")} | ` +
          `×${ratio.median.toFixed(3)} (${ratio.least.toFixed(2)}-${ratio.most.toFixed(2)}) |`,
      );
    }
  }
}

/** Before, now, and the ratio. */
type Measured = readonly [before: number, now: number, ratio: number];

function measure(before: string, state: string, family: string): Measured {
  const runtime = "Deno" in globalThis ? ["run", "--quiet", "-A", "--config", `${ROOT}deno.json`] : [];
  const args = [...runtime, fileURLToPath(import.meta.url), "--measure", before, state, family];
  const { stdout } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(stdout) as Measured;
}

/** Medians over the turns. */
async function nsPerFrame(before: string, state: State, isIpv6: boolean): Promise<Measured> {
  const subjects = [await subjectOf(before, "at rest", isIpv6), await subjectOf(ROOT, state, isIpv6)];
  const turns = (count: number) =>
    Array.from({ length: count }, (_, turn) => {
      // Whoever is first in one turn is last in the next.
      const ns = (turn % 2 === 0 ? subjects : subjects.toReversed()).map((subject) => subject.nsPerFrame());
      return turn % 2 === 0 ? ns : ns.toReversed();
    });
  turns(WARM_UP_TURNS);
  for (const subject of subjects) subject.connectionsAreOpen();
  turns(WARM_UP_TURNS);
  const all = turns(TURNS);
  const medianOf = (values: readonly number[]) => spreadOf(values)!.median;
  return [
    medianOf(all.map(([reference]) => reference!)),
    medianOf(all.map(([, own]) => own!)),
    medianOf(all.map(([reference, own]) => own! / reference!)),
  ];
}

interface Subject {
  /** Of one turn. */
  nsPerFrame(): number;
  /** From now on segments follow the SYNs, where there were any. */
  connectionsAreOpen(): void;
}

async function subjectOf(checkout: string, state: State, isIpv6: boolean): Promise<Subject> {
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
  return {
    nsPerFrame() {
      const began = performance.now();
      let count = 0;
      for (let burst = 0; burst < TURN_BURSTS; burst++) count += plane.burst();
      return (performance.now() - began) * 1e6 / count;
    },
    connectionsAreOpen() {
      if (state === "remembered") device.frames = frames(ACK);
    },
  };
}

function frame(client: number, flags: number, isIpv6: boolean): Uint8Array {
  if (isIpv6) {
    const src = `2001:db8:51::${client.toString(16)}`;
    return f.ethernet(f.ipv6(f.tcp6({ src, flags }), { src, next: 6 }), { type: f.ETHERTYPE.ipv6 });
  }
  const src = `198.18.${client >> 8}.${client & 255}`;
  return f.ethernet(f.ipv4(f.tcp({ src, flags }), { src, protocol: 6 }));
}

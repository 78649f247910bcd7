/**
 * What transitions cost a frame in the path alone, without the kernel: read from memory, judged, written to nowhere.
 *
 *     node_modules/.bin/node scripts/benchmark/transitions.ts --against CHECKOUT [--pairs NUMBER]
 *     node_modules/.bin/deno run -A scripts/benchmark/transitions.ts --against CHECKOUT [--pairs NUMBER]
 *
 *     at rest         nothing is in transition
 *     remembered      all buckets are in transition, and all connections remembered
 *     unremembered    all buckets are in transition, and all connections older
 *     full            all buckets are in transition, every frame is a SYN, and there is no room for its connection
 *
 * Each is compared with another checkout, from before transitions were there or changed, in which nothing is in transition. Each runs in
 * a process of its own, and the two take turns of some milliseconds, so that whatever else the machine does meets both alike. What
 * the compiler makes of the same code differs from process to process by more than what is measured: so there are many pairs of
 * processes, and their median counts.
 */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type * as Api from "oneip";
import * as f from "../../test/frames.ts";
import { PLAN } from "../../test/path/arrange.ts";
import { spreadOf } from "./statistics.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CLIENTS = 4096;
const BUCKETS = 4096;
/** Of 64 frames each: some milliseconds. */
const TURN_BURSTS = 400;
const WARM_UP_TURNS = 150;
const TURNS = 250;

const STATES = ["at rest", "remembered", "unremembered", "full"] as const;
type State = (typeof STATES)[number];

const [SYN, ACK] = [0x02, 0x10];
const [OLD, NEW] = [0, 1];

async function compare(pairs: number, before: string): Promise<void> {
  console.log(
    `| ${pairs} pairs of processes | before, ns per frame | ns per frame | ratio, pair by pair |\n` +
      "| --- | --- | --- | --- |",
  );
  for (const family of ["IPv4", "IPv6"]) {
    for (const state of STATES) {
      const all: Pair[] = [];
      while (all.length < pairs) all.push(await measure(before, state, family));
      const columns = [all.map(({ before }) => before), all.map(({ now }) => now)].map((values) => {
        const { median, least, most } = spreadOf(values)!;
        return `${median.toFixed(0)} (${least.toFixed(0)}-${most.toFixed(0)})`;
      });
      const { median, least, most } = spreadOf(all.map(({ ratio }) => ratio))!;
      const spread = `${least.toFixed(2)}-${most.toFixed(2)}`;
      console.log(`| ${state}, ${family} | ${columns.join(" | ")} | ×${median.toFixed(3)} (${spread}) |`);
    }
  }
}

/** Of a pair of processes: medians over the turns. */
interface Pair {
  readonly before: number;
  readonly now: number;
  readonly ratio: number;
}

async function measure(before: string, state: State, family: string): Promise<Pair> {
  using reference = new SubjectProcess(before, "at rest", family);
  using own = new SubjectProcess(ROOT, state, family);
  const turns: [before: number, now: number][] = [];
  for (let turn = 0; turn < 2 * WARM_UP_TURNS + TURNS; turn++) {
    const ns = [await reference.nsPerFrame(), await own.nsPerFrame()] as [number, number];
    if (turn >= 2 * WARM_UP_TURNS) turns.push(ns);
  }
  return {
    before: spreadOf(turns.map(([before]) => before))!.median,
    now: spreadOf(turns.map(([, now]) => now))!.median,
    ratio: spreadOf(turns.map(([before, now]) => now / before))!.median,
  };
}

/** A subject in a process of its own, which measures a turn for each line that it is sent. */
class SubjectProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(checkout: string, state: State, family: string) {
    const runtime = "Deno" in globalThis ? ["run", "--quiet", "-A", "--config", `${ROOT}deno.json`] : [];
    const args = [...runtime, fileURLToPath(import.meta.url), "--subject", checkout, state, family];
    this.#child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  async nsPerFrame(): Promise<number> {
    this.#child.stdin.write("turn\n");
    return Number((await this.#lines.next()).value);
  }

  [Symbol.dispose](): void {
    this.#child.stdin.end();
  }
}

/** The process's side. */
async function takeTurns(subject: Subject): Promise<void> {
  let turns = 0;
  for await (const _ of createInterface(process.stdin)) {
    if (++turns === WARM_UP_TURNS) subject.connectionsAreOpen();
    console.log(subject.nsPerFrame());
  }
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

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: "string", default: "9" },
    against: { type: "string" },
    subject: { type: "boolean" },
  },
});
if (values.subject === true) {
  const [checkout = "", state, family] = positionals;
  await takeTurns(await subjectOf(checkout, state as State, family === "IPv6"));
} else if (values.against === undefined) {
  console.error("Give the checkout to compare with: --against ../oneip-before");
  process.exitCode = 2;
} else await compare(Number(values.pairs), resolve(values.against));

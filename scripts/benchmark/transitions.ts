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
 * Each is compared with another checkout, from before transitions were there or changed, in which nothing is in transition (pairs.ts says
 * how).
 */

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type * as Api from "oneip";
import * as f from "../../test/frames.ts";
import { PLAN } from "../../test/path/arrange.ts";
import { comparePairs, takeTurns } from "./pairs.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CLIENTS = 4096;
const BUCKETS = 4096;
/** Of 64 frames each: some milliseconds. */
const TURN_BURSTS = 400;

const STATES = ["at rest", "remembered", "unremembered", "full"] as const;
type State = (typeof STATES)[number];

const [SYN, ACK] = [0x02, 0x10];
const [OLD, NEW] = [0, 1];

function compare(pairs: number, before: string): Promise<void> {
  const rows = ["IPv4", "IPv6"].flatMap((family) =>
    STATES.map((state) => (
      { name: `${state}, ${family}`, before: [before, "at rest", family], now: [ROOT, state, family] }
    ))
  );
  return comparePairs(pairs, rows);
}

interface Subject {
  /** Of one turn. */
  nsPerFrame(): number;
  /** From now on segments follow the SYNs, where there were any. */
  halfWarm(): void;
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
    halfWarm() {
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

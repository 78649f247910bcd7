/**
 * What captures cost a frame in the path alone, without the kernel: read from memory, judged, written to nowhere.
 *
 *     node_modules/.bin/node scripts/benchmark/capture.ts --against CHECKOUT [--pairs NUMBER]
 *     node_modules/.bin/deno run -A scripts/benchmark/capture.ts --against CHECKOUT [--pairs NUMBER]
 *
 *     off, dispatched    nobody captures; compared with the other checkout
 *     off, dropped       the same of frames to a closed port, which go into the ring of dropped frames
 *     another client     somebody captures, but not these frames; compared with off
 *     all                somebody captures all of them, as they are read and as they are sent
 *
 * With another checkout that has no ring of dropped frames, the second row is what the ring costs.
 */

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type * as Api from "oneip";
import { Captured } from "../../src/plane/capture_ring.ts";
import * as f from "../../test/frames.ts";
import { PLAN } from "../../test/path/arrange.ts";
import { comparePairs, takeTurns } from "./pairs.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CLIENTS = 4096;
const BUCKETS = 4096;
/** Of 64 frames each; all frames of a stretch fit into the ring of captures, which is emptied behind it. */
const STRETCHES = 8;
const BURSTS = 50;

async function subjectOf(checkout: string, frames: string, captured: string) {
  const { DataPlane, SharedState } = await import(
    new URL("src/mod.ts", `file://${checkout}/`).href
  ) as typeof Api;
  const shared = new SharedState({ clusters: 1, buckets: BUCKETS, neighbors: 4, slotSize: 2048 });
  const table = await shared.standby();
  table.setMac(1, 0x0200, 2);
  table.setOwners(0, new Uint16Array(BUCKETS).fill(1));
  shared.publish();
  const all = Array.from({ length: CLIENTS }, (_, client) => frameOf(client));
  const device = {
    next: 0,
    read(slot: Uint8Array) {
      const frame = all[this.next++ % CLIENTS]!;
      slot.set(frame);
      return frame.length;
    },
    write: () => true,
  };
  const ports = frames === "dropped" ? [{ port: 81, protocol: "tcp" as const }] : undefined;
  const cluster = { ...PLAN.clusters[0]!, buckets: BUCKETS, ports, closed: "drop" as const };
  const plane = new DataPlane({ ...PLAN, clusters: [cluster] }, device, shared.workers[0]!, () => 0);
  if (captured !== "off") {
    shared.captureFilter.start({
      snaplen: 262_144,
      direction: "both",
      cluster: undefined,
      backend: undefined,
      client: captured === "all" ? undefined : { address: "203.0.113.9", prefixLength: 32 },
      verdicts: undefined,
    });
  }
  return {
    nsPerFrame() {
      let [ms, count] = [0, 0];
      for (let stretch = 0; stretch < STRETCHES; stretch++) {
        const began = performance.now();
        for (let burst = 0; burst < BURSTS; burst++) count += plane.burst();
        ms += performance.now() - began;
        if (captured !== "off") empty(shared);
      }
      return ms * 1e6 / count;
    },
  };
}

const about = new Captured();

function empty({ workers }: Api.SharedState): void {
  if (workers[0]!.captured.lost > 0) throw new Error("The ring is too small for a stretch");
  while (workers[0]!.captured.shift(about) !== undefined);
}

function frameOf(client: number): Uint8Array {
  const src = `198.18.${client >> 8}.${client & 255}`;
  return f.ethernet(f.ipv4(f.tcp({ src, flags: 0x10 }), { src, protocol: 6 }));
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
  const [checkout = "", frames = "", captured = ""] = positionals;
  await takeTurns(await subjectOf(checkout, frames, captured));
} else if (values.against === undefined) {
  console.error("Give the checkout to compare with: --against ../oneip-before");
  process.exitCode = 2;
} else {
  const other = resolve(values.against);
  await comparePairs(Number(values.pairs), [
    { name: "off, dispatched", before: [other, "dispatched", "off"], now: [ROOT, "dispatched", "off"] },
    { name: "off, dropped", before: [other, "dropped", "off"], now: [ROOT, "dropped", "off"] },
    {
      name: "another client",
      before: [ROOT, "dispatched", "off"],
      now: [ROOT, "dispatched", "another client"],
    },
    { name: "all", before: [ROOT, "dispatched", "off"], now: [ROOT, "dispatched", "all"] },
  ]);
}

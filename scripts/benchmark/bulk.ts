/**
 * Bulk TCP by iperf3. Each of several flows has a client address, a port and an iperf3 of its own, so that both backends work
 * whoever spreads them.
 */

import { type Flow, iperf3Command, parseIperf3 } from "./iperf3.ts";
import type { Figure } from "./results.ts";
import { FAST_NAMES, NFTABLES, NOBODY, RUNTIME_NAMES } from "./names.ts";
import { needing, type Subject } from "./subjects.ts";
import { BULK_PORTS } from "./subject_files.ts";
import { BACKENDS, CLUSTER, type Testbed } from "./testbed.ts";
import { type Bench, inTurn, Running, type Turn } from "./turns.ts";

const PORTS = Array.from(
  { length: BULK_PORTS.last - BULK_PORTS.first + 1 },
  (_, index) => BULK_PORTS.first + index,
);

const SECTION = "Bulk TCP";

type Way = "upload" | "download";

export async function bulk(bench: Bench): Promise<void> {
  const { bed, results } = bench;
  const { missing } = await needing("iperf3");
  if (missing !== undefined) return results.skip("bulk TCP", missing);
  const names = [NOBODY, NFTABLES, "HAProxy", ...FAST_NAMES, ...RUNTIME_NAMES];
  const plain = RUNTIME_NAMES.map((name) => `${name}, offloads off`);
  await using running = await Running.start(bench, [...names, ...plain]);
  const servers = await Promise.all(
    BACKENDS.flatMap((node) =>
      PORTS.map((port) => bed.start(node, `iperf3 -s -p ${port}`, [{ port, protocol: "tcp" }]))
    ),
  );
  const turns = (["upload", "download"] as const).flatMap((way) =>
    [1, PORTS.length].map((flows): Turn => ({
      figures: figuresOf(way, flows),
      // Only what the clients send crosses the dispatcher.
      subjects: way === "upload" ? running.subjects() : running.subjects(...names),
      measure: (subject) => transfer(bed, subject, way, flows),
    }))
  );
  try {
    await inTurn(bench, turns);
    results.note(
      SECTION,
      "iperf3, a second each; client, router and servers share the cores with what is measured.",
    );
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function transfer(bed: Testbed, { nextHops }: Subject, way: Way, flows: number): Promise<number[]> {
  await bed.route(nextHops);
  const client = bed.lab.node("client");
  const all = await Promise.all(
    PORTS.slice(0, flows).map(async (port, index): Promise<Flow> => {
      const command = iperf3Command(CLUSTER.ipv4, port, `198.18.0.${index + 1}`, way);
      return parseIperf3((await client.run(command)).stdout);
    }),
  );
  const sum = (of: (flow: Flow) => number) => all.reduce((total, flow) => total + of(flow), 0);
  return [sum(({ bitsPerSecond }) => bitsPerSecond) / 1e9, sum(({ retransmits }) => retransmits)];
}

function figuresOf(way: Way, flows: number): Figure[] {
  const of = `TCP ${way}, ${flows === 1 ? "one flow" : `${flows} flows`}`;
  const section = SECTION;
  const id = `${way}-${flows}`;
  return [
    { section, id, title: of, unit: "Gbit/s", better: "more", reference: NOBODY, charted: true },
    { section, id: `${id}-retransmits`, title: `retransmits, ${of}`, unit: "segments", better: "less" },
  ];
}

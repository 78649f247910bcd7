/** Round-trip times with nothing else on the way, and with half of the frames that the slower runtime can forward. */

import { setTimeout as delay } from "node:timers/promises";
import { type Load, offer } from "./frames.ts";
import type { Figure } from "./results.ts";
import { percentile } from "./statistics.ts";
import { FAST_NAMES, NFTABLES, NOBODY, RUNTIME_NAMES } from "./names.ts";
import { needing, RUN_DENO, type Subject } from "./subjects.ts";
import { BACKENDS, CLUSTER, type Place, type Testbed } from "./testbed.ts";
import { type Bench, inTurn, Running, type Turn } from "./turns.ts";

const SECTION = "Latency";
const ROUND_TRIP = [...RUN_DENO, new URL("./round_trip.ts", import.meta.url).pathname];
const CLIENT = "198.18.0.1";
const QUESTIONS = 1000;
/** With more lost than this the times would be those of the lucky. */
const ENOUGH = 0.9;
const LOAD: Load = { family: "IPv4", length: 64 };
/** Until the scheduler has found the dispatcher a core that the load does not fill. */
const WARM_UP_MS = 500;
const WINDOW_MS = 500;
/** Where the load ends: it goes all the way. */
const ENDS: readonly Place[] = BACKENDS.map((node) => ({ node, interface: "eth1" }));

export async function latency(bench: Bench): Promise<void> {
  const { bed, results } = bench;
  const { missing } = await needing("trafgen", "tcpreplay");
  if (missing !== undefined) return results.skip("latency", missing);
  await using running = await Running.start(bench, [NOBODY, NFTABLES, ...FAST_NAMES, ...RUNTIME_NAMES]);
  const [subjects, alone] = [running.subjects(), running.subjects(...RUNTIME_NAMES)];
  for (const end of ENDS) {
    await bed.watch(end);
    await bed.discardAt(end);
  }
  const servers = await Promise.all(
    BACKENDS.map((node) =>
      bed.start(node, [...ROUND_TRIP, "answer", CLUSTER.ipv4, CLIENT].join(" "), [], "running")
    ),
  );
  try {
    const rates = [];
    for (const subject of alone) rates.push(await saturation(bed, subject));
    const half = Math.round(Math.min(...rates) / 2000) * 1000;
    await inTurn(bench, [
      turn(bench, subjects, "nothing else on the way", "low"),
      turn(bench, subjects, "half of saturation on the way", "half", half),
    ]);
    for (const { name } of subjects) if (name !== NOBODY) added(bench, name);
    results.note(
      SECTION,
      "A datagram a millisecond there and back. `added` is the difference to no dispatcher, pair by pair.",
    );
  } finally {
    await Promise.all(servers.map((server) => server.stop("SIGKILL")));
    for (const end of ENDS) await bed.discardNoMore(end);
  }
}

function turn({ bed }: Bench, subjects: readonly Subject[], when: string, id: string, rate?: number): Turn {
  const of = rate === undefined ? when : `${when} (${rate / 1000} k frames/s)`;
  return {
    figures: ["p50", "p99"].map((name) => figure(`latency-${id}-${name}`, `round trip ${name}, ${of}`)),
    subjects,
    measure: async ({ nextHops, mac }) => {
      await bed.route(nextHops);
      const offered = rate === undefined ? undefined : await offer(bed, LOAD, mac, rate);
      try {
        if (offered !== undefined) await delay(WARM_UP_MS);
        const ask = [...ROUND_TRIP, "ask", CLUSTER.ipv4, CLIENT, String(QUESTIONS)];
        const answered = JSON.parse(await bed.lab.node("client").exec(...ask)) as number[];
        if (answered.length < QUESTIONS * ENOUGH) {
          throw new Error(`${answered.length} of ${QUESTIONS} datagrams were answered`);
        }
        const times = answered.sort((a, b) => a - b);
        return [percentile(times, 50), percentile(times, 99)];
      } finally {
        await offered?.stop();
      }
    },
  };
}

/** Frames a second that come through to the backends when more are offered. */
async function saturation(bed: Testbed, { mac }: Subject): Promise<number> {
  const offered = await offer(bed, LOAD, mac);
  try {
    const arrived = () => ENDS.reduce((sum, end) => sum + bed.framesInto(end), 0);
    await delay(WARM_UP_MS);
    const before = { frames: arrived(), at: performance.now() };
    await delay(WINDOW_MS);
    return (arrived() - before.frames) * 1000 / (performance.now() - before.at);
  } finally {
    await offered.stop();
  }
}

/** The differences, pair by pair, as lines of their own. */
function added({ results }: Bench, subject: string): void {
  for (const row of results.rows.filter(({ id }) => /^latency-(low|half)-/.test(id))) {
    const without = row.values[NOBODY]!;
    row.values[subject]!.forEach((value, pair) => {
      const [with_, base] = [value, without[pair]];
      const difference = with_ === null || base == null ? null : with_ - base;
      results.record(figure(`added-${row.id}`, `added: ${row.title}`), subject, difference);
    });
  }
}

function figure(id: string, title: string): Figure {
  return { id, section: SECTION, title, unit: "µs", better: "less" };
}

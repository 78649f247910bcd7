/** The whole control plane in virtual time: an hour of a cluster of 100 machines, some of which die and return. */

import pino from "pino";
import { Engine, parseConfig, type Report } from "oneip";
import { InlineAttachment } from "../../src/plane/inline_attachment.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";
import * as f from "../frames.ts";
import { roundsOf } from "../needs.ts";
import { Random } from "../random.ts";
import { type Neighbor, SimulatedLink } from "./simulated_link.ts";

export const NEIGHBORS = 100;
/** In `--quick` a part of it. */
export const HOUR_MS = roundsOf(3_600_000);
/** A machine dies so often, and is away for as long as chance says, most of these. */
export const DEATH_EACH_MS = 60_000;
const LONGEST_DEATH_MS = 120_000;
export const CLIENTS = 200;
export const REQUESTS_EACH_MS = 10_000;
/**
 * RFC 4861 section 7.3 with our timers (table/neighbors.ts): the last answer may be a second old, then six questions, each at
 * the next multiple of 50 ms; and 50 ms in which changes are gathered (engine/changes.ts).
 */
const NOTICED_MS = 1000 + 7 * 250 + 8 * 50 + 50;

export interface Hour {
  readonly log: readonly string[];
  readonly report: Report;
  /** After a quarter of it. */
  readonly early: Report;
  /** Requests that went to a machine which had been dead for longer than it takes to notice. */
  readonly lost: number;
  readonly tookMs: number;
}

export async function hour(seed: number, lastMs = HOUR_MS): Promise<Hour> {
  const clock = new VirtualClock();
  const random = new Random(seed);
  const neighbors = Array.from({ length: NEIGHBORS }, (_, index): Neighbor => ({
    name: `web${index + 1}`,
    address: `10.0.0.${index + 101}`,
    mac: `02:00:00:00:01:${(index + 1).toString(16).padStart(2, "0")}`,
    isAlive: true,
  }));
  const config = parseConfig(
    JSON.stringify({
      dispatcher: { mac: f.MAC.dispatcher, addresses: ["10.0.0.2/24"], verify: "off" },
      clusters: [{
        name: "web",
        addresses: [f.IP.cluster],
        backends: neighbors.map(({ name, address }) => ({ name, address })),
      }],
    }),
    "test",
    "test",
  );
  const link: SimulatedLink = new SimulatedLink(neighbors, clock, () => attachment.work());
  const attachment = new InlineAttachment(link, clock);
  const log: string[] = [];
  const logger = pino({ base: null, timestamp: () => `,"ms":${clock.now()}` }, {
    write: (line: string) => void log.push(line),
  });
  const diedMs = new Map<Neighbor, number>();
  const requests = Array.from(
    { length: CLIENTS },
    (_, client) => f.synToCluster(`198.51.100.${client + 1}`),
  );
  let lost = 0;
  const die = () => {
    const neighbor = random.pick(neighbors);
    if (neighbor.isAlive) {
      neighbor.isAlive = false;
      diedMs.set(neighbor, clock.now());
      clock.after(random.below(LONGEST_DEATH_MS), () => neighbor.isAlive = true);
    }
    clock.after(DEATH_EACH_MS, die);
  };
  const request = () => {
    link.delivered.clear();
    for (const frame of requests) link.bring(frame);
    for (const [neighbor, count] of link.delivered) {
      if (!neighbor.isAlive && clock.now() - diedMs.get(neighbor)! > NOTICED_MS) lost += count;
    }
    clock.after(REQUESTS_EACH_MS, request);
  };
  clock.after(DEATH_EACH_MS, die);
  clock.after(REQUESTS_EACH_MS, request);

  const began = performance.now();
  const engine = await Engine.start(config, logger, { attachment, clock });
  await clock.advance(HOUR_MS / 4);
  const early = engine.report();
  await clock.advance(lastMs - HOUR_MS / 4);
  const report = engine.report();
  await engine.stop();
  return { log, report, early, lost, tookMs: performance.now() - began };
}

/**
 * What a dispatcher holds after a day of events, in virtual time: ten machines, one of which dies each minute and returns 20 seconds
 * later, and somebody who reads the events as they come. Some minutes of CPU.
 *
 *     node_modules/.bin/node --expose-gc scripts/benchmark/day.ts
 *     node_modules/.bin/deno run -A --v8-flags=--expose-gc scripts/benchmark/day.ts
 */

import pino from "pino";
import { formatTable } from "../../src/cli/table.ts";
import { Engine, InlineAttachment, parseConfig, VirtualClock } from "../../src/mod.ts";
import { EventRing } from "../../src/api/event_ring.ts";
import { Events } from "../../src/api/events.ts";
import { type Neighbor, SimulatedLink } from "../../test/engine/simulated_link.ts";

const HOURS = 24;
const HOUR_MS = 3_600_000;
const DEATH_EACH_MS = 60_000;
const DEAD_FOR_MS = 20_000;
/** Hours after which it is looked. */
const LOOKS = [1, 2, 6, 12, 18, 24];

const neighbors = Array.from({ length: 10 }, (_, index): Neighbor => ({
  name: `web${index + 1}`,
  address: `10.0.0.${index + 101}`,
  mac: `02:00:00:00:01:${(index + 1).toString(16).padStart(2, "0")}`,
  isAlive: true,
}));
const config = parseConfig(
  JSON.stringify({
    dispatcher: { mac: "02:00:00:00:00:02", addresses: ["10.0.0.2/24"], verify: "off" },
    clusters: [{
      name: "web",
      addresses: ["10.0.0.100"],
      backends: neighbors.map(({ name, address }) => ({ name, address })),
      flaps: 1000,
    }],
  }),
  "day",
  "day",
);

const clock = new VirtualClock();
const [events, ring] = [new Events(), new EventRing()];
events.listen((event) => ring.add(event));
const log = pino({ base: null }, { write: (line: string) => events.hear(line) });
const link: SimulatedLink = new SimulatedLink(neighbors, clock, () => attachment.work());
const attachment = new InlineAttachment(link, clock);
await using engine = await Engine.start(config, log, { attachment, clock });

let deaths = 0;
const die = () => {
  const neighbor = neighbors[deaths++ % neighbors.length]!;
  neighbor.isAlive = false;
  clock.after(DEAD_FOR_MS, () => neighbor.isAlive = true);
  clock.after(DEATH_EACH_MS, die);
};
clock.after(DEATH_EACH_MS, die);

let read = 0;
let last = 0;
const rows: string[][] = [];
for (let hour = 1; hour <= HOURS; hour++) {
  for (let minute = 0; minute < 60; minute++) {
    await clock.advance(HOUR_MS / 60);
    for (let event = ring.after(last); event !== undefined; event = ring.after(last)) {
      read++;
      last = event.number;
    }
  }
  if (LOOKS.includes(hour)) rows.push([String(hour), String(read), ...memory()]);
}
console.log(formatTable(["hours", "events", "heap, MB", "resident, MB"], rows));
console.log(`${deaths} deaths; ${engine.report().doubted} doubts`);

function memory(): string[] {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return [heapUsed, rss].map((octets) => (octets / 2 ** 20).toFixed(1));
}

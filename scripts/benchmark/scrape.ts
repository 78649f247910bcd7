/**
 * What a scrape of the metrics costs, in CPU of the control plane: 1,000 backends in virtual time, whose text is made 200 times.
 *
 *     scripts/deno run -A scripts/benchmark/scrape.ts
 *     node_modules/.bin/node scripts/benchmark/scrape.ts
 */

import pino from "pino";
import { Engine, InlineAttachment, MemoryDevice, parseConfig, VirtualClock } from "../../src/mod.ts";
import { known, metricsText } from "../../src/api/metrics.ts";
import { RUNTIME } from "../../src/device/runtime.ts";

const BACKENDS = 1000;
const ROUNDS = 200;

const backends = Array.from(
  { length: BACKENDS },
  (_, index) => ({ name: `web${index}`, address: `10.0.${1 + (index >> 8)}.${index & 255}` }),
);
const config = parseConfig(
  JSON.stringify({
    dispatcher: { mac: "02:00:00:00:00:02", addresses: ["10.0.0.2/15"], verify: "off" },
    clusters: [{ name: "web", addresses: ["10.0.0.100"], backends }],
  }),
  "scrape",
  "scrape",
);
const clock = new VirtualClock();
const attachment = new InlineAttachment(new MemoryDevice(), clock);
await using engine = await Engine.start(config, pino({ level: "silent" }), { attachment, clock });

const scrape = () => metricsText(known(engine, 0));
for (let round = 0; round < 20; round++) scrape();
const before = process.cpuUsage();
for (let round = 0; round < ROUNDS; round++) scrape();
const { user, system } = process.cpuUsage(before);
const text = scrape();
const ms = (user + system) / 1000 / ROUNDS;
console.log(
  `${RUNTIME}: ${ms.toFixed(2)} ms of CPU for a scrape of ${BACKENDS} backends, ` +
    `${text.split("\n").length - 1} lines, ${text.length} octets`,
);

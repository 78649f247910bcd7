/** Neighbors that are healthy while this machine is too busy to hear them, in virtual time. */

import { pino } from "pino";
import { expect, test } from "vitest";
import { Engine, parseConfig } from "oneip";
import { InlineAttachment } from "../../src/plane/inline_attachment.ts";
import { VirtualClock } from "../../src/system/clock.ts";
import * as f from "../frames.ts";
import { type Neighbor, SimulatedLink } from "./simulated_link.ts";

class LossyAttachment extends InlineAttachment {
  isLossy = false;
  #lost = 0;

  /** Looked at again and again, so each time there is more. */
  override lost(): number {
    return this.isLossy ? ++this.#lost : this.#lost;
  }
}

function lab() {
  const clock = new VirtualClock();
  const neighbors = [1, 2, 3, 4].map((number): Neighbor => ({
    name: `web${number}`,
    address: `10.0.0.1${number}`,
    mac: `02:00:00:00:00:1${number}`,
    isAlive: true,
  }));
  const link: SimulatedLink = new SimulatedLink(neighbors, clock, () => attachment.work());
  const attachment = new LossyAttachment(link, clock);
  const backends = neighbors.map(({ name, address }) => ({ name, address }));
  const config = parseConfig(
    JSON.stringify({
      dispatcher: { mac: f.MAC.dispatcher, addresses: ["10.0.0.2/24"], verify: "off" },
      clusters: [{ name: "web", addresses: [f.IP.cluster], backends }],
    }),
    "test",
    "test",
  );
  const givenUp: string[] = [];
  const log = pino({ base: null }, {
    write: (line: string) => {
      const { msg, address } = JSON.parse(line) as { msg: string; address: string };
      if (msg === "neighbor does not answer") givenUp.push(address);
    },
  });
  const start = () => Engine.start(config, log, { attachment, clock });
  return { clock, neighbors, attachment, givenUp, start };
}

test("all are silent for 3 s while frames are lost here: none is given up", async () => {
  const { clock, neighbors, attachment, givenUp, start } = lab();
  await using engine = await start();
  await clock.advance(10_000);
  attachment.isLossy = true;
  for (const neighbor of neighbors) neighbor.isAlive = false;
  await clock.advance(3000);
  attachment.isLossy = false;
  for (const neighbor of neighbors) neighbor.isAlive = true;
  await clock.advance(10_000);
  expect(givenUp).toEqual([]);
  expect(engine.report().doubted).toBe(neighbors.length);
});

test("all are silent at once and nothing is known to be lost: they are given twice the time", async () => {
  const { clock, neighbors, givenUp, start } = lab();
  await using _engine = await start();
  await clock.advance(10_000);
  for (const neighbor of neighbors) neighbor.isAlive = false;
  await clock.advance(2900);
  expect(givenUp).toEqual([]);
  await clock.advance(2000);
  expect(givenUp).toHaveLength(neighbors.length);
});

test("one dies while frames are lost here and the others answer: it is given up within 8 s, and only it", async () => {
  const { clock, neighbors, attachment, givenUp, start } = lab();
  await using _engine = await start();
  await clock.advance(10_000);
  attachment.isLossy = true;
  neighbors[1]!.isAlive = false;
  await clock.advance(8000);
  expect(givenUp).toEqual([neighbors[1]!.address]);
});

/** The whole control plane in virtual time: what the probes find moves clients, and nothing else does. */

import { pino } from "pino";
import { expect, test } from "vitest";
import { Engine, parseConfig } from "oneip";
import { InlineAttachment } from "../../src/plane/inline_attachment.ts";
import { VirtualClock } from "../../src/system/clock.ts";
import * as f from "../frames.ts";
import { answersOf, type Backend } from "../health/segment.ts";
import { type Neighbor, SimulatedLink } from "./simulated_link.ts";

const ROUNDS_MS = 20_000;

/** Machines that answer probes, too. */
class ProbedLink extends SimulatedLink {
  readonly backends: readonly Backend[];
  readonly #clock: VirtualClock;

  constructor(neighbors: readonly Neighbor[], clock: VirtualClock, arrived: () => void) {
    super(neighbors, clock, arrived);
    this.#clock = clock;
    this.backends = neighbors.map(({ mac }): Backend => ({ mac, addresses: [f.IP.cluster], open: [80] }));
  }

  override write(slot: Uint8Array): boolean {
    if (slot[13] !== 0x06) {
      for (const [index, backend] of this.backends.entries()) {
        if (!this.neighborsAlive[index]!()) continue;
        const answers = answersOf(backend, Uint8Array.from(slot));
        // Clients' packets are answered past the dispatcher.
        const toUs = answers.filter((answer) => f.hex(answer.slice(30, 34)) === f.hex(f.ip(f.IP.dispatcher)));
        for (const answer of toUs) this.#clock.after(1, () => this.bring(answer));
      }
    }
    return super.write(slot);
  }

  neighborsAlive: readonly (() => boolean)[] = [];
}

function lab(cluster: object = {}) {
  const clock = new VirtualClock();
  const neighbors = [1, 2, 3, 4].map((number): Neighbor => ({
    name: `web${number}`,
    address: `10.0.0.1${number}`,
    mac: `02:00:00:00:00:1${number}`,
    isAlive: true,
  }));
  const link: ProbedLink = new ProbedLink(neighbors, clock, () => attachment.work());
  link.neighborsAlive = neighbors.map((neighbor) => () => neighbor.isAlive);
  const attachment = new InlineAttachment(link, clock);
  const config = parseConfig(
    JSON.stringify({
      dispatcher: { mac: f.MAC.dispatcher, addresses: ["10.0.0.2/24"], verify: "off" },
      clusters: [{
        name: "web",
        addresses: [f.IP.cluster],
        ports: ["80/tcp"],
        backends: neighbors.map(({ name, address }) => ({ name, address })),
        ...cluster,
      }],
    }),
    "test",
    "test",
  );
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const requests = Array.from({ length: 200 }, (_, client) => f.synToCluster(`198.51.100.${client + 1}`));
  /** How many clients each machine gets. */
  const shares = () => {
    link.delivered.clear();
    for (const request of requests) link.bring(request);
    return neighbors.map((neighbor) => link.delivered.get(neighbor) ?? 0);
  };
  const told = (msg: string) => lines.filter((line) => line["msg"] === msg);
  return {
    clock,
    neighbors,
    link,
    shares,
    told,
    start: () => Engine.start(config, log, { attachment, clock }),
  };
}

for (const type of ["tcp", "icmp"]) {
  test(`${type}: a backend without the cluster address loses its clients, only they move, and they return`, async () => {
    const { clock, link, shares, told, start } = lab({
      health: { type, ...(type === "tcp" ? { port: 80 } : {}) },
    });
    await using _engine = await start();
    await clock.advance(ROUNDS_MS);
    const before = shares();
    expect(before.every((share) => share > 0)).toBe(true);
    link.backends[1]!.addresses = [];
    await clock.advance(ROUNDS_MS);
    const without = shares();
    expect(without[1]).toBe(0);
    expect(without.reduce((sum, share) => sum + share)).toBe(200);
    expect(told("backend is down")).toMatchObject([{
      cluster: "web",
      backend: "web2",
      fault: "alias-missing",
    }]);
    expect([0, 2, 3].every((index) => without[index]! >= before[index]!)).toBe(true);
    link.backends[1]!.addresses = [f.IP.cluster];
    await clock.advance(ROUNDS_MS);
    expect(shares()).toEqual(before);
  });
}

test("service ports and no health: tcp by default; a server that is gone on a live machine", async () => {
  const { clock, link, shares, told, start } = lab();
  await using engine = await start();
  await clock.advance(ROUNDS_MS);
  expect(told("backend is up")).toHaveLength(4);
  link.backends[0]!.open = [];
  await clock.advance(ROUNDS_MS);
  expect(shares()[0]).toBe(0);
  expect(told("backend is down")).toMatchObject([{ backend: "web1", fault: "no-service" }]);
  const { verdicts } = engine.report();
  expect(verdicts["heard_probe"]).toBeGreaterThan(40);
  expect(verdicts["drop_ring_full"]).toBe(0);
});

test("a machine that dies and comes back without its server stays without clients", async () => {
  const { clock, neighbors, link, shares, start } = lab();
  await using _engine = await start();
  await clock.advance(ROUNDS_MS);
  neighbors[2]!.isAlive = false;
  await clock.advance(ROUNDS_MS);
  expect(shares()[2]).toBe(0);
  link.backends[2]!.open = [];
  neighbors[2]!.isAlive = true;
  await clock.advance(ROUNDS_MS);
  expect(shares()[2]).toBe(0);
  link.backends[2]!.open = [80];
  await clock.advance(ROUNDS_MS);
  expect(shares()[2]).toBeGreaterThan(0);
});

/** Two machines with one address, in virtual time: what each dispatcher does and says, and whom the router believes. */

import pino from "pino";
import { afterEach, expect, test } from "vitest";
import { Engine, parseConfig } from "oneip";
import { InlineAttachment } from "../../src/plane/inline_attachment.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";
import * as f from "../frames.ts";
import { roundsOf } from "../needs.ts";
import { Router, SharedSegment } from "./shared_segment.ts";

const OTHER_MAC = f.MAC.other;
const [OWN6, CLUSTER6] = ["2001:db8:0:0:0:0:0:2", "2001:db8:0:0:0:0:0:100"];
const MINUTE_MS = 60_000;

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly mac?: string;
  readonly address?: string;
  readonly remedy?: string;
}

interface Started {
  readonly engine: Engine;
  readonly log: Line[];
  /** Why it ended by itself; undefined while it goes on. */
  failure?: Error;
}

/** A segment with a router, and dispatchers that start when they are told to. */
class Arrangement {
  readonly clock = new VirtualClock();
  readonly segment = new SharedSegment(this.clock);
  readonly router = new Router(this.segment);
  readonly started: Started[] = [];

  async start(
    { mac = f.MAC.dispatcher as string, own = f.IP.dispatcher as string, cluster = {}, more = {} } = {},
  ): Promise<Started> {
    const config = parseConfig(
      JSON.stringify({
        dispatcher: {
          mac,
          addresses: [`${own}/24`, own === f.IP.dispatcher ? "2001:db8::2/64" : "2001:db8::3/64"],
          gateway: f.IP.router,
          verify: "off",
        },
        clusters: [{
          name: "web",
          addresses: [f.IP.cluster, "2001:db8::100"],
          backends: [{ name: "web1", address: f.IP.backend1 }],
          ...cluster,
        }],
        ...more,
      }),
      "test",
      "test",
    );
    const port = this.segment.join(() => attachment.work());
    const attachment: InlineAttachment = new InlineAttachment(port, this.clock);
    const log: Line[] = [];
    const logger = pino({ base: null }, { write: (line: string) => void log.push(JSON.parse(line)) });
    const engine = await Engine.start(config, logger, { attachment, clock: this.clock });
    const started: Started = { engine, log };
    engine.failed.catch(async (error: Error) => {
      started.failure = error;
      await engine.stop();
    });
    this.started.push(started);
    return started;
  }

  /** Another machine says to everyone that it has an address. */
  claim(address: string, mac: string = OTHER_MAC): void {
    const isV6 = address.includes(":");
    const said = isV6
      ? f.advertisement({ from: address, target: address, mac, solicited: false })
      : f.arp({ senderMac: mac, senderIp: address, targetIp: address });
    this.segment.send(f.ethernet(said, {
      src: mac,
      dst: isV6 ? "33:33:00:00:00:01" : f.MAC.broadcast,
      type: isV6 ? f.ETHERTYPE.ipv6 : f.ETHERTYPE.arp,
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { engine } of this.started) await engine.stop();
  }
}

function conflicts(log: readonly Line[]): Line[] {
  return log.filter(({ msg }) => msg === "another machine claims an address of ours");
}

let it: Arrangement;
afterEach(async () => await it[Symbol.asyncDispose]());

test.each([
  { address: f.IP.dispatcher as string, known: f.IP.dispatcher as string },
  { address: f.IP.cluster as string, known: f.IP.cluster as string },
  { address: "2001:db8::2", known: OWN6 },
  { address: "2001:db8::100", known: CLUSTER6 },
])(
  "another machine's claim of $address is answered at once, and the router believes us again",
  async ({ address, known }) => {
    it = new Arrangement();
    const { log } = await it.start();
    await it.clock.advance(MINUTE_MS - 5000);
    expect(it.router.neighbors.get(known)).toBe(f.MAC.dispatcher);
    it.claim(address);
    await it.clock.advance(3);
    expect(it.router.neighbors.get(known)).toBe(f.MAC.dispatcher);
    expect(conflicts(log)).toEqual([
      expect.objectContaining({
        level: 50,
        mac: OTHER_MAC,
        remedy: expect.stringContaining("stop one of the two"),
      }),
    ]);
  },
);

test("however often it is claimed, an address is defended once in ten seconds, and told of once", async () => {
  it = new Arrangement();
  const { log, failure } = await it.start();
  await it.clock.advance(5000);
  const begun = it.segment.frames.length;
  for (let count = 0; count < 900; count++) {
    it.claim(f.IP.cluster);
    await it.clock.advance(10);
  }
  const said = f.hex(f.arp({ senderMac: f.MAC.dispatcher, senderIp: f.IP.cluster }));
  const announcements = it.segment.frames.slice(begun).map(f.hex).filter((frame) => frame.includes(said));
  expect(announcements.map((frame) => frame.slice(0, 17)), "to all, and to the router").toEqual([
    f.MAC.broadcast.replaceAll(":", " "),
    f.MAC.router.replaceAll(":", " "),
  ]);
  expect(conflicts(log)).toHaveLength(1);
  expect(failure).toBeUndefined();
});

test("two that claim in turn are two lines, and a forger of many MACs is not many", async () => {
  it = new Arrangement();
  const { log } = await it.start();
  await it.clock.advance(5000);
  for (let count = 0; count < 100; count++) {
    it.claim(f.IP.cluster, count % 2 === 0 ? OTHER_MAC : "02:00:00:00:00:98");
    await it.clock.advance(100);
  }
  expect(conflicts(log).map(({ mac }) => mac)).toEqual([OTHER_MAC, "02:00:00:00:00:98"]);
  for (let count = 0; count < 1000; count++) {
    it.claim(
      f.IP.cluster,
      `02:00:00:01:${(count >> 8).toString(16).padStart(2, "0")}:${
        (count & 255).toString(16).padStart(2, "0")
      }`,
    );
  }
  await it.clock.advance(100);
  expect(conflicts(log).length).toBeLessThanOrEqual(16);
});

test("a second dispatcher with the same addresses ends with the reason; the first goes on, and the router never sees another", async () => {
  it = new Arrangement();
  const first = await it.start();
  await it.clock.advance(5000);
  const second = await it.start({ mac: OTHER_MAC });
  for (let ms = 0; ms < 1000; ms += 10) {
    await it.clock.advance(10);
    expect(it.router.neighbors.get(f.IP.dispatcher)).toBe(f.MAC.dispatcher);
    expect(it.router.neighbors.get(f.IP.cluster)).toBe(f.MAC.dispatcher);
  }
  expect(second.failure?.message).toBe(
    `The machine with MAC ${f.MAC.dispatcher} has the dispatcher's address ${f.IP.dispatcher}; ` +
      "give one of them another address; if it is a second dispatcher, stop one of the two",
  );
  expect(first.failure).toBeUndefined();
  expect(first.log.filter(({ level }) => level >= 50)).toEqual([]);
});

test("one that ends because its address is taken leaves nothing to the backends' filters", async () => {
  it = new Arrangement();
  const cluster = { fallback: "broadcast", algorithm: "rendezvous" };
  const first = await it.start({ cluster });
  await it.clock.advance(5000);
  const second = await it.start({ mac: OTHER_MAC, cluster });
  await it.clock.advance(5000);
  expect(second.failure).toBeDefined();
  expect(it.router.neighbors.get(f.IP.cluster)).toBe(f.MAC.dispatcher);
  await first.engine.stop();
  await it.clock.advance(10);
  expect(it.router.neighbors.get(f.IP.cluster), "the one that had them does").toBe(f.MAC.broadcast);
});

test("in a fleet nobody says or hears where a cluster address is, and each keeps its own addresses", async () => {
  it = new Arrangement();
  const fleet = { more: { fleet: {} } };
  const [first, second] = [
    await it.start(fleet),
    await it.start({ ...fleet, mac: OTHER_MAC, own: "10.0.0.3" }),
  ];
  await it.clock.advance(5000);
  for (const address of [f.IP.cluster, "2001:db8::100"]) it.claim(address, "02:00:00:00:00:98");
  it.segment.send(
    f.ethernet(f.arp({ targetIp: f.IP.cluster }), { dst: f.MAC.broadcast, type: f.ETHERTYPE.arp }),
  );
  await it.clock.advance(MINUTE_MS);
  for (const { log, failure } of [first, second]) expect([conflicts(log), failure]).toEqual([[], undefined]);
  expect(it.router.neighbors.get(f.IP.cluster), "what the stranger said").toBe("02:00:00:00:00:98");
  expect(it.router.neighbors.get(CLUSTER6)).toBe("02:00:00:00:00:98");
  expect(it.router.neighbors.get(f.IP.dispatcher)).toBe(f.MAC.dispatcher);
  expect(it.router.neighbors.get("10.0.0.3")).toBe(OTHER_MAC);
  it.claim(f.IP.dispatcher);
  await it.clock.advance(3);
  expect(it.router.neighbors.get(f.IP.dispatcher), "its own it defends").toBe(f.MAC.dispatcher);
});

test("two dispatchers with one cluster address: each names the other once for each address, and there is no storm", async () => {
  it = new Arrangement();
  const first = await it.start();
  await it.clock.advance(5000);
  const second = await it.start({ mac: OTHER_MAC, own: "10.0.0.3" });
  const before = it.segment.frames.length;
  await it.clock.advance(10 * MINUTE_MS);
  const perSecond = (it.segment.frames.length - before) / 600;
  expect(perSecond, "two resolvers that ask for a router and a backend that is not there").toBeLessThan(10);
  for (const [{ log, failure }, mac] of [[first, OTHER_MAC], [second, f.MAC.dispatcher]] as const) {
    expect(failure).toBeUndefined();
    expect(new Set(conflicts(log).map((line) => line.mac))).toEqual(new Set([mac]));
    expect(conflicts(log).length).toBe(2);
  }
});

test("a dispatcher with the same MAC, too, is named once in an hour; both go on", async () => {
  it = new Arrangement();
  const both = [await it.start(), await it.start()];
  await it.clock.advance(roundsOf(60) * MINUTE_MS);
  for (const { log, failure } of both) {
    expect(failure).toBeUndefined();
    const named = log.filter(({ msg }) => msg.startsWith("frames come from the link with our own MAC"));
    expect(named).toEqual([
      expect.objectContaining({
        level: 50,
        mac: f.MAC.dispatcher,
        remedy: expect.stringContaining("stop the other"),
      }),
    ]);
  }
});

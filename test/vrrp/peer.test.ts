/** What the active one of a pair tells the other one, in virtual time: a take-over in the middle of a transition cuts nobody. */

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as f from "../frames.ts";
import type { SegmentPort, SharedSegment } from "../engine/shared_segment.ts";
import { Arrangement, type Started } from "./arrange.ts";

const KEY_FILE = join(mkdtempSync(join(tmpdir(), "oneip-peer-")), "pair.key");
writeFileSync(KEY_FILE, "c2l4dGVlbiBvY3RldHMgb3IgbW9yZQ\n");

const [SYN, ACK] = [0x02, 0x10];
const MACS = ["02:00:00:00:01:01", "02:00:00:00:01:02"] as const;
const ADDRESSES = ["10.0.0.21", "10.0.0.22"] as const;

/** A backend that answers ARP, and knows which segments came. */
class Machine {
  readonly ports: number[] = [];
  readonly #port: SegmentPort;
  readonly #mac: string;
  readonly #address: string;
  readonly #slot = new Uint8Array(2048);

  constructor(segment: SharedSegment, mac: string, address: string) {
    this.#mac = mac;
    this.#address = address;
    this.#port = segment.join(() => this.#serve());
  }

  #serve(): void {
    const slot = this.#slot;
    while (this.#port.read(slot) > 0) {
      const type = (slot[12]! << 8) | slot[13]!;
      if (type === f.ETHERTYPE.arp && slot[21] === 1 && f.ipAt(slot, 38) === this.#address) {
        const targetMac = f.macAt(slot, 22);
        const arp = f.arp({
          operation: 2,
          senderMac: this.#mac,
          senderIp: this.#address,
          targetMac,
          targetIp: f.ipAt(slot, 28),
        });
        const answer = f.ethernet(arp, { dst: targetMac, src: this.#mac, type: f.ETHERTYPE.arp });
        this.#port.write(answer, answer.length);
      }
      if (type === f.ETHERTYPE.ipv4 && slot[23] === 6 && f.macAt(slot, 0) === this.#mac) {
        this.ports.push((slot[34]! << 8) | slot[35]!);
      }
    }
  }
}

class Lab extends Arrangement {
  readonly machines = ADDRESSES.map((address, index) => new Machine(this.segment, MACS[index]!, address));
  readonly #port = this.segment.join(() => {});
  /** Whose bucket is web1's. */
  #client = "198.51.100.1";

  /** Both, of which the first one is active. `peer`: further keys of that section; null: nothing is told. */
  async both(peer: object | null = {}, more: object = {}): Promise<[one: Started, two: Started]> {
    const cluster = { backends: ADDRESSES.map((address, index) => ({ name: `web${index + 1}`, address })) };
    const vrrpOf = (address: string) =>
      peer === null ? {} : { peer: { address, keyFile: KEY_FILE, ...peer } };
    const one = await this.start("one", vrrpOf("10.0.0.3"), cluster, more);
    await this.clock.advance(2000);
    const two = await this.start("two", vrrpOf("10.0.0.2"), cluster, more);
    await this.clock.advance(2000);
    return [one, two];
  }

  /** A segment of this client port to the cluster. Which backends it came to, by number. */
  async send(srcPort: number, flags: number): Promise<number[]> {
    for (const machine of this.machines) machine.ports.length = 0;
    this.begin(srcPort, flags);
    await this.clock.advance(10);
    return this.machines.flatMap(({ ports }, index) => ports.includes(srcPort) ? [index + 1] : []);
  }

  /** A segment of this client port, the first one of a connection; nobody waits for it. */
  begin(srcPort: number, flags = SYN): void {
    const src = this.#client;
    const frame = f.ethernet(f.ipv4(f.tcp({ flags, srcPort, src }), { src, protocol: 6 }), {
      dst: this.router.neighbors.get(f.IP.cluster)!,
    });
    this.#port.write(frame, frame.length);
  }

  /** From now on segments come from a client whose bucket is web1's; one is there already, from port 40000. */
  async findClient(): Promise<void> {
    for (let host = 1; host < 250; host++) {
      this.#client = `198.51.100.${host}`;
      if ((await this.send(40_000, SYN)).includes(1)) return;
    }
    throw new Error("nobody's bucket is web1's");
  }
}

const drained = async (it: Lab, { engine }: Started, backend: string) => {
  const done = engine.administer(backend, "draining");
  await it.clock.advance(200);
  await done;
};

test("a drain is known to the other one, and no connection is cut by a take-over in the middle of it", async () => {
  await using it = new Lab();
  const [one, two] = await it.both();
  await it.findClient();
  expect(await it.send(40_001, SYN)).toEqual([1]);
  await drained(it, one, "web1");
  expect(await it.send(40_002, SYN), "what is new goes elsewhere").toEqual([2]);
  expect(await it.send(40_001, ACK)).toEqual([1]);
  await it.clock.advance(300);
  expect(two.engine.status().clusters[0]!.backends[0]).toMatchObject({
    state: "draining",
    why: "by command at 10.0.0.2",
  });
  expect(two.engine.status().peer).toMatchObject({ address: "10.0.0.2", isActive: true, clusters: 1 });
  one.vanish();
  await it.clock.advance(1000);
  expect(two.states()[0]).toBe("active");
  expect(two.events("pair.went_on")).toMatchObject([{
    other: "10.0.0.2",
    clusters: ["web"],
    connections: 1,
  }]);
  expect(await it.send(40_001, ACK), "an old connection stays").toEqual([1]);
  expect(await it.send(40_002, ACK), "and one of the transition").toEqual([2]);
  expect(await it.send(40_003, SYN), "and what is new goes by the drain").toEqual([2]);
});

test("what began a moment before the active one died is not cut: the other one was told first", async () => {
  await using it = new Lab();
  const [one, two] = await it.both();
  await it.findClient();
  await drained(it, one, "web1");
  const frames = it.segment.frames.length;
  expect(await it.send(40_009, SYN)).toEqual([2]);
  one.vanish();
  const since = it.segment.frames.slice(frames).map((frame) => f.hex(frame));
  const told = since.findIndex((text) => text.slice(102, 113) === "10 19 10 19");
  const wentOn = since.findIndex((text) => text.startsWith(f.hex(f.mac(MACS[1]))));
  expect([told, wentOn].every((at) => at >= 0), since.join("\n")).toBe(true);
  expect(told).toBeLessThan(wentOn);
  expect(one.engine.report().verdicts).toMatchObject({ told: 1 });
  await it.clock.advance(1000);
  expect(two.states()[0]).toBe("active");
  expect(await it.send(40_009, ACK)).toEqual([2]);
});

test("of a flood of new connections most go on untold, and none is lost", async () => {
  await using it = new Lab();
  const [one] = await it.both();
  await it.findClient();
  await drained(it, one, "web1");
  const before = one.engine.report().verdicts;
  for (let port = 1; port <= 2000; port++) it.begin(port);
  await it.clock.advance(50);
  const { told, dispatched } = one.engine.report().verdicts;
  expect(told! + dispatched! - before["told"]! - before["dispatched"]!).toBe(2000);
  expect(told! - before["told"]!).toBeLessThanOrEqual(128);
  expect(new Set(it.machines[1]!.ports).size).toBeGreaterThanOrEqual(2000);
});

test("without a peer in the configuration the other one knows nothing of it", async () => {
  await using it = new Lab();
  const [one, two] = await it.both(null);
  await it.findClient();
  await drained(it, one, "web1");
  expect(await it.send(40_002, SYN)).toEqual([2]);
  one.vanish();
  await it.clock.advance(1000);
  expect(two.engine.status().peer).toBeNull();
  expect(await it.send(40_002, ACK)).toEqual([1]);
});

test("what a backup alone finds wrong changes nothing until it is active", async () => {
  await using it = new Lab();
  const [one, two] = await it.both();
  await it.findClient();
  const health = { state: "down", reason: "seen from here", fault: null } as const;
  two.engine.healthChanged("web", "web1", health);
  await it.clock.advance(500);
  expect(await it.send(40_005, SYN)).toEqual([1]);
  await it.clock.advance(300);
  one.vanish();
  await it.clock.advance(1000);
  expect(two.states()[0]).toBe("active");
  expect(await it.send(40_006, SYN), "what is new goes by its own view").toEqual([2]);
});

test("where decisions are written down in etcd, both have them from there and not from each other", async () => {
  await using it = new Lab();
  const [one, two] = await it.both({}, { fleet: { etcd: ["http://10.0.0.5:2379"] } });
  await drained(it, one, "web1");
  await it.clock.advance(500);
  expect(two.engine.status().peer).toMatchObject({ isActive: true, clusters: 1 });
  expect(two.engine.status().clusters[0]!.backends[0]!.administration.state).toBe("active");
});

test("a backup sends whoever commands it to the active one", async () => {
  await using it = new Lab();
  const [, two] = await it.both();
  await expect(two.engine.administer("web1", "draining")).rejects.toThrow(
    "This dispatcher is the backup of a pair, and has what is decided at the active one, 10.0.0.2; give the command there",
  );
  await expect(two.engine.setTechnique("route")).rejects.toThrow("give the command there");
});

test("another key: nothing is believed, and it is counted", async () => {
  await using it = new Lab();
  const [, two] = await it.both();
  expect(two.engine.status().peer!.refused).toEqual({ forged: 0, stale: 0, foreign: 0, dropped: 0 });
  const forged = f.ethernet(
    f.ipv4(f.udp(new Array<number>(60).fill(7), 4121, 4121), { src: "10.0.0.2", dst: "10.0.0.3" }),
    {
      dst: "02:00:00:00:00:03",
      src: f.MAC.dispatcher,
    },
  );
  for (let count = 0; count < 10; count++) it.segment.send(forged);
  await it.clock.advance(50);
  expect(two.engine.status().peer!.refused.forged).toBe(10);
});

test("a stop that is meant hands all of it over, too", async () => {
  await using it = new Lab();
  const [one, two] = await it.both();
  await it.findClient();
  await drained(it, one, "web1");
  expect(await it.send(40_007, SYN)).toEqual([2]);
  await it.clock.advance(300);
  const stopped = one.engine.stop();
  await it.clock.advance(500);
  await stopped;
  expect(two.states()[0]).toBe("active");
  expect(await it.send(40_007, ACK)).toEqual([2]);
  expect(await it.send(40_000, ACK)).toEqual([1]);
});

/**
 * What a host believes of its neighbors, and what it says of itself. Each fact is one of Linux 6.18, tried with raw frames in network
 * namespaces.
 */

import { expect, test } from "vitest";
import { VirtualClock } from "oneip";
import { Host } from "../../../src/sim/net/host.ts";
import { Network } from "../../../src/sim/net/network.ts";
import { Port } from "../../../src/sim/net/port.ts";
import { parseMac } from "../../../src/wire/address.ts";
import * as f from "../../frames.ts";

const OWN = "02:00:00:00:00:11";
const [M1, M2, M3] = ["02:aa:00:00:00:01", "02:aa:00:00:00:02", "02:aa:00:00:00:03"] as const;
const GROUP = "03:bf:00:00:00:01";
const ALL = f.MAC.broadcast;
const US = "10.5.0.2";
const IT = "10.5.0.7";
const ALIAS = "10.5.0.80";
const ELSEWHERE = "192.0.2.80";
const OUTSIDE = "192.0.2.9";

/** A host, and whoever else is on its link. */
class Bench {
  readonly time = new VirtualClock();
  readonly host = new Host(this.time, "host");
  readonly eth0 = this.host.addInterface("eth0", [`${US}/24`, "2001:db8::11/64"], parseMac(OWN));
  /** What the host has asked and answered, such as `who-has 10.5.0.7 tell 10.5.0.2 @ff:ff:ff:ff:ff:ff`. */
  said: string[] = [];
  readonly #probe = new Port("probe", "eth0", parseMac(M1)!);

  constructor() {
    new Network(this.time).join(this.#probe, this.eth0.port);
    for (const address of [ALIAS, ELSEWHERE]) this.host.ip.addAddress(undefined, `${address}/32`);
    this.host.ip.addAddress(undefined, "2001:db8::80/128");
    this.host.ip.addRoute("0.0.0.0/0", ["10.5.0.1"]);
    this.#probe.receive = (octets, length) => this.said.push(describe(octets.subarray(0, length)));
  }

  async arp(options: f.ArpOptions & { dst?: string }): Promise<string> {
    const { dst = ALL, ...rest } = options;
    const { senderMac = M1 } = rest;
    await this.send(
      f.ethernet(f.arp({ senderIp: IT, senderMac, ...rest }), { src: senderMac, dst, type: 0x0806 }),
    );
    return this.knows(IT);
  }

  async send(frame: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#probe.send(frame, frame.length);
    await this.time.advance(1);
  }

  /** Such as `stale 02:aa:00:00:00:01`. */
  knows(address: string): string {
    const known = this.eth0.neighbors.get(address);
    if (known === undefined) return "nothing";
    const [high, low] = [known.macHigh.toString(16).padStart(4, "0"), (known.macLow >>> 0).toString(16)];
    return `${known.state} ${(high + low.padStart(8, "0")).match(/../g)!.join(":")}`;
  }
}

function describe(frame: Uint8Array): string {
  const dst = f.macAt(frame, 0);
  if (((frame[12]! << 8) | frame[13]!) === 0x0806) {
    const [sender, target] = [f.ipAt(frame, 28), f.ipAt(frame, 38)];
    return frame[21] === 1
      ? `who-has ${target} tell ${sender} @${dst}`
      : `${sender} is-at ${f.macAt(frame, 22)}`;
  }
  return `IP @${dst}`;
}

test("ARP: who asks us is known, who is not asked is not believed, and of several answers the first one counts", async () => {
  const bench = new Bench();
  const reply = { operation: 2, targetMac: OWN, targetIp: US, dst: OWN };
  expect(await bench.arp({ ...reply }), "an answer to no question").toBe("nothing");
  expect(await bench.arp({ targetIp: "10.5.0.99" }), "a question to others").toBe("nothing");
  expect(await bench.arp({ targetIp: US })).toBe(`stale ${M1}`);
  expect(bench.said).toEqual([`${US} is-at ${OWN}`]);
  expect(await bench.arp({ targetIp: "10.5.0.99", senderMac: M2 }), "too soon").toBe(`stale ${M1}`);
  await bench.time.advance(1200);
  expect(await bench.arp({ targetIp: "10.5.0.99", senderMac: M2 }), "later").toBe(`stale ${M2}`);
  expect(await bench.arp({ ...reply, senderMac: M1 }), "too soon").toBe(`stale ${M2}`);
  expect(await bench.arp({ targetIp: IT, senderMac: M3 }), "a gratuitous question").toBe(`stale ${M3}`);
  expect(
    await bench.arp({ operation: 2, targetMac: ALL, targetIp: IT }),
    "a gratuitous answer that names two MACs",
  )
    .toBe(`stale ${M3}`);
  await bench.time.advance(1200);
  expect(await bench.arp({ ...reply, senderMac: M2 }), "an answer to us").toBe(`reachable ${M2}`);
  expect(await bench.arp({ targetIp: US, senderMac: M1 }), "who asks us is believed").toBe(`stale ${M1}`);
});

test("ARP: a group's MAC is believed, which RFC 1812 section 3.3.2 forbids; what is written down is not changed", async () => {
  const bench = new Bench();
  bench.host.pings.send(IT, {}, () => {});
  expect(await bench.arp({ operation: 2, senderMac: GROUP, targetMac: OWN, targetIp: US, dst: OWN }))
    .toBe(`reachable ${GROUP}`);
  expect(bench.said.at(-1)).toBe(`IP @${GROUP}`);
  bench.eth0.neighbors.setPermanent(IT, parseMac(ALL)!);
  expect(await bench.arp({ targetIp: IT, senderMac: M3 })).toBe(`permanent ${ALL}`);
});

// facts.md 8.4.
for (const [arpIgnore, isAnswered] of [[0, true], [1, false], [2, false], [8, false]] as const) {
  test(`arp_ignore ${arpIgnore}: what is on the loopback is ${isAnswered ? "" : "not "}answered for`, async () => {
    const bench = new Bench();
    bench.eth0.arpIgnore = arpIgnore;
    await bench.arp({ targetIp: ALIAS });
    expect(bench.said).toEqual(isAnswered ? [`${ALIAS} is-at ${OWN}`] : []);
    bench.said = [];
    await bench.arp({ targetIp: US });
    expect(bench.said).toEqual(arpIgnore === 8 ? [] : [`${US} is-at ${OWN}`]);
  });
}
const NAMED = [[0, ALIAS, ALIAS], [0, ELSEWHERE, ELSEWHERE], [1, ALIAS, ALIAS], [1, ELSEWHERE, US]] as const;
for (const [arpAnnounce, from, named] of [...NAMED, [2, ALIAS, US], [2, ELSEWHERE, US]] as const) {
  test(`arp_announce ${arpAnnounce}: who sends from ${from} on the loopback asks from ${named}`, async () => {
    const bench = new Bench();
    bench.eth0.arpAnnounce = arpAnnounce;
    bench.host.pings.send(OUTSIDE, { from }, () => {});
    await bench.time.advance(1);
    expect(bench.said).toEqual([`who-has 10.5.0.1 tell ${named} @${ALL}`]);
  });
}

test("IPv6: what is on the loopback is not answered for; who sends from there asks from the link-local address", async () => {
  const bench = new Bench();
  const ask = (target: string) => {
    const message = f.solicitation({ from: "2001:db8::7", to: "ff02::1", target, mac: M1 });
    return bench.send(f.ethernet(message, { src: M1, dst: "33:33:00:00:00:01", type: 0x86dd }));
  };
  await ask("2001:db8::80");
  expect(bench.said).toEqual([]);
  await ask("2001:db8::11");
  expect(bench.said).toEqual([`IP @${M1}`]);
  expect(bench.knows("2001:db8::7")).toBe(`stale ${M1}`);
  let source = "";
  bench.host.pings.send("2001:db8::9", { from: "2001:db8::80" }, () => {});
  bench.eth0.port.carry = (octets) => source = f.hex(octets.subarray(22, 24));
  await bench.time.advance(1001);
  expect(source).toBe("fe 80");
});

test("who is used is asked again after 30 s and a moment: by its MAC, then everyone, and then it has failed", async () => {
  const bench = new Bench();
  const errors: string[] = [];
  const ping = () =>
    bench.host.pings.send(IT, {}, ({ error }) => errors.push(`${error?.type}/${error?.code}`));
  ping();
  await bench.arp({ operation: 2, targetMac: OWN, targetIp: US, dst: OWN });
  expect(bench.knows(IT)).toBe(`reachable ${M1}`);
  await bench.time.advance(31_000);
  ping();
  expect(bench.knows(IT)).toBe(`delay ${M1}`);
  bench.said = [];
  await bench.time.advance(8500);
  const asked = (dst: string) => `who-has ${IT} tell ${US} @${dst}`;
  expect(bench.said).toEqual([`IP @${M1}`, asked(M1), asked(M1), asked(M1)]);
  expect(bench.knows(IT).split(" ")[0]).toBe("failed");
  bench.said = [];
  ping();
  await bench.time.advance(3100);
  expect(bench.said).toEqual([asked(ALL), asked(ALL), asked(ALL)]);
  expect(errors).toEqual(["3/1"]);
});

test("frames that wait for a MAC and neighbors are bounded, and counted", async () => {
  const bench = new Bench();
  const { neighbors } = bench.eth0;
  for (let count = 0; count < 150; count++) bench.host.pings.send(IT, {}, () => {});
  expect(neighbors.get(IT)!.waiting).toHaveLength(101);
  expect(neighbors.overflows).toBe(49);
  for (let count = 0; count < 1500; count++) {
    const senderIp = `10.5.${(count >> 8) + 1}.${count & 255}`;
    await bench.arp({ senderIp, targetIp: US });
  }
  expect(neighbors.all).toHaveLength(1024);
  expect(neighbors.get("10.5.6.219"), "the latest one is there").toBeDefined();
  expect(neighbors.get(IT), "and the one that is asked for").toBeDefined();
  expect(neighbors.get("10.5.1.0"), "the oldest one had to go").toBeUndefined();
});

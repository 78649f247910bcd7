/** What other machines can make grow has a bound. */

import { expect, test } from "vitest";
import { VirtualClock } from "oneip";
import { IcmpLimits } from "../../../src/sim/net/icmp_limits.ts";
import { PathMtus } from "../../../src/sim/net/path_mtus.ts";
import { Port } from "../../../src/sim/net/port.ts";
import { Network } from "../../../src/sim/net/network.ts";
import { Host } from "../../../src/sim/net/host.ts";
import { parseMac } from "../../../src/wire/address.ts";
import * as ipv4 from "../../../src/wire/ipv4.ts";
import * as protocol from "../../../src/wire/protocol.ts";
import * as tcp from "../../../src/wire/tcp.ts";
import * as f from "../../frames.ts";
import { arrange } from "./arrange.ts";

const [IP, TCP] = [14, 34];

test("a flood of SYNs: 16,384 connections at most, and the rest is counted", async () => {
  const time = new VirtualClock();
  const host = new Host(time, "host");
  const eth0 = host.addInterface("eth0", [`${f.IP.dispatcher}/24`], parseMac(f.MAC.dispatcher));
  host.ip.addRoute("0.0.0.0/0", [f.IP.router]);
  eth0.neighbors.setPermanent(f.IP.router, parseMac(f.MAC.router)!);
  host.tcp.listen(80, () => ({}));
  const probe = new Port("probe", "eth0", parseMac(f.MAC.router)!);
  new Network(time).join(probe, eth0.port);
  const frame = f.ethernet(f.ipv4(f.tcp({ dst: f.IP.dispatcher }), { dst: f.IP.dispatcher, protocol: 6 }));
  const view = new DataView(frame.buffer);
  const flood = async (count: number) => {
    for (let index = 0; index < count; index++) {
      ipv4.setAddresses(view, IP, 0xc6336400 + (index >>> 10), ipv4.dst(view, IP));
      tcp.setPorts(view, TCP, 1024 + (index & 1023), 80);
      const length = frame.length - TCP;
      tcp.setChecksum(view, TCP, length, ipv4.pseudoHeaderSum(view, IP, length, protocol.TCP));
      probe.send(frame, frame.length);
    }
    await time.advance(1);
  };
  await flood(16_484);
  expect([host.tcp.size, host.tcp.overflows]).toEqual([16_384, 100]);
  host.kill();
  expect(host.tcp.size).toBe(0);
});

test("path MTUs: the oldest gives way, and after ten minutes all are forgotten", async () => {
  const time = new VirtualClock();
  const mtus = new PathMtus(time);
  for (let count = 0; count < 1500; count++) mtus.learn(`10.0.${count >> 8}.${count & 255}`, 1300);
  expect(mtus.all).toHaveLength(1024);
  expect(mtus.all.at(-1)!.address).toBe("10.0.5.219");
  await time.advance(600_000);
  expect(mtus.all).toEqual([]);
});

test("ICMP errors: each address has six at once; of 1,024 addresses the oldest gives way, and that is counted", () => {
  const limits = new IcmpLimits();
  const frame = new DataView(new ArrayBuffer(4));
  /** To this address, at a time at which there is room for all. */
  const allow = (address: number, nowMs: number) => {
    frame.setUint32(0, address);
    return limits.allow(frame, 0, false, nowMs);
  };
  for (let count = 0; count < 7; count++) expect(allow(0, 1000)).toBe(count < 6);
  for (let address = 1; address < 1024; address++) allow(address, 1000 + address);
  expect([limits.dropped, limits.forgotten, allow(0, 1999)]).toEqual([1, 0, false]);
  allow(1024, 2024);
  expect([limits.forgotten, allow(0, 2025)]).toEqual([1, true]);
});

test("echo requests: 4,096 wait for their answers at most; the oldest gives way, and that is counted", async () => {
  const { time, client, router } = arrange();
  const heard: number[] = [];
  const ping = (number: number) => client.pings.send("10.1.0.1", { size: 8 }, () => void heard.push(number));
  const [own, other] = [client.ip.interfaces[0]!, router.ip.interfaces[0]!];
  own.neighbors.setPermanent("10.1.0.1", other.port.mac);
  other.neighbors.setPermanent("10.1.0.2", own.port.mac);
  for (let number = 0; number < 4098; number++) ping(number);
  expect(client.pings.forgotten).toBe(2);
  await time.advance(10);
  expect([heard.length, heard[0], heard.at(-1)]).toEqual([4096, 2, 4097]);
});

/** What other machines can make grow has a bound. */

import { expect, test } from "vitest";
import { VirtualClock } from "oneip";
import { PathMtus } from "../../../src/sim/net/path_mtus.ts";
import { Port } from "../../../src/sim/net/port.ts";
import { Network } from "../../../src/sim/net/network.ts";
import { Host } from "../../../src/sim/net/host.ts";
import { parseMac } from "../../../src/wire/address.ts";
import * as ipv4 from "../../../src/wire/ipv4.ts";
import * as protocol from "../../../src/wire/protocol.ts";
import * as tcp from "../../../src/wire/tcp.ts";
import * as f from "../../frames.ts";

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

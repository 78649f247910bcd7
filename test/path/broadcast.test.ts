import { expect, test } from "vitest";
import { Bench, NEIGHBOR } from "./arrange.ts";
import { NO_GROUP } from "../../src/table/forwarding_table.ts";
import * as f from "../frames.ts";
import { ETHERTYPE, IP, IP6, MAC } from "../frames.ts";

const GROUP = "03:bf:0a:00:00:64";

/** Technique broadcast: the cluster has a group. */
function broadcasting(): Bench {
  const bench = new Bench();
  bench.table.setGroup(0, NEIGHBOR.group);
  bench.table.setMac(NEIGHBOR.group, 0x03bf, 0x0a000064);
  return bench;
}

test("frames to the cluster go to the group, with one from the TTL and our MAC as source", () => {
  const { verdict, frame, neighbor } = broadcasting().receive(f.synToCluster());
  const packet = f.ipv4(f.tcp(), { protocol: 6, ttl: 63 });
  expect({ verdict, neighbor }).toEqual({ verdict: "dispatched", neighbor: NEIGHBOR.group });
  expect(f.hex(frame)).toBe(f.hex(f.ethernet(packet, { dst: GROUP, src: MAC.dispatcher })));
});

test("with no group any more they go to the owners of their buckets again", () => {
  const bench = broadcasting();
  bench.table.setGroup(0, NO_GROUP);
  const { verdict, neighbor } = bench.receive(f.synToCluster());
  expect(verdict).toBe("dispatched");
  expect([NEIGHBOR.backend1, NEIGHBOR.backend2]).toContain(neighbor);
});

test("who asks for the cluster address is told the group's MAC, who asks for ours gets ours", () => {
  const ask = (targetIp: string) =>
    broadcasting().receive(f.ethernet(f.arp({ targetIp }), { dst: MAC.broadcast, type: ETHERTYPE.arp }));
  const told = (senderMac: string, senderIp: string) => {
    const reply = { operation: 2, senderMac, senderIp, targetMac: MAC.router, targetIp: IP.router };
    return f.hex(f.ethernet(f.arp(reply), { dst: MAC.router, src: MAC.dispatcher, type: ETHERTYPE.arp }));
  };
  expect(f.hex(ask(IP.cluster).frame)).toBe(told(GROUP, IP.cluster));
  expect(f.hex(ask(IP.dispatcher).frame)).toBe(told(MAC.dispatcher, IP.dispatcher));
});

test("so it is in neighbor discovery", () => {
  const ask = (target: string, group: string) =>
    broadcasting().receive(f.ethernet(f.solicitation({ target }), { dst: group, type: ETHERTYPE.ipv6 }));
  /** The target link-layer address option. */
  const toldMac = (frame: Uint8Array) => f.hex(frame.slice(-6)).replaceAll(" ", ":");
  expect(toldMac(ask(IP6.cluster, "33:33:ff:00:01:00").frame)).toBe(GROUP);
  expect(toldMac(ask(IP6.dispatcher, "33:33:ff:00:00:02").frame)).toBe(MAC.dispatcher);
});

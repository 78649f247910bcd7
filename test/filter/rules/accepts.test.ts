import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { accepts, BackendFilter, explain, parseConfig } from "oneip";
import * as f from "../../frames.ts";
import { ROOT } from "../../runtime.ts";

const FILE = join(ROOT, "netns/broadcast.oneip.yaml");
const CONFIG = parseConfig(readFileSync(FILE, "utf8"), FILE, "test");
const NAMES = ["web1", "web2", "web3", "web4"];

/** The backends whose filters let a frame in. */
const takers = (frame: Uint8Array<ArrayBuffer>, live?: readonly string[]) =>
  NAMES.filter((name) => accepts(frame, new BackendFilter(CONFIG, name, live)));

const toAll = (packet: f.Octets, type: number = f.ETHERTYPE.ipv4) =>
  f.ethernet(packet, { dst: f.MAC.broadcast, type });

test("a client's frames are taken by the backend that explain names, and by no other", () => {
  for (const client of ["198.51.100.7", "203.0.113.9"]) {
    const [{ backend } = { backend: null }] = explain(CONFIG, [client], []);
    expect(takers(toAll(f.ipv4(f.udp([1]), { src: client, protocol: f.PROTOCOL.udp })))).toEqual([backend]);
    const [{ backend: other } = { backend: null }] = explain(CONFIG, [client], [backend!]);
    const live = NAMES.filter((name) => name !== backend);
    expect(takers(toAll(f.ipv4(f.udp([1]), { src: client, protocol: f.PROTOCOL.udp })), live)).toEqual([
      other,
    ]);
  }
});

test("everything else is let in by all: another address, one machine's own MAC, ARP", () => {
  expect(takers(toAll(f.ipv4(f.udp([1]), { dst: "10.0.0.255", protocol: f.PROTOCOL.udp })))).toEqual(NAMES);
  expect(takers(f.synToCluster())).toEqual(NAMES);
  expect(takers(toAll(f.arp(), f.ETHERTYPE.arp))).toEqual(NAMES);
  expect(takers(toAll(f.ipv6(f.udp6([1]), { dst: "2001:db8::1" }), f.ETHERTYPE.ipv6))).toEqual(NAMES);
});

test("IP that is none is let in by nobody, as the kernel drops it", () => {
  const frame = toAll(f.ipv4(f.udp([1]), { protocol: f.PROTOCOL.udp }));
  frame[24]! ^= 1;
  expect(takers(frame)).toEqual([]);
});

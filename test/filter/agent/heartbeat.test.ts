import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeHeartbeat,
  digestOf,
  encodeHeartbeat,
  type Heartbeat,
  liveKey,
} from "../../../src/filter/agent/heartbeat.ts";
import { parseConfig } from "oneip";

const KEY = new TextEncoder().encode("sixteen characters or more");
const HEARTBEAT: Heartbeat = {
  digest: "0a86553ab664f40f",
  name: "web1",
  boot: 1_795_326_610_375,
  seq: 7,
  live: liveKey(["web2", "web1"]),
  hears: ["web2"],
  echo: { web2: { boot: 1_795_326_610_222, seq: 9 } },
  held: Uint8Array.of(1, 0, 255),
  isLeaving: false,
};

test("a heartbeat comes out as it went in", () => {
  expect(decodeHeartbeat(encodeHeartbeat(HEARTBEAT, KEY), KEY)).toEqual(HEARTBEAT);
  const settled = { ...HEARTBEAT, held: undefined };
  expect(decodeHeartbeat(encodeHeartbeat(settled, KEY), KEY)).toEqual(settled);
});

test("another key, a changed bit, a cut, any octets: no heartbeat, and no exception", () => {
  const datagram = encodeHeartbeat(HEARTBEAT, KEY);
  expect(decodeHeartbeat(datagram, new TextEncoder().encode("another key, as long"))).toBeUndefined();
  fc.assert(fc.property(fc.nat(datagram.length * 8 - 1), (bit) => {
    const changed = Uint8Array.from(datagram);
    changed[bit >>> 3]! ^= 1 << (bit & 7);
    expect(decodeHeartbeat(changed, KEY)).toBeUndefined();
    expect(decodeHeartbeat(datagram.subarray(0, bit >>> 3), KEY)).toBeUndefined();
  }));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
    expect(decodeHeartbeat(octets, KEY)).toBeUndefined();
  }));
});

const config = (cluster: string, backends: string) =>
  parseConfig(
    `dispatcher: {addresses: [10.0.0.2/24]}\nclusters:\n  - {name: web, ${cluster}, backends: [${backends}]}\n`,
    "oneip.yaml",
    "test",
  ).clusters[0]!;

test("the digest is of what decides who owns what, and of nothing else", () => {
  const one = digestOf(
    config("addresses: [10.0.0.100]", "{name: a, address: 10.0.0.11}, {name: b, address: 10.0.0.12}"),
  );
  const same = config(
    "addresses: [10.0.0.100], technique: broadcast, agent: {keyFile: k}",
    "{name: b, address: 10.0.0.22}, {name: a, address: 10.0.0.21}",
  );
  expect(digestOf(same)).toBe(one);
  const others = [
    config("addresses: [10.0.0.101]", "{name: a, address: 10.0.0.11}, {name: b, address: 10.0.0.12}"),
    config(
      "addresses: [10.0.0.100], seed: 1",
      "{name: a, address: 10.0.0.11}, {name: b, address: 10.0.0.12}",
    ),
    config(
      "addresses: [10.0.0.100]",
      "{name: a, address: 10.0.0.11, weight: 2}, {name: b, address: 10.0.0.12}",
    ),
    config("addresses: [10.0.0.100]", "{name: a, address: 10.0.0.11}"),
  ];
  expect(new Set([one, ...others.map(digestOf)]).size).toBe(5);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { digestOf, type Heartbeat, HeartbeatCodec, liveKey } from "../../../src/filter/agent/heartbeat.ts";
import { MOST_OCTETS } from "../../../src/system/signed_parts.ts";
import { BucketSet } from "../../../src/filter/rules/bucket_set.ts";
import { MOST } from "../../../src/config/limits.ts";
import { parseConfig } from "oneip";
import { MACHINE_RANDOM } from "../../../src/system/random.ts";

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

const NAMES = ["web1", "web2", "web3"];

function codec(self: string, key = KEY, names: readonly string[] = NAMES, digest = HEARTBEAT.digest) {
  return new HeartbeatCodec({ self, names, digest, key, random: MACHINE_RANDOM });
}

/** What comes of the datagrams, one after another. */
function decoded(datagrams: readonly Uint8Array[], receiver = codec("web2")) {
  return datagrams.map((datagram) => receiver.decode(datagram));
}

test("a heartbeat comes out as it went in", () => {
  expect(decoded(codec("web1").encoder(HEARTBEAT)("web2"))).toEqual([HEARTBEAT]);
  const settled = { ...HEARTBEAT, held: undefined };
  expect(decoded(codec("web1").encoder(settled)("web2"))).toEqual([settled]);
});

test("each receiver is told which of its own heartbeats has come, and not of others'", () => {
  const [heartbeat] = decoded(codec("web1").encoder(HEARTBEAT)("web3"), codec("web3"));
  expect(heartbeat).toEqual({ ...HEARTBEAT, echo: {} });
});

test("of another configuration only the sender and what it has heard can be told", () => {
  const other = codec("web2", KEY, ["web1", "web2"], "another");
  expect(decoded(codec("web1").encoder(HEARTBEAT)("web2"), other)).toEqual([{
    ...HEARTBEAT,
    live: "",
    hears: [],
  }]);
});

test("with the most backends and buckets that an agent may have each datagram fits into a frame, whatever is held", () => {
  const names = Array.from({ length: MOST.agents }, (_, index) => `${"a".repeat(60)}${index}`);
  const heartbeat: Heartbeat = {
    ...HEARTBEAT,
    name: names[0]!,
    live: liveKey(names),
    hears: names.slice(1),
    echo: Object.fromEntries(names.map((name) => [name, { boot: HEARTBEAT.boot, seq: 2 ** 31 }])),
    held: undefined,
  };
  const [sender, receiver] = [codec(names[0]!, KEY, names), codec(names[1]!, KEY, names)];
  const settled = sender.encoder(heartbeat)(names[1]!);
  expect(settled).toHaveLength(1);
  expect(settled[0]!.length).toBeLessThan(MOST_OCTETS);
  for (const each of [2, 3, MOST.agents]) {
    const held = BucketSet.of(65_536, (bucket) => bucket % each === 0).toOctets();
    const datagrams = sender.encoder({ ...heartbeat, held })(names[1]!);
    expect(Math.max(...datagrams.map(({ length }) => length))).toBeLessThanOrEqual(MOST_OCTETS);
    const came = decoded(datagrams.toReversed(), receiver);
    expect(came.slice(0, -1)).toEqual(new Array(datagrams.length - 1).fill("part"));
    expect(came.at(-1)).toMatchObject({ name: names[0], held });
  }
});

test("another key, a changed bit, a cut, any octets: no heartbeat, and no exception", () => {
  const receiver = codec("web2");
  const [datagram] = codec("web1").encoder(HEARTBEAT)("web2");
  expect(decoded([datagram!], codec("web2", new TextEncoder().encode("another key, as long")))).toEqual([
    "forged",
  ]);
  fc.assert(fc.property(fc.nat(datagram!.length * 8 - 1), (bit) => {
    const changed = Uint8Array.from(datagram!);
    changed[bit >>> 3]! ^= 1 << (bit & 7);
    expect(receiver.decode(changed)).toBe("forged");
    expect(receiver.decode(datagram!.subarray(0, bit >>> 3))).toBe("forged");
  }));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
    expect(receiver.decode(octets)).toBe("forged");
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
    config(
      "addresses: [10.0.0.100]",
      "{name: a, address: 10.0.0.11, backup: true}, {name: b, address: 10.0.0.12}",
    ),
    config("addresses: [10.0.0.100]", "{name: a, address: 10.0.0.11}"),
  ];
  expect(new Set([one, ...others.map(digestOf)]).size).toBe(6);
});

import { expect, test } from "vitest";
import { Bench } from "./arrange.ts";
import * as f from "../frames.ts";
import { Random } from "../random.ts";

const ROUNDS = 100_000;
const LONGEST = 600;

/** Frames that get far, to be spoiled in a few octets. */
const SEEDS = [
  f.synToCluster(),
  f.ethernet(f.ipv4(f.udp([1, 2, 3]), { ttl: 1 })),
  f.ethernet(f.ipv4(f.icmp(3, 4, f.ipv4(f.tcp(), { src: f.IP.cluster, protocol: 6 })), { protocol: 1 })),
  f.ethernet(f.ipv4(f.icmp(8, 0, [1, 2, 3]), { dst: f.IP.dispatcher, protocol: 1 })),
  f.ethernet(f.ipv4(f.tcp({ dst: f.IP.dispatcher }), { dst: f.IP.dispatcher, protocol: 6 })),
  f.ethernet(f.ipv4(f.udp([]), { options: [7, 7, 4, 0, 0, 0, 0, 0] })),
  f.ethernet(f.arp(), { dst: f.MAC.broadcast, type: f.ETHERTYPE.arp }),
];

/** Recomputes the header checksum, so that what is wrong lies deeper. */
function repair(frame: Uint8Array): void {
  if (frame.length < 34) return;
  const header = Math.min(frame.length - 14, (frame[14]! & 15) * 4);
  frame.set([0, 0], 24);
  frame.set(f.u16(f.checksum([...frame.slice(14, 14 + header)])), 24);
}

test(`${ROUNDS} arbitrary frames: no throw, no octet outside the slot, one verdict each`, () => {
  const random = new Random(20_261_122);
  const bench = new Bench();
  const seen = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    let frame: Uint8Array;
    if (random.below(4) === 0) {
      frame = Uint8Array.from([...f.mac(f.MAC.dispatcher), ...random.octets(random.below(LONGEST))]);
    } else {
      frame = random.pick(SEEDS).slice();
      for (let count = random.below(4); count > 0; count--) {
        frame[random.below(frame.length)] = random.below(256);
      }
      if (random.below(2) === 0) repair(frame);
      if (random.below(4) === 0) frame = frame.slice(0, random.below(frame.length + 1));
    }
    const { verdict } = bench.receive(frame, round);
    expect(verdict).toMatch(/^[a-z_]+$/);
    seen.add(verdict);
  }
  expect(seen.size, [...seen].join(" ")).toBeGreaterThan(15);
});

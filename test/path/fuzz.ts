/** Arbitrary and mutated frames for the path, from a seed. */

import { ClientLookup } from "../../src/path/client_lookup.ts";
import type { Plan } from "../../src/path/plan.ts";
import { Bench, NEIGHBOR, PLAN } from "./arrange.ts";
import * as f from "../frames.ts";
import { Random } from "../random.ts";

const { ethernet, ipv4, ipv6, udp, tcp, tcp6, icmp, icmpv6, arp } = f;
const v6 = (packet: f.Octets, dst: string = f.MAC.dispatcher) =>
  ethernet(packet, { dst, type: f.ETHERTYPE.ipv6 });
const self6 = { dst: f.IP6.dispatcher };

/** Frames that get far, to be spoiled in a few octets. */
const SEEDS = [
  f.synToCluster(),
  ethernet(ipv4(udp([1, 2, 3]), { ttl: 1 })),
  ethernet(ipv4(icmp(3, 4, ipv4(tcp(), { src: f.IP.cluster, protocol: 6 })), { protocol: 1 })),
  ethernet(ipv4(icmp(8, 0, [1, 2, 3]), { dst: f.IP.dispatcher, protocol: 1 })),
  ethernet(ipv4(tcp({ dst: f.IP.dispatcher }), { dst: f.IP.dispatcher, protocol: 6 })),
  ethernet(ipv4(udp([]), { options: [7, 7, 4, 0, 0, 0, 0, 0] })),
  ethernet(ipv4(udp([]), { dst: "192.0.2.1" })),
  ethernet(ipv4(tcp({ port: 40_000 }), { src: f.IP.cluster, dst: f.IP.dispatcher, protocol: 6 })),
  ethernet(
    ipv4(icmp(3, 3, ipv4(udp([]), { dst: f.IP.cluster })), {
      src: f.IP.cluster,
      dst: f.IP.dispatcher,
      protocol: 1,
    }),
  ),
  ethernet(arp(), { dst: f.MAC.broadcast, type: f.ETHERTYPE.arp }),
  v6(ipv6(tcp6(), { next: 6 })),
  v6(ipv6(udp([1, 2, 3]), { hopLimit: 1 })),
  v6(ipv6([58, 0, 1, 4, 0, 0, 0, 0, ...icmpv6(128, 0, [0, 1, 0, 1], [7], self6)], { ...self6, next: 60 })),
  v6(ipv6([6, 0, 0, 1, 0, 0, 0, 1, ...tcp6()], { next: 44 })),
  v6(ipv6([43, 0, 1, 4, 0, 0, 0, 0, 17, 0, 0, 1, 0, 0, 0, 0, ...udp([7])], { ...self6, next: 0 })),
  v6(ipv6(icmpv6(2, 0, [0, 0, 5, 0], ipv6(tcp6(), { src: f.IP6.cluster, next: 6 })), { next: 58 })),
  v6(ipv6(tcp6(self6), { ...self6, next: 6 })),
  v6(
    ipv6(icmpv6(1, 4, [0, 0, 0, 0], ipv6(udp([]), self6), self6), { ...self6, src: f.IP6.cluster, next: 58 }),
  ),
  v6(f.solicitation(), "33:33:ff:00:01:00"),
  v6(f.solicitation({ from: "::", option: false }), "33:33:ff:00:01:00"),
  v6(f.advertisement({ to: f.IP6.dispatcher })),
  f.vrrp(),
  f.vrrp6(),
  f.ethernet(f.ipv4(f.udp([])), { dst: f.MAC.shared }),
];

/** Dispatchers of several kinds: plain, with service ports and routes and a small MTU, with a VLAN tag, with offloads. */
const PLANS: readonly Partial<Plan>[] = [
  {},
  {
    mtus: [100, 1280, 1280],
    routes: [
      { prefix: { address: "192.0.2.0", prefixLength: 24 }, neighbor: NEIGHBOR.backend2 },
      { prefix: { address: "2001:db8:9::", prefixLength: 48 }, neighbor: NEIGHBOR.gateway },
    ],
    clusters: [{
      ...PLAN.clusters[0]!,
      ports: [{ port: 53, protocol: "udp" }],
      mask: { ipv4: 24, ipv6: 64 },
    }],
    gateway: { ipv4: NEIGHBOR.backend1, ipv6: NEIGHBOR.backend1 },
  },
  { clusters: [{ ...PLAN.clusters[0]!, transition: { udp: "stay" } }] },
  { vlan: 0x800 },
  { vrrp: { id: 51, addresses: [f.IP.shared, "fe80::200:5eff:fe00:233", f.IP6.shared] } },
  { offloads: true, mtus: [100, 1280, 1280], addresses: PLAN.addresses },
  {
    offloads: true,
    vlan: 0x800,
    clusters: [{ ...PLAN.clusters[0]!, ports: [{ port: 22, protocol: "tcp" }] }],
  },
];

/** A virtio header that may promise anything, and often what could be true. */
function drawVirtio(random: Random): Uint8Array<ArrayBuffer> {
  const header = Uint8Array.from(random.octets(10));
  if (random.below(4) === 0) return header;
  header[0] = random.below(4);
  header[1] = random.pick([0, 0, 1, 4, 5, 0x81, 3]);
  header.set([random.pick([34, 38, 54, 58, 62]), 0, random.pick([2, 6, 16]), 0], 6);
  if (random.below(2) === 0) header[5] = 0;
  return header;
}

const LONGEST = 1600;

/** Recomputes the IPv4 header checksum, or the ICMPv6 one, so that what is wrong lies deeper. */
function repair(frame: Uint8Array): void {
  if (frame.length < 34) return;
  if (frame[12] === 8) {
    const header = Math.min(frame.length - 14, (frame[14]! & 15) * 4);
    frame.set([0, 0], 24);
    frame.set(f.u16(f.checksum([...frame.slice(14, 14 + header)])), 24);
  } else if (frame.length >= 58 && frame[20] === 58) {
    const message = frame.slice(54);
    frame.set([0, 0], 56);
    const pseudo = [...frame.slice(22, 54), ...f.u32(message.length), 0, 0, 0, 58];
    frame.set(f.u16(f.checksum([...pseudo, ...frame.slice(54)])), 56);
  }
}

/** One of all kinds. */
export function draw(random: Random): Uint8Array {
  if (random.below(8) === 0) {
    const type = random.pick([[0x08, 0x00], [0x08, 0x06], [0x86, 0xdd], [0x81, 0x00]]);
    return Uint8Array.from([
      ...f.mac(f.MAC.dispatcher),
      ...f.mac(f.MAC.router),
      ...type,
      ...random.octets(random.below(LONGEST)),
    ]);
  }
  let frame = random.pick(SEEDS).slice();
  for (let count = random.below(5); count > 0; count--) frame[random.below(frame.length)] = random.below(256);
  if (random.below(2) === 0) repair(frame);
  if (random.below(4) === 0) frame = frame.slice(0, random.below(frame.length + 1));
  return frame;
}

/** With VLAN 0x800, or a priority only. */
function tagged(random: Random, frame: Uint8Array): Uint8Array {
  const tag = random.pick([[0x08, 0x00], [0xa0, 0x00]]);
  if (frame.length < 12) return frame;
  const whole = new Uint8Array(frame.length + 4);
  whole.set(frame.subarray(0, 12));
  whole.set([0x81, 0x00, ...tag], 12);
  whole.set(frame.subarray(12), 16);
  return whole;
}

/**
 * Lets `count` frames through. Throws when the path throws, writes outside its slot, names no verdict or an impossible length, or when who
 * is asked beside the path whose a frame is throws, or does not know it.
 * How often each verdict came.
 */
export function fuzz(count: number, seed: number): Map<string, number> {
  const random = new Random(seed);
  const benches = PLANS.map((plan) => new Bench(plan));
  // Of a pair, active in IPv4 and a backup in IPv6.
  for (const { table } of benches) table.setActive(false, true);
  const slot = new Uint8Array(LONGEST + 100);
  const lookups = PLANS.map((plan) => new ClientLookup({ ...PLAN, ...plan }, slot));
  // In transition are the buckets of two, one of which keeps UDP.
  for (const bench of benches.slice(0, 3)) bench.move(NEIGHBOR.backend1, NEIGHBOR.backend2);
  const seen = new Map<string, number>();
  for (let round = 0; round < count; round++) {
    const bench = random.below(benches.length);
    const hasTag = (PLANS[bench]!.vlan === undefined) === (random.below(16) === 0);
    const frame = draw(random);
    const virtio = PLANS[bench]!.offloads === true ? drawVirtio(random) : undefined;
    if (round % 1000 === 0) benches.forEach(({ memory }) => memory.transitions.pass());
    const whole = hasTag ? tagged(random, frame) : frame;
    const { verdict } = benches[bench]!.receive(whole, round, virtio);
    slot.set(whole);
    const isForCluster = lookups[bench]!.look(0, whole.length);
    if (verdict === "dispatched" && !isForCluster) throw new Error("dispatched, and for no cluster");
    if (!/^[a-z0-9_]*[a-z][a-z0-9_]*$/.test(verdict)) throw new Error(`no verdict: ${verdict}`);
    seen.set(verdict, (seen.get(verdict) ?? 0) + 1);
  }
  return seen;
}

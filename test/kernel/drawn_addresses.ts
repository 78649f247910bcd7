/** Addresses of one family for a scene: clusters', clients' at the ends of their cluster's buckets, and those that must be told apart. */

import { homeOf, type Homes, localAddresses } from "../../src/kernel/program/local_addresses.ts";
import * as hash from "../../src/table/hash.ts";
import * as address from "../../src/wire/address.ts";
import { IP, IP6 } from "../frames.ts";
import type { Random } from "../random.ts";
import type { Scene } from "./scenes.ts";

/** The ends of ranges that no machine's address is in, and some ordinary ones. */
const EDGES = [
  "0.0.0.0",
  "0.255.255.255",
  "1.0.0.0",
  "126.255.255.255",
  "127.0.0.0",
  "127.255.255.255",
  "128.0.0.0",
  "169.254.1.1",
  "223.255.255.255",
  "224.0.0.0",
  "240.0.0.1",
  "255.255.255.255",
  IP.client,
  IP.backend1,
  "::",
  "::1",
  "::2",
  "::ffff:10.0.0.1",
  "::1:0:0:0",
  "0:0:0:1::",
  "0:0:0:1::1",
  "100::",
  "fe80::1",
  "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
  "ff00::",
  "ff02::1",
  IP6.client,
  IP6.backend1,
];

/** Homes that strangers are looked for in; more would take long. */
const FULLEST = 6;

export class DrawnAddresses {
  /** Octets, as all here. There may be none. */
  readonly clusters: readonly Uint8Array[];
  readonly clients: readonly Uint8Array[];
  /** Our own, martians, groups, strangers, clusters'. */
  readonly others: readonly Uint8Array[];
  readonly #random: Random;

  constructor(random: Random, { plan }: Scene, family: 4 | 6) {
    this.#random = random;
    const ofFamily = (text: string) => address.isIpv6(text) === (family === 6);
    const clusters = plan.clusters.flatMap(({ addresses }) => addresses).filter(ofFamily);
    const ours = plan.addresses.filter((cidr) => ofFamily(cidr.address))
      .flatMap((cidr) => [cidr.address, address.networkOf(cidr), address.lastOf(cidr)]);
    const linkLocal = [address.linkLocalOf(plan.mac)].filter(ofFamily);
    const known = [...EDGES.filter(ofFamily), ...clusters, ...ours, ...linkLocal].map(address.octetsOf);
    const homes = family === 6 ? localAddresses(plan).ipv6 : localAddresses(plan).ipv4;
    this.others = [...known, ...strangers(random, homes)];
    this.clusters = clusters.map(address.octetsOf);
    this.clients = clientsAtEnds(random, plan.clusters, family);
  }

  /** Puts one there: one that is `meant`, or in so many of 32 cases any other, perhaps with a wrong bit. */
  put(frame: Uint8Array, at: number, meant: readonly Uint8Array[], othersIn32: number): void {
    const random = this.#random;
    const isOther = meant.length === 0 || random.below(32) < othersIn32;
    const octets = random.pick(isOther ? this.others : meant);
    for (let octet = 0; octet < octets.length; octet++) frame[at + octet] = octets[octet]!;
    if (isOther && random.below(4) === 0) frame[at + random.below(octets.length)]! ^= 1 << random.below(8);
  }

  /** Puts a client there that nobody knows. */
  putClient(frame: Uint8Array, at: number): void {
    const random = this.#random;
    const octets = random.pick(this.clients);
    for (let octet = 0; octet < octets.length; octet++) {
      frame[at + octet] = random.below(2) === 0 ? random.below(256) : octets[octet]!;
    }
    // Of a unicast range in either family.
    frame[at] = 0x20 + random.below(0x50);
  }
}

/** Of each cluster: some clients in its first bucket, and some in its last one. */
function clientsAtEnds(random: Random, clusters: Scene["plan"]["clusters"], family: 4 | 6): Uint8Array[] {
  const octets = new Uint8Array(family === 6 ? 16 : 4);
  const view = new DataView(octets.buffer);
  return clusters.flatMap(({ buckets, seed, mask }) => {
    const found = [];
    const [m0, m1, m2, m3] = address.netmask6(mask.ipv6);
    for (let tries = 0; tries < 4 * buckets && found.length < 3; tries++) {
      for (let at = 0; at < octets.length; at += 4) view.setInt32(at, random.int32());
      octets[0] = 0x20 + random.below(0x50);
      const h = family === 4 ? hash.ofIpv4(view.getInt32(0) & address.netmask(mask.ipv4), seed) : hash.ofIpv6(
        view.getInt32(0) & m0!,
        view.getInt32(4) & m1!,
        view.getInt32(8) & m2!,
        view.getInt32(12) & m3!,
        seed,
      );
      const bucket = Math.floor((h >>> 0) / 2 ** 32 * buckets);
      if (bucket === 0 || bucket === buckets - 1) found.push(octets.slice());
    }
    // A mask may leave none.
    return found.length > 0 ? found : [octets];
  });
}

/** Nobody's addresses that share a home with one of ours in the program's table, and in IPv6 one half. */
function strangers(random: Random, { count, multiplier, addresses }: Homes): Uint8Array[] {
  // Of the fullest homes, where there is most to be told apart.
  const ours = addresses.toSorted((one, other) => other.length - one.length).slice(0, FULLEST).flat();
  return ours.flatMap(({ octets }) =>
    [0, octets.length / 2].map((from) => {
      const stranger = octets.slice();
      do {
        for (let octet = 0; octet < octets.length / 2; octet++) stranger[from + octet] = random.below(256);
      } while (homeOf(stranger, multiplier, count) !== homeOf(octets, multiplier, count));
      return stranger;
    })
  );
}

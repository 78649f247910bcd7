/**
 * The addresses that are ours, as the program looks them up: in hash tables with a few ways in each home, and a multiplier that was
 * looked for until no home has more addresses than ways. So a look-up takes no loop.
 *
 *     IPv4     home = upper bits of key * multiplier
 *     IPv6     home = upper bits of (first half * multiplier ^ second half) * multiplier
 *
 * Keys are numbers of 64 bits as a little-endian machine loads them from a packet.
 */

import { octetsOf } from "../../wire/address.ts";
import * as ipv4 from "../../wire/ipv4.ts";
import * as ipv6 from "../../wire/ipv6.ts";
import { localsOf4 } from "../../path/ipv4_path.ts";
import { localsOf6 } from "../../path/ipv6_path.ts";
import type { Plan } from "../../path/plan.ts";

/** Addresses that one home has room for. */
export const WAYS = 4;

/** No cluster's: an address of the dispatcher's own, of all machines of a link, or one to which nothing is ever passed on. */
export const OWN = 0x7fffffff;

export interface LocalAddress {
  /** In network order, as in a packet. */
  readonly octets: Uint8Array;
  /** OWN, or a cluster's index plus one. */
  readonly value: number;
}

export interface Homes {
  /** A power of two, 2 or more. */
  readonly count: number;
  readonly multiplier: bigint;
  /** By home. */
  readonly addresses: readonly (readonly LocalAddress[])[];
}

export function localAddresses({ clusters, ...plan }: Plan): { readonly ipv4: Homes; readonly ipv6: Homes } {
  const meaning = (value: number, isMartian: boolean) =>
    value < clusters.length && !isMartian ? value + 1 : OWN;
  const four = localsOf4({ clusters, ...plan }).map(([address, value]): LocalAddress => {
    const octets = new Uint8Array(4);
    new DataView(octets.buffer).setInt32(0, address);
    return { octets, value: meaning(value, ipv4.isMartianDestination(address) || ipv4.isGroup(address)) };
  });
  const six = localsOf6({ clusters, ...plan }).map(([address, value]): LocalAddress => {
    const octets = Uint8Array.from(octetsOf(address));
    const view = new DataView(octets.buffer);
    return { octets, value: meaning(value, ipv6.isMulticast(view, 0) || ipv6.isMartianDestination(view, 0)) };
  });
  return { ipv4: homesOf(four), ipv6: homesOf(six) };
}

/** A large odd number to begin with: 2^64 divided by the golden ratio. */
export const GOLDEN = 0x9e3779b97f4a7c15n;
/** Multipliers that are tried before there are twice as many homes. */
const TRIES = 32;

function homesOf(addresses: readonly LocalAddress[]): Homes {
  for (let count = 2 ** Math.max(1, Math.ceil(Math.log2(addresses.length + 1)));; count *= 2) {
    let multiplier = GOLDEN;
    for (let tries = 0; tries < TRIES; tries++) {
      const homes = Array.from({ length: count }, (): LocalAddress[] => []);
      for (const address of addresses) homes[homeOf(address.octets, multiplier, count)]!.push(address);
      if (homes.every((home) => home.length <= WAYS)) return { count, multiplier, addresses: homes };
      multiplier = BigInt.asUintN(64, multiplier * GOLDEN) | 1n;
    }
  }
}

/** Which home of so many an address is in. */
export function homeOf(octets: Uint8Array, multiplier: bigint, count: number): number {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const key = octets.length === 4
    ? BigInt(view.getUint32(0, true))
    : BigInt.asUintN(64, view.getBigUint64(0, true) * multiplier) ^ view.getBigUint64(8, true);
  return Number(BigInt.asUintN(64, key * multiplier) >> BigInt(64 - Math.log2(count)));
}

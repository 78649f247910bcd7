/**
 * The filter of a backend as an nftables table, one for each cluster. The kernel computes a client's bucket as the dispatcher
 * does, and takes the frame when the bucket is the backend's own:
 *
 *     prerouting ── to all (by MAC) and to a cluster address? ──┬── client4 ──┬── bucket into the mark ── mine ── own: take
 *                   else: untouched                             └── client6 ──┘                              else: drop
 *
 * - Only frames to the broadcast address or a group are judged. What came to this machine's own MAC is for it alone: a
 *   dispatcher has chosen it, or a check speaks to it through the cluster address.
 * - `meta pkttype set host`: TCP takes no segment that came to all (tcp_v4_rcv, net/ipv4/tcp_ipv4.c).
 * - The hook is prerouting, not a device's ingress: both cure broadcast and multicast frames in both families, but prerouting
 *   needs no interface's name, outlives the interface, and comes when the kernel has checked the IP header. Only where
 *   `drop_unicast_in_l2_multicast` is set would IPv6 need ingress.
 * - Priority -300: behind reassembly (-400), if connection tracking does any, and before everything that others hook.
 * - The mark is back at 0 before anybody else sees the packet, so that routing by mark is not disturbed.
 * - Seeds are always written: without one nft takes a random one for each rule.
 */

import { ipOf, isIpv6, netmask, netmask6, wordsOf } from "../../wire/address.ts";
import type { ClusterConfig } from "../../config/config.ts";
import type { BucketSet } from "./bucket_set.ts";

/** All tables of filters begin with this; the cluster's name follows. */
export const TABLE_PREFIX = "oneip-filter-";

export function tableOf(cluster: string): string {
  return `${TABLE_PREFIX}${cluster}`;
}

export interface RulesOptions {
  /** Of a filter that an agent holds: the kernel takes nothing without a lease, which `leaseCommands` gives. */
  readonly leased?: boolean;
}

/**
 * A whole filter, which takes the place of the one before in one transaction: `nft -f` may read it again and again. Chains
 * and sets stay and are filled anew. Deleting the table and making another would lose frames: for an instant the kernel asks both.
 */
export function filterTable(
  cluster: ClusterConfig,
  backend: string,
  own: BucketSet,
  { leased = false }: RulesOptions = {},
): string {
  const table = tableOf(cluster.name);
  const addresses4 = cluster.addresses.filter((address) => !isIpv6(address));
  const addresses6 = cluster.addresses.filter(isIpv6);
  const lines = [
    `# Cluster ${cluster.name}, backend ${backend}: ${own.size} of ${cluster.buckets} buckets.`,
    `add table inet ${table}`,
    `add set inet ${table} mine { ${MINE}}`,
    `flush set inet ${table} mine`,
    `add set inet ${table} lease { ${LEASE} }`,
    `flush table inet ${table}`,
    // An agent that still runs finds its lease gone, and puts its own rules back.
    ...(leased ? [] : [`delete set inet ${table} lease`]),
    `table inet ${table} {`,
    "  counter accepted {}",
    "  counter dropped {}",
    `  set mine { ${MINE}${elements(own)}}`,
    ...(leased ? ["  counter unleased {}", `  set lease { ${LEASE} }`] : []),
    "  chain prerouting {",
    "    type filter hook prerouting priority -300; policy accept;",
    ...(addresses4.length === 0 ? [] : [`    ${TO_ALL} ip daddr { ${addresses4.join(", ")} } goto client4`]),
    ...(addresses6.length === 0 ? [] : [`    ${TO_ALL} ip6 daddr { ${addresses6.join(", ")} } goto client6`]),
    "  }",
    ...(addresses4.length === 0 ? [] : clientChain4(cluster, addresses4)),
    ...(addresses6.length === 0 ? [] : clientChain6(cluster, addresses6)),
    "  chain mine {",
    "    meta mark != @mine counter name dropped drop",
    ...(leased ? ["    meta nfproto != @lease counter name unleased drop"] : []),
    "    counter name accepted meta mark set 0 meta pkttype set host",
    "  }",
    "}",
  ];
  return lines.join("\n") + "\n";
}

const LEASE = "type nf_proto; flags timeout;";
const MINE = "type mark; flags interval; ";
const TO_ALL = "meta pkttype { broadcast, multicast }";

/**
 * An ICMP error is about a packet from the cluster address to the client, and carries its start:
 *
 *     octet      0        8                 20        24
 *              | ICMP   | embedded header | source | destination = the client | ...
 *
 * A later fragment has no transport header, so that the rule does not match it, and goes by its source.
 */
function clientChain4(cluster: ClusterConfig, addresses: readonly string[]): string[] {
  const mask = cluster.mask.ipv4 === 32 ? undefined : Int32Array.of(netmask(cluster.mask.ipv4));
  return [
    "  chain client4 {",
    ...addresses.map((address) =>
      `    ip daddr ${address} icmp type { destination-unreachable, source-quench, time-exceeded, parameter-problem } ` +
      `@th,64,4 4 @th,160,32 ${hex(wordsOf(address))} ${bucket(`@th,192,32${and(mask, hex)}`, cluster)}`
    ),
    `    ${bucket(`ip saddr${and(mask, text)}`, cluster)}`,
    "  }",
  ];
}

/** The same in ICMPv6, whose errors are the types below 128: source at octet 16, destination at octet 32. */
function clientChain6(cluster: ClusterConfig, addresses: readonly string[]): string[] {
  const mask = cluster.mask.ipv6 === 128 ? undefined : netmask6(cluster.mask.ipv6);
  return [
    "  chain client6 {",
    ...addresses.map((address) =>
      `    ip6 daddr ${address} icmpv6 type 0-127 ` +
      `@th,64,4 6 @th,128,128 ${hex(wordsOf(address))} ${bucket(`@th,256,128${and(mask, hex)}`, cluster)}`
    ),
    `    ${bucket(`ip6 saddr${and(mask, text)}`, cluster)}`,
    "  }",
  ];
}

/** The mask of a client's address, if any. `write`: nft compares a field with an address, raw payload with a number. */
function and(mask: Int32Array | undefined, write: (mask: Int32Array) => string): string {
  return mask === undefined ? "" : ` and ${write(mask)}`;
}

function text(words: Int32Array): string {
  return ipOf(Uint8Array.from([...words].flatMap((word) => [word >>> 24, word >>> 16, word >>> 8, word])));
}

function bucket(client: string, { buckets, seed }: ClusterConfig): string {
  return `meta mark set jhash ${client} mod ${buckets} seed 0x${(seed >>> 0).toString(16)} goto mine`;
}

function hex(words: Int32Array): string {
  return `0x${[...words].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("")}`;
}

function elements(own: BucketSet): string {
  const intervals = own.intervals().map(([first, last]) => first === last ? `${first}` : `${first}-${last}`);
  return intervals.length === 0 ? "" : `elements = { ${intervals.join(", ")} } `;
}

/** Changes nothing but which buckets are the backend's own, in one transaction. */
export function ownershipCommands(cluster: string, own: BucketSet): string {
  const set = `inet ${tableOf(cluster)} mine`;
  const added = elements(own).replace("elements = ", "").trim();
  return `flush set ${set}\n` + (added === "" ? "" : `add element ${set} ${added}\n`);
}

/** Lets a leased filter take frames for `leaseMs` from now. */
export function leaseCommands(cluster: string, leaseMs: number): string {
  const set = `inet ${tableOf(cluster)} lease`;
  return `flush set ${set}\nadd element ${set} { ipv4 timeout ${leaseMs}ms, ipv6 timeout ${leaseMs}ms }\n`;
}

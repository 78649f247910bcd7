/** Dispatchers of several kinds, each with its plan and a table that changes: what the program and the path are compared in. */

import { NO_BACKEND } from "../../src/table/bucket_map.ts";
import { ForwardingTable, NO_GROUP, type TableSize } from "../../src/table/forwarding_table.ts";
import type { ClusterPlan, Plan } from "../../src/path/plan.ts";
import { ownMemory, type PathMemory } from "../../src/path/transitions.ts";
import { GOLDEN, homeOf } from "../../src/kernel/program/local_addresses.ts";
import type { AttachedTo } from "../../src/kernel/program/program.ts";
import { ipOf } from "../../src/wire/address.ts";
import { IP, IP6 } from "../frames.ts";
import { PLAN } from "../path/arrange.ts";
import type { Random } from "../random.ts";

export class Scene {
  readonly plan: Plan;
  readonly attachedTo: AttachedTo;
  readonly size: TableSize;
  readonly table: ForwardingTable;
  readonly memory: PathMemory;

  constructor(plan: Partial<Plan>, attachedTo: AttachedTo = "tap") {
    this.plan = { ...PLAN, ...plan };
    this.attachedTo = attachedTo;
    const { clusters, mtus } = this.plan;
    const buckets = clusters.reduce((sum, { buckets }) => sum + buckets, 0);
    this.size = { clusters: clusters.length, buckets, neighbors: mtus.length };
    this.table = ForwardingTable.ofSize(this.size);
    this.memory = ownMemory({ buckets, connections: clusters.map(() => 64) });
  }

  /** Another table, in which everything may be otherwise. Most buckets are settled, and most neighbors known. */
  draw(random: Random): void {
    const { clusters, buckets, neighbors } = this.size;
    const { table, memory } = this;
    for (const isV6 of [false, true]) table.setActive(isV6, random.below(4) > 0);
    for (let neighbor = 0; neighbor < neighbors; neighbor++) drawMac(random, table, neighbor);
    for (let cluster = 0; cluster < clusters; cluster++) {
      const hasGroup = clusters > 1 && random.below(6) === 0;
      table.setGroup(cluster, hasGroup ? random.below(neighbors) : NO_GROUP);
    }
    table.setOwners(
      0,
      Uint16Array.from(
        { length: buckets },
        () => random.below(32) === 0 ? NO_BACKEND : random.below(neighbors),
      ),
    );
    for (let bucket = 0; bucket < buckets; bucket++) {
      if (random.below(16) > 0) continue;
      table.setOldOwner(bucket, random.below(4) === 0 ? NO_BACKEND : random.below(neighbors));
      memory.transitions.begin(bucket);
      memory.transitions.move(bucket);
    }
  }
}

/** MACs of which one half is 0, or looks negative. */
const MACS = [[0, 1], [1, 0], [0x7fff, -1], [0xfeff, -1], [0x0200, -0x80000000], [0x8000, 0]] as const;

function drawMac(random: Random, table: ForwardingTable, neighbor: number): void {
  switch (random.below(16)) {
    case 0:
      return table.clearMac(neighbor);
    case 1:
      return table.setFailed(neighbor);
    case 2:
      return table.setMac(neighbor, ...random.pick<readonly [number, number]>(MACS));
    default:
      return table.setMac(neighbor, random.below(0x10000) & 0xfeff, random.int32());
  }
}

const ONE = PLAN.clusters[0]!;
const PORTS = [
  { port: 0, protocol: "tcp" },
  { port: 53, protocol: "udp" },
  { port: 80, protocol: "tcp" },
  { port: 443, protocol: "tcp" },
  { port: 443, protocol: "udp" },
  { port: 8080, protocol: "tcp" },
  { port: 65_535, protocol: "udp" },
] as const;

/** By name. */
export const SCENES: Readonly<Record<string, () => Scene>> = {
  plain: () => new Scene({}),
  ipv4: () => new Scene(oneFamily(IP.dispatcher, IP.cluster), "uplink"),
  ipv6: () => new Scene(oneFamily(IP6.dispatcher, IP6.cluster)),
  ports: () =>
    new Scene({
      mtus: [100, 1280, 1280, 1500, 9000],
      clusters: [
        { ...ONE, ports: PORTS, mask: { ipv4: 24, ipv6: 64 }, seed: 0x12345678 },
        { ...ONE, addresses: ["10.0.0.101", "2001:db8::101"], ports: [], closed: "drop" },
        { ...ONE, addresses: ["10.0.0.102", "2001:db8::102"], ports: PORTS.slice(0, 2), buckets: 512 },
      ],
    }, "uplink"),
  vlan: () => new Scene({ vlan: 0x800, clusters: [{ ...ONE, buckets: 1024 }] }, "uplink"),
  offloads: () => new Scene({ offloads: true, mtus: [100, 576, 1280, 1500, 9000, 65_535] }),
  pair: () => new Scene({ vrrp: { id: 51, addresses: [IP.shared, "fe80::1", IP6.shared] } }),
  pair6: () => new Scene({ vrrp: { id: 255, addresses: ["fe80::1", IP6.shared] } }, "uplink"),
  everything: () =>
    new Scene({
      offloads: true,
      vlan: 0xfff,
      mtus: Array.from({ length: 5000 }, (_, neighbor) => neighbor % 2 === 0 ? 1280 : 1500),
      clusters: [
        { ...ONE, ports: PORTS, buckets: 65_536 },
        { ...ONE, addresses: ["10.0.0.103", "2001:db8::103"], mask: { ipv4: 31, ipv6: 127 } },
      ],
    }),
  many: () =>
    new Scene({
      offloads: true,
      mtus: Array.from({ length: 60 }, (_, neighbor) => 1200 + 10 * neighbor),
      addresses: [
        ...PLAN.addresses,
        { address: "10.1.255.1", prefixLength: 20 },
        { address: "10.2.0.1", prefixLength: 31 },
        { address: "2001:db8:7::1", prefixLength: 64 },
      ],
      clusters: Array.from({ length: 50 }, (_, index) => manyth(index)),
    }),
};

function oneFamily(address: string, cluster: string): Partial<Plan> {
  return {
    addresses: PLAN.addresses.filter((cidr) => cidr.address === address),
    clusters: [{ ...ONE, addresses: [cluster] }],
  };
}

/** One of fifty clusters. Two of them fill a home of the program's table, in either family. */
function manyth(index: number): ClusterPlan {
  // In IPv6 they differ in the first half, or in the second.
  const ipv6 = [0x20, 1, 0x0d, 0xb8, 0, index % 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, index];
  return {
    addresses: index === 0
      ? [IP.cluster, IP6.cluster]
      : [...inHome(index >> 1, [10, index, 0, 0], 2), ...inHome(index >> 1, ipv6, 6)],
    buckets: 2 ** (1 + index % 6),
    seed: Math.imul(index, 0x9e3779b1),
    mask: {
      ipv4: [32, 24, 31, 1, 0, 17, 8][index % 7]!,
      ipv6: [128, 64, 127, 1, 0, 33, 96, 65][index % 8]!,
    },
    ports: index % 5 === 1 ? PORTS.slice(index % 7) : undefined,
    closed: index % 2 === 0 ? "reject" : "drop",
    transition: { udp: index % 3 === 0 ? "stay" : "follow" },
  };
}

/** The homes of the program's table for this many addresses. No other address of ours is in one that clusters fill. */
const HOMES = 128;

/** Two addresses in this home, which differ in the octets from `at` on. */
function inHome(home: number, octets: number[], at: number): string[] {
  const found: string[] = [];
  const tried = Uint8Array.from(octets);
  for (let tries = 1; found.length < 2; tries++) {
    tried[at] = tries >> 8;
    tried[at + 1] = tries;
    if (homeOf(tried, GOLDEN, HOMES) === home) found.push(ipOf(tried));
  }
  return found;
}

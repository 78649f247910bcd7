/**
 * Attaches forward_bpf.c to an interface as the fast path is attached to an uplink, with maps like the fast path's, filled once by a
 * configuration whose backends' MACs are known (subject_files.ts). It is loaded with a dispatcher's capabilities: with CAP_PERFMON the
 * kernel would leave its guards against speculation out of it. Prints "running", and stays until it is ended.
 *
 *     forward_bpf.ts CONFIG INTERFACE
 */

import { fileURLToPath } from "node:url";
import { ClusterMap, ForwardingTable, loadConfig, parseMac, planOf } from "oneip";
import * as ebpf from "../../src/device/ebpf.ts";
import * as ifreq from "../../src/device/ifreq.ts";
import { CAP_BPF, CAP_NET_ADMIN, keepOnly } from "../../src/device/privileges.ts";
import { macHalf, macWord } from "../../src/kernel/program/network_order.ts";
import { REASONS } from "../../src/kernel/program/passed_up.ts";
import { placesFor } from "../../src/kernel/program/places.ts";
import { planOctets } from "../../src/kernel/program/plan_octets.ts";
import { compileForKernel, link } from "./kernel_object.ts";
import { serverMac } from "./subject_files.ts";

const [file = "", uplink = ""] = process.argv.slice(2);
const { dispatcher, clusters } = loadConfig(file);
const { plan, neighbors } = planOf({ dispatcher, clusters, fleet: undefined });
const size = {
  clusters: clusters.length,
  buckets: clusters.reduce((sum, { buckets }) => sum + buckets, 0),
  neighbors: neighbors.length + clusters.length,
};
const where = placesFor(plan, size);

const table = ForwardingTable.ofSize(size);
for (const [neighbor, address] of neighbors.entries()) {
  const { high, low } = parseMac(serverMac(address))!;
  table.setMac(neighbor, high, low);
}
let first = 0;
for (const cluster of clusters) {
  const numbers = new Map(neighbors.map((address, neighbor) => [address, neighbor]));
  table.setOwners(first, new ClusterMap(cluster).owners(({ address }) => numbers.get(address)!));
  first += cluster.buckets;
}

const make = (name: string, type: number, valueSize: number, entries = 1, more = {}) =>
  ebpf.createMap({ type, name, valueSize, entries, ...more });
const inner = make("table", ebpf.ARRAY, where.tableLength);
const maps = {
  held: make("held", ebpf.ARRAY, 4),
  plan: make("plan", ebpf.ARRAY, where.planLength, 1, { flags: ebpf.READ_ONLY_PROGRAM }),
  tables: make("tables", ebpf.ARRAY_OF_MAPS, 4, 1, { inner }),
  dispatched: make("dispatched", ebpf.PERCPU_ARRAY, 16, size.neighbors),
  passed_up: make("passed_up", ebpf.PERCPU_ARRAY, 8, REASONS.length),
};
ebpf.updateMap(maps.plan, 0, planOctets(plan, where));
ebpf.freezeMap(maps.plan);
ebpf.updateMap(inner, 0, Uint8Array.from(table.octets));
ebpf.updateMap(maps.tables, 0, new Uint8Array(Int32Array.of(inner).buffer));

const source = fileURLToPath(new URL("./forward_bpf.c", import.meta.url));
const object = `${file}.o`;
await compileForKernel(source, object, {
  MULTIPLIER4: where.ipv4.multiplier,
  HOMES4: 64 - Math.log2(where.ipv4.count),
  MULTIPLIER6: where.ipv6.multiplier,
  HOMES6: 64 - Math.log2(where.ipv6.count),
  ADDRESSES6: where.addresses6,
  CLUSTERS_AT: where.clusters,
  MTUS: where.mtus,
  PLAN_LENGTH: where.planLength,
  CLUSTERS: size.clusters,
  BUCKETS: size.buckets,
  NEIGHBORS: size.neighbors,
  MACS: where.table.macs,
  OWNERS: where.table.owners,
  GROUPS: where.table.groups,
  OWN_MAC_HALF: macHalf(plan.mac),
  OWN_MAC_WORD: macWord(plan.mac) >>> 0,
});
const octets = link(object, "program", {
  held: { descriptor: maps.held, isValue: true },
  plan: { descriptor: maps.plan, isValue: true },
  tables: { descriptor: maps.tables, isValue: false },
  dispatched: { descriptor: maps.dispatched, isValue: false },
  passed_up: { descriptor: maps.passed_up, isValue: false },
});
keepOnly([CAP_NET_ADMIN, CAP_BPF]);
const program = ebpf.loadProgram(ebpf.SCHED_CLS, octets, ebpf.TCX_INGRESS, "forward_bpf");
ebpf.attachProgram(program, ifreq.index(uplink), ebpf.TCX_INGRESS);
console.log(`running: ${octets.length / 8} instructions`);
setInterval(() => {}, 1 << 30);

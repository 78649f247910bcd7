/**
 * Whether a backend's filter lets a frame in, computed here as the kernel computes it with the rules of rules.ts. Client and
 * bucket are found by the path's own code.
 */

import { isIpv6, wordOf, wordsOf } from "../../wire/address.ts";
import * as ethernet from "../../wire/ethernet.ts";
import * as ipv4 from "../../wire/ipv4.ts";
import { ABSENT, AddressTable, AddressTable6 } from "../../table/address_table.ts";
import { ForwardingTable } from "../../table/forwarding_table.ts";
import { Clusters } from "../../path/clusters.ts";
import { Packet } from "../../path/packet.ts";
import type { ClusterConfig, Config } from "../../config/config.ts";
import type { BucketSet } from "./bucket_set.ts";
import { filteredClusters, ownedBuckets } from "./ownership.ts";

/** In the table of owners: this backend. */
const SELF = 1;
const ANOTHER = 2;

/** What `accepts` needs to know of a backend and its clusters. */
export class BackendFilter {
  /** Those of the backend that have a filter, by the index that is used here. */
  readonly clusters: Clusters;
  /** Whether a bucket is the backend's own. */
  readonly owners: ForwardingTable;
  /** IPv4 cluster addresses to the cluster's index. */
  readonly addresses: AddressTable;
  /** The same of IPv6. */
  readonly addresses6: AddressTable6;
  /** By cluster: where its buckets begin. */
  readonly #first = new Map<string, number>();
  #buckets = 0;

  /**
   * `live` are the names of the live backends; all, when it is not given. Throws UsageError when the configuration has no
   * such backend in a cluster of technique broadcast.
   */
  constructor(config: Config, backend: string, live?: readonly string[]) {
    const clusters = filteredClusters(config, backend, live);
    const buckets = clusters.reduce((sum, cluster) => sum + cluster.buckets, 0);
    this.clusters = new Clusters(clusters);
    this.owners = ForwardingTable.ofSize({ clusters: clusters.length, buckets, neighbors: 0 });
    for (const cluster of clusters) {
      this.#first.set(cluster.name, this.#buckets);
      this.#buckets += cluster.buckets;
      this.take(cluster, ownedBuckets(cluster, backend, (name) => live === undefined || live.includes(name)));
    }
    const entries = clusters.flatMap(({ addresses }, index) =>
      addresses.map((address) => ({ address, index }))
    );
    this.addresses = new AddressTable(
      entries.filter(({ address }) => !isIpv6(address)).map(({ address, index }) => [wordOf(address), index]),
    );
    this.addresses6 = new AddressTable6(
      entries.filter(({ address }) => isIpv6(address)).map(({ address, index }) => [wordsOf(address), index]),
    );
  }

  /** These buckets of a cluster are the backend's own from now on, whoever is live: as an agent says to the kernel. */
  take({ name, buckets }: Pick<ClusterConfig, "name" | "buckets">, own: BucketSet): void {
    const owners = Uint16Array.from({ length: buckets }, (_, bucket) => own.has(bucket) ? SELF : ANOTHER);
    this.owners.setOwners(this.#first.get(name)!, owners);
  }
}

/**
 * Does the filter let the frame in? True for what is not its affair: what came to one machine alone, and what is not to a
 * cluster address. False for IP so malformed that the kernel drops it before the filter. Frames carry no VLAN tag.
 */
export function accepts(frame: Uint8Array<ArrayBuffer>, filter: BackendFilter): boolean {
  const packet = new Packet(frame);
  const view = packet.frame;
  if (view.byteLength < ethernet.HEADER || !ethernet.isGroup(ethernet.dstHigh(view, 0))) return true;
  const ip = ethernet.HEADER;
  const room = view.byteLength - ip;
  switch (ethernet.type(view, 0)) {
    case ethernet.TYPE_IPV4:
      return packet.readIpv4(ip, room) &&
        isOwned(packet, filter.addresses.lookup(ipv4.dst(view, ip)), filter);
    case ethernet.TYPE_IPV6:
      return packet.readIpv6(ip, room) && isOwned(packet, filter.addresses6.lookup(view, packet.dst), filter);
    default:
      return true;
  }
}

/** Is it a frame of IP to a cluster address, to whomever it was addressed by MAC? */
export function isToCluster(frame: Uint8Array<ArrayBuffer>, filter: BackendFilter): boolean {
  const packet = new Packet(frame);
  const view = packet.frame;
  if (view.byteLength < ethernet.HEADER) return false;
  const ip = ethernet.HEADER;
  const room = view.byteLength - ip;
  switch (ethernet.type(view, 0)) {
    case ethernet.TYPE_IPV4:
      return packet.readIpv4(ip, room) && filter.addresses.lookup(ipv4.dst(view, ip)) !== ABSENT;
    case ethernet.TYPE_IPV6:
      return packet.readIpv6(ip, room) && filter.addresses6.lookup(view, packet.dst) !== ABSENT;
    default:
      return false;
  }
}

function isOwned(packet: Packet, cluster: number, filter: BackendFilter): boolean {
  return cluster === ABSENT || filter.owners.owner(filter.clusters.bucket(packet, cluster)) === SELF;
}

/**
 * The decision of a backend's filter, frame by frame, as the kernel makes it with the rules of rules.ts: the path's own look
 * at a packet, its client and its bucket.
 */

import { isIpv6, wordOf, wordsOf } from "../wire/address.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as ipv4 from "../wire/ipv4.ts";
import * as ipv6 from "../wire/ipv6.ts";
import { ABSENT, AddressTable, AddressTable6 } from "../table/address_table.ts";
import { NO_BACKEND } from "../table/bucket_map.ts";
import { ForwardingTable } from "../table/forwarding_table.ts";
import { clientOf, clientOf6 } from "../path/client.ts";
import { Clusters } from "../path/clusters.ts";
import type { Config } from "../control/config.ts";
import { filteredClusters, ownedBuckets } from "./ownership.ts";

/** In the table of owners: this backend. */
const SELF = 1;
const ANOTHER = 2;

/** A backend's filter, ready to be asked. */
export class BackendFilter {
  readonly clusters: Clusters;
  readonly owners: ForwardingTable;
  /** Cluster addresses to the cluster's index. */
  readonly addresses: AddressTable;
  readonly addresses6: AddressTable6;
  readonly extensions = new ipv6.Extensions();

  /**
   * `live` are the names of the live backends; all, when it is not given. Throws UsageError when the configuration has no
   * such backend in a cluster of technique broadcast.
   */
  constructor(config: Config, backend: string, live?: readonly string[]) {
    const clusters = filteredClusters(config, backend, live);
    const buckets = clusters.reduce((sum, cluster) => sum + cluster.buckets, 0);
    this.clusters = new Clusters(clusters.map((cluster) => ({ ...cluster, groupSlot: NO_BACKEND })));
    this.owners = new ForwardingTable(new ArrayBuffer(ForwardingTable.byteLength(buckets, 0)), 0, buckets, 0);
    let first = 0;
    for (const cluster of clusters) {
      const own = ownedBuckets(cluster, backend, (name) => live === undefined || live.includes(name));
      this.owners.setOwners(
        first,
        Uint16Array.from({ length: cluster.buckets }, (_, bucket) => own.has(bucket) ? SELF : ANOTHER),
      );
      first += cluster.buckets;
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
}

/**
 * Does the filter let the frame in? True for what is not its affair: what came to one machine alone, and what is not to a
 * cluster address. False for IP so malformed that the kernel drops it before the filter. Frames carry no VLAN tag.
 */
export function accepts(frame: Uint8Array<ArrayBuffer>, filter: BackendFilter): boolean {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.byteLength < ethernet.HEADER || !ethernet.isGroup(ethernet.dstHigh(view, 0))) return true;
  const ip = ethernet.HEADER;
  const room = view.byteLength - ip;
  switch (ethernet.type(view, 0)) {
    case ethernet.TYPE_IPV4: {
      if (!ipv4.isValid(view, ip, room)) return false;
      const cluster = filter.addresses.lookup(ipv4.dst(view, ip));
      if (cluster === ABSENT) return true;
      return filter.clusters.owner(filter.owners, cluster, clientOf(view, ip)) === SELF;
    }
    case ethernet.TYPE_IPV6: {
      if (!ipv6.isValid(view, ip, room)) return false;
      const cluster = filter.addresses6.lookup(view, ip + ipv6.DST);
      if (cluster === ABSENT) return true;
      filter.extensions.walk(view, ip, ipv6.totalLength(view, ip));
      const client = clientOf6(view, ip, filter.extensions);
      return filter.clusters.owner6(filter.owners, cluster, view, client) === SELF;
    }
    default:
      return true;
  }
}

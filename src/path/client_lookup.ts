/** Whose a frame is, asked before or beside the path: its cluster, its client, and the client's bucket. The frame stays as it is. */

import { isIpv6, wordOf, wordsOf } from "../wire/address.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as ipv4 from "../wire/ipv4.ts";
import { ABSENT, AddressTable, AddressTable6 } from "../table/address_table.ts";
import { clientOf } from "./client.ts";
import { Clusters } from "./clusters.ts";
import { BROKEN_CHAIN, Packet } from "./packet.ts";
import type { Plan } from "./plan.ts";

export class ClientLookup {
  /** After `look` was true: the cluster's index; the bucket, counted over all clusters; where the client's address stands. */
  cluster = 0;
  bucket = 0;
  client = 0;
  isIpv6 = false;
  readonly #packet: Packet;
  readonly #clusters: Clusters;
  readonly #locals: AddressTable;
  readonly #locals6: AddressTable6;

  /** `slot` holds every frame that is asked about. */
  constructor(plan: Plan, slot: Uint8Array<ArrayBuffer>) {
    this.#packet = new Packet(slot);
    this.#clusters = new Clusters(plan.clusters);
    const all = plan.clusters.flatMap(({ addresses }, index) =>
      addresses.map((address) => [address, index] as const)
    );
    this.#locals = new AddressTable(
      all.filter(([address]) => !isIpv6(address)).map(([address, index]) => [wordOf(address), index]),
    );
    this.#locals6 = new AddressTable6(
      all.filter(([address]) => isIpv6(address)).map(([address, index]) => [wordsOf(address), index]),
    );
  }

  /** False when the frame, `length` octets from `at` on, is for no cluster, or malformed. It may have a VLAN tag. */
  look(at: number, length: number): boolean {
    const { frame } = this.#packet;
    const isTagged = length >= ethernet.TAGGED_HEADER && ethernet.type(frame, at) === ethernet.TYPE_VLAN;
    const tag = isTagged ? ethernet.TAG : 0;
    const ip = at + ethernet.HEADER + tag;
    const room = length - ethernet.HEADER - tag;
    if (room <= 0) return false;
    this.#packet.at = at;
    const cluster = this.#clusterOf(ethernet.type(frame, at + tag), ip, room);
    if (cluster === ABSENT) return false;
    this.cluster = cluster;
    this.bucket = this.#clusters.bucket(this.#packet, cluster);
    this.client = clientOf(this.#packet);
    this.isIpv6 = this.#packet.isIpv6;
    return true;
  }

  #clusterOf(type: number, ip: number, room: number): number {
    const packet = this.#packet;
    switch (type) {
      case ethernet.TYPE_IPV4:
        return packet.readIpv4(ip, room) ? this.#locals.lookup(ipv4.dst(packet.frame, ip)) : ABSENT;
      case ethernet.TYPE_IPV6:
        if (!packet.readIpv6(ip, room) || packet.protocol === BROKEN_CHAIN) return ABSENT;
        return this.#locals6.lookup(packet.frame, packet.dst);
      default:
        return ABSENT;
    }
  }
}

/**
 * Whose a packet is, while its bucket is in transition from an old owner, which still has connections, to the present one:
 *
 *     TCP SYN                     the present owner's, and remembered
 *     other TCP                   that of the owner with whom it is remembered; else older than the change: the old owner's
 *     UDP and the rest, `follow`  the present owner's
 *     UDP and the rest, `stay`    the old owner's until the flow has been silent for a while; then it is a new one
 *
 * An ICMP error goes where the connection is that it tells of. No packet of another bucket comes here, but for
 * one without an owner, which looks the same (forwarding_table.ts).
 */

import * as tcp from "../wire/tcp.ts";
import { NO_BACKEND } from "../table/bucket_map.ts";
import {
  ABSENT,
  CLOSING,
  type Connections,
  FLOW,
  isSilent,
  OPEN,
  OPENING,
  phaseOf,
  stampOf,
  YOUNG,
} from "../table/connections.ts";
import { Counters } from "../table/counters.ts";
import type { ForwardingTable } from "../table/forwarding_table.ts";
import { OpenPorts } from "../table/open_ports.ts";
import { TransitionMemory, type TransitionSize } from "../table/transition_memory.ts";
import { Flow } from "./flow.ts";
import type { Packet } from "./packet.ts";
import type { ClusterPlan } from "./plan.ts";
import { PROBE_PORTS } from "./probe_ports.ts";

/** What the path is given besides its plan, because others look at it, too. */
export interface PathMemory {
  readonly transitions: TransitionMemory;
  /** By cluster: what was new and found no room to be remembered. */
  readonly unremembered: Counters;
  /** The prober's, from FIRST_PROBE_PORT on. */
  readonly openPorts: OpenPorts;
}

/** For a path of which there is but one. */
export function ownMemory(size: TransitionSize): PathMemory {
  const clusters = size.connections.length;
  return {
    transitions: TransitionMemory.ofSize(size),
    unremembered: new Counters(new ArrayBuffer(Counters.byteLength(clusters)), 0, clusters),
    openPorts: OpenPorts.ofSize(PROBE_PORTS),
  };
}

export class Transitions {
  readonly #memory: TransitionMemory;
  readonly #unremembered: Counters;
  readonly #flow = new Flow();
  /** By cluster: 1 where UDP and the rest stay with the old owner. */
  readonly #stays: Uint8Array;
  /** By cluster: the first of its buckets. */
  readonly #firsts: Int32Array;

  /** After `owner`: the packet begins a connection that is remembered from now on. */
  hasBegun = false;

  // The packet in hand: its cluster, its bucket, both owners, and the time.
  #cluster = 0;
  #bucket = 0;
  #present = 0;
  #old = 0;
  #tick = 0;

  constructor(clusters: readonly ClusterPlan[], { transitions, unremembered }: PathMemory) {
    this.#memory = transitions;
    this.#unremembered = unremembered;
    let first = 0;
    this.#firsts = Int32Array.from(clusters, ({ buckets }) => (first += buckets) - buckets);
    this.#stays = Uint8Array.from(clusters, ({ transition }) => transition.udp === "stay" ? 1 : 0);
  }

  /** The neighbor to which the packet goes, or NO_BACKEND. `bucket` counts over all clusters. */
  owner(packet: Packet, cluster: number, bucket: number, table: ForwardingTable): number {
    this.#cluster = cluster;
    this.#bucket = bucket;
    this.#present = table.owner(bucket);
    this.#old = table.oldOwner(bucket);
    this.#tick = this.#memory.tick;
    this.hasBegun = false;
    this.#flow.read(packet);
    const owner = this.#judge(this.#memory.connections[cluster]!);
    if (owner !== this.#present && owner !== NO_BACKEND) this.#memory.strayed(bucket, this.#tick);
    return owner;
  }

  #judge(connections: Connections): number {
    if (this.#flow.isTcp) return this.#ofTcp(connections);
    return this.#stays[this.#cluster] === 1 ? this.#ofFlow(connections) : this.#present;
  }

  #ofTcp(connections: Connections): number {
    const { key, hash, flags, isTold } = this.#flow;
    const cell = connections.find(key, hash);
    if (tcp.isSyn(flags)) {
      // Once more, because it was not answered in time: by now it may be.
      const isAgain = cell !== ABSENT && phaseOf(connections.stamp(cell)) === OPENING;
      return isAgain
        ? this.#heard(connections, cell, OPENING)
        : this.#begin(connections, cell, this.#present, OPENING);
    }
    if (cell === ABSENT) return this.#old;
    const before = phaseOf(connections.stamp(cell));
    if (isTold || before === CLOSING) return this.#heard(connections, cell, before);
    return this.#heard(connections, cell, (flags & (tcp.FIN | tcp.RST)) === 0 ? OPEN : CLOSING);
  }

  #ofFlow(connections: Connections): number {
    const { key, hash, isTold } = this.#flow;
    const cell = connections.find(key, hash);
    const isKnown = cell !== ABSENT;
    if (isKnown && !isSilent(connections.stamp(cell), this.#tick)) {
      return this.#heard(connections, cell, FLOW);
    }
    // One that was not heard since the transition began may be older, until that is long ago.
    const owner = !isKnown && this.#memory.age(this.#bucket) <= YOUNG ? this.#old : this.#present;
    return isTold ? owner : this.#begin(connections, cell, owner, FLOW);
  }

  /** One that is remembered. Its owner. */
  #heard(connections: Connections, cell: number, phase: number): number {
    const { hash } = this.#flow;
    const owner = connections.owner(cell);
    // If it has been retired in this very moment, as silent for too long, it is remembered anew.
    if (!connections.touch(cell, hash, stampOf(this.#tick, phase))) this.#add(connections, owner, phase);
    return owner;
  }

  /** A new one, perhaps in the cell of one with the same key. Whose it is: `owner`, or the old owner's when there is no room. */
  #begin(connections: Connections, cell: number, owner: number, phase: number): number {
    const { hash } = this.#flow;
    if (owner === NO_BACKEND) return owner;
    if (cell !== ABSENT && connections.give(cell, hash, owner, stampOf(this.#tick, phase))) {
      return this.#begun(owner);
    }
    if (this.#add(connections, owner, phase)) return this.#begun(owner);
    this.#unremembered.add(this.#cluster);
    return this.#old;
  }

  #begun(owner: number): number {
    this.hasBegun = true;
    return owner;
  }

  #add(connections: Connections, owner: number, phase: number): boolean {
    const { key, hash } = this.#flow;
    const bucket = this.#bucket - this.#firsts[this.#cluster]!;
    return connections.add(key, hash, owner, bucket, stampOf(this.#tick, phase));
  }
}

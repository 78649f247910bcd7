/** A dispatcher with one slot, two backends and a cluster of four buckets, for frame tests. */

import { NO_BACKEND } from "../../src/table/bucket_map.ts";
import { ForwardingTable } from "../../src/table/forwarding_table.ts";
import { Dispatcher } from "../../src/path/dispatcher.ts";
import type { Plan } from "../../src/path/plan.ts";
import { PROBE_PORTS } from "../../src/path/probe_ports.ts";
import { ownMemory, type PathMemory } from "../../src/path/transitions.ts";
import * as verdict from "../../src/path/verdict.ts";
import { parseMac } from "../../src/wire/address.ts";
import * as virtio from "../../src/wire/virtio.ts";
import { IP, IP6, MAC } from "../frames.ts";

export const NEIGHBOR = { backend1: 0, backend2: 1, gateway: 2, group: 3 } as const;

export const BUCKETS = 4;

export const PLAN: Plan = {
  mac: parseMac(MAC.dispatcher)!,
  offloads: false,
  vlan: undefined,
  addresses: [{ address: IP.dispatcher, prefixLength: 24 }, { address: IP6.dispatcher, prefixLength: 64 }],
  gateway: { ipv4: undefined, ipv6: undefined },
  routes: [],
  clusters: [{
    addresses: [IP.cluster, IP6.cluster],
    buckets: BUCKETS,
    seed: 0,
    mask: { ipv4: 32, ipv6: 128 },
    ports: undefined,
    closed: "reject",
    transition: { udp: "follow" },
  }],
  areClustersByRoute: false,
  mtus: [1500, 1500, 1500, 1500],
  rateLimits: { timeExceeded: 1000, unreachable: 1000, tooBig: 1000, parameterProblem: 1000, reset: 1000 },
  vrrp: undefined,
};

const SLOT_SIZE = 2048;

/** Octets around the slot that nothing may touch. */
const CANARY = 64;
const CANARY_OCTET = 0xa5;
const INTACT = Buffer.alloc(CANARY, CANARY_OCTET);

export interface Outcome {
  /** By name, so that a failure says what happened. */
  readonly verdict: string;
  /** The slot's frame after it: what would be sent or handed up. */
  readonly frame: Uint8Array;
  /** The virtio header before it; empty without offloads. */
  readonly header: Uint8Array;
  readonly neighbor: number;
}

export class Bench {
  readonly dispatcher: Dispatcher;
  readonly table: ForwardingTable;
  readonly memory: PathMemory;
  readonly #slot: Uint8Array<ArrayBuffer>;
  /** What is before the slot, and behind it. */
  readonly #around: readonly Uint8Array[];
  readonly #slotSize: number;
  readonly #begin: number;
  #nowMs = 0;

  /**
   * Buckets 0 and 2 belong to backend 1, 1 and 3 to backend 2; both are resolved. There is room for so many `connections` of
   * buckets in transition.
   */
  constructor(plan: Partial<Plan> = {}, slotSize = SLOT_SIZE, connections = 1024) {
    this.#slotSize = slotSize;
    this.#begin = plan.offloads === true ? virtio.HEADER : 0;
    const octets = new Uint8Array(slotSize + 2 * CANARY).fill(CANARY_OCTET);
    this.#slot = octets.subarray(CANARY, CANARY + slotSize);
    this.#around = [octets.subarray(0, CANARY), octets.subarray(CANARY + slotSize)];
    this.table = ForwardingTable.ofSize({ clusters: 1, buckets: BUCKETS, neighbors: 4 });
    this.table.setOwners(
      0,
      Uint16Array.of(NEIGHBOR.backend1, NEIGHBOR.backend2, NEIGHBOR.backend1, NEIGHBOR.backend2),
    );
    for (const name of ["backend1", "backend2"] as const) {
      const { high, low } = parseMac(MAC[name])!;
      this.table.setMac(NEIGHBOR[name], high, low);
    }
    this.memory = ownMemory({ buckets: BUCKETS, connections: [connections] });
    // Backend 1 is asked from all of the prober's ports.
    const asked = parseMac(MAC.backend1)!;
    for (let port = 0; port < PROBE_PORTS; port++) this.memory.openPorts.open(port, asked);
    this.dispatcher = new Dispatcher(
      { ...PLAN, ...plan },
      this.#slot,
      this.table,
      this.memory,
      () => this.#nowMs,
    );
  }

  /** Nobody is live. */
  killAll(): void {
    this.table.setOwners(0, new Uint16Array(BUCKETS).fill(NO_BACKEND));
  }

  /** All buckets have moved from one neighbor to another, and the old one still answers. */
  move(old: number, present: number): void {
    this.table.setOwners(0, new Uint16Array(BUCKETS).fill(present));
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      this.table.setOldOwner(bucket, old);
      this.memory.transitions.begin(bucket);
      this.memory.transitions.move(bucket);
    }
  }

  /** Both backends have been asked for in vain, and the buckets stay theirs. */
  failAll(): void {
    this.table.setFailed(NEIGHBOR.backend1);
    this.table.setFailed(NEIGHBOR.backend2);
  }

  /** Puts a frame into the slot and lets it through. Throws when an octet outside the slot changed. */
  receive(frame: Uint8Array, nowMs = 0, virtioHeader = new Uint8Array(this.#begin)): Outcome {
    this.#slot.set(virtioHeader);
    this.#slot.set(frame, this.#begin);
    this.#nowMs = nowMs;
    const outcome = this.dispatcher.receive(this.#begin, frame.length);
    const { length, neighbor } = this.dispatcher;
    const end = this.#begin + length;
    if (length < 0 || end > this.#slotSize) throw new Error(`length ${length}`);
    if (!this.#around.every((octets) => INTACT.equals(octets))) throw new Error("wrote outside the slot");
    return {
      verdict: verdict.NAMES[outcome] ?? String(outcome),
      frame: this.#slot.slice(this.#begin, end),
      header: this.#slot.slice(0, this.#begin),
      neighbor,
    };
  }
}

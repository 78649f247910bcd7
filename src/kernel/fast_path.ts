/**
 * The fast path at work: the program, its maps, and the link by which it is attached. All of them are gone with the process that has
 * made them.
 *
 *     held         a word: not 0 while all frames are passed up
 *     plan         what is written once (places.ts)
 *     tables       | one |        an array of maps, of which the one is the forwarding table in use
 *     table 0, 1   in use in turn, as with the workers (plane/tables.ts): the other one is filled, then put in its place
 *     to_neighbor  frames dispatched and their octets, 8 octets each, by neighbor and CPU
 *     to_cluster   the same by cluster and CPU
 *     passed_up    frames, 8 octets each, by reason and CPU
 */

import { possibleCpus } from "../device/cpus.ts";
import * as ebpf from "../device/ebpf.ts";
import type { Plan } from "../path/plan.ts";
import type { ForwardingTable, TableSize } from "../table/forwarding_table.ts";
import { assemble } from "./assembler/assemble.ts";
import type { Dispatched, FastPathCounts } from "./counts.ts";
import { placesFor } from "./program/places.ts";
import { planOctets } from "./program/plan_octets.ts";
import { REASONS } from "./program/passed_up.ts";
import { type AttachedTo, program } from "./program/program.ts";

/** Frames and octets. */
const DISPATCHED = 16;
const COUNTER = 8;

export class FastPath {
  /** The program's descriptor. */
  readonly program: number;
  readonly #attachedTo: AttachedTo;
  readonly #maps: Readonly<
    Record<"held" | "plan" | "tables" | "to_neighbor" | "to_cluster" | "passed_up", number>
  >;
  readonly #tables: readonly [number, number];
  readonly #octets: Uint8Array<ArrayBuffer>;
  readonly #cpus = possibleCpus();
  #standby = 0;
  #link: number | undefined;

  /**
   * Has the kernel check the program; all frames are passed up until there is a table. Throws BpfError, or Error where the machine does
   * not say how many CPUs it may have, and leaves nothing behind. `walk` is the program; a test spoils it.
   */
  constructor(plan: Plan, size: TableSize, attachedTo: AttachedTo, walk = program) {
    // The kernel writes a counter for each of them, however much room there is.
    if (this.#cpus === 0) throw new Error("/sys/devices/system/cpu/possible cannot be read");
    const where = placesFor(plan, size);
    this.#attachedTo = attachedTo;
    this.#octets = new Uint8Array(new ArrayBuffer(where.tableLength));
    const made: number[] = [];
    const make = (options: ebpf.MapOptions) => {
      const map = ebpf.createMap(options);
      made.push(map);
      return map;
    };
    const table = () =>
      make({ type: ebpf.ARRAY, name: "oneip_table", valueSize: where.tableLength, entries: 1 });
    const counters = (name: string, valueSize: number, entries: number) =>
      make({ type: ebpf.PERCPU_ARRAY, name, valueSize, entries });
    try {
      this.#tables = [table(), table()];
      this.#maps = {
        held: make({ type: ebpf.ARRAY, name: "oneip_held", valueSize: 4, entries: 1 }),
        plan: make({
          type: ebpf.ARRAY,
          name: "oneip_plan",
          valueSize: where.planLength,
          entries: 1,
          flags: ebpf.READ_ONLY_PROGRAM,
        }),
        tables: make({
          type: ebpf.ARRAY_OF_MAPS,
          name: "oneip_tables",
          valueSize: 4,
          entries: 1,
          inner: this.#tables[0],
        }),
        to_neighbor: counters("oneip_neighbors", DISPATCHED, size.neighbors),
        to_cluster: counters("oneip_clusters", DISPATCHED, size.clusters),
        passed_up: counters("oneip_passed_up", COUNTER, REASONS.length),
      };
      ebpf.updateMap(this.#maps.plan, 0, planOctets(plan, where));
      ebpf.freezeMap(this.#maps.plan);
      const octets = assemble(walk(plan, where, attachedTo), this.#maps);
      this.program = ebpf.loadProgram(ebpf.SCHED_CLS, octets, this.#attachType, "oneip_fast_path");
    } catch (error) {
      for (const map of made) ebpf.close(map);
      throw error;
    }
  }

  get isAttached(): boolean {
    return this.#link !== undefined;
  }

  /** From now on frames meet it on this interface. Throws BpfError. */
  attach(ifindex: number): void {
    this.#link = ebpf.attachProgram(this.program, ifindex, this.#attachType);
  }

  /** Takes the place of another one: each frame meets one of both. When it returns none meets the other. Throws BpfError. */
  replace(before: FastPath): void {
    if (before.#link === undefined) return;
    ebpf.replaceProgram(before.#link, this.program);
    this.#link = before.#link;
    before.#link = undefined;
    before.#settle();
  }

  /** Frames that come from now on go by this table. When it returns none goes by the one before. Throws BpfError. */
  publish(table: ForwardingTable): void {
    // The kernel reads no shared memory of ours.
    this.#octets.set(table.octets);
    ebpf.updateMap(this.#tables[this.#standby]!, 0, this.#octets);
    this.#use(this.#standby);
    this.#standby ^= 1;
  }

  /** All frames are passed up, until it is said again that they are not. */
  hold(isHeld: boolean): void {
    const word = new Uint8Array(new ArrayBuffer(4));
    word[0] = isHeld ? 1 : 0;
    ebpf.updateMap(this.#maps.held, 0, word);
  }

  /** Brings what has been counted so far. */
  count(into: FastPathCounts): void {
    this.#countDispatched(this.#maps.to_neighbor, into.toNeighbor);
    this.#countDispatched(this.#maps.to_cluster, into.toCluster);
    const passedUp = this.#read(this.#maps.passed_up, REASONS.length, COUNTER);
    into.passedUp.fill(0);
    for (let reason = 0, at = 0; reason < REASONS.length; reason++) {
      for (let cpu = 0; cpu < this.#cpus; cpu++, at += COUNTER) {
        into.passedUp[reason]! += Number(passedUp.getBigUint64(at, true));
      }
    }
  }

  #countDispatched(map: number, { frames, octets }: Dispatched): void {
    const counted = this.#read(map, frames.length, DISPATCHED);
    frames.fill(0);
    octets.fill(0);
    for (let index = 0, at = 0; index < frames.length; index++) {
      for (let cpu = 0; cpu < this.#cpus; cpu++, at += DISPATCHED) {
        frames[index]! += Number(counted.getBigUint64(at, true));
        octets[index]! += Number(counted.getBigUint64(at + COUNTER, true));
      }
    }
  }

  /** Detaches it, and gives back what it has. It is of no use any more. */
  close(): void {
    this.detach();
    for (const descriptor of [this.program, ...this.#tables, ...Object.values(this.#maps)]) {
      ebpf.close(descriptor);
    }
  }

  detach(): void {
    if (this.#link !== undefined) ebpf.close(this.#link);
    this.#link = undefined;
  }

  get #attachType(): number {
    return this.#attachedTo === "tap" ? ebpf.TCX_EGRESS : ebpf.TCX_INGRESS;
  }

  /** Returns when no program reads the other table. */
  #use(table: number): void {
    const descriptor = new Uint8Array(new ArrayBuffer(4));
    new DataView(descriptor.buffer).setInt32(0, this.#tables[table]!, true);
    ebpf.updateMap(this.#maps.tables, 0, descriptor);
  }

  /** Returns when no program that ran when it was called is still running. */
  #settle(): void {
    this.#use(this.#standby ^ 1);
  }

  #read(map: number, entries: number, valueSize: number): DataView<ArrayBuffer> {
    const octets = new Uint8Array(new ArrayBuffer(entries * valueSize * this.#cpus));
    ebpf.lookUpMapWhole(map, entries, octets);
    return new DataView(octets.buffer);
  }
}

/**
 * What the main thread and the data-plane workers share: one SharedArrayBuffer.
 *
 *     words         STATE
 *     transitions   which connections are whose, while buckets move                table/transition_memory.ts
 *     open ports    at which a backend may answer a probe                          table/open_ports.ts
 *     capture       which frames are captured                                      capture_filter.ts
 *     stand-in      what the first worker says while main is late                  stand_in.ts
 *     tables        two forwarding tables behind an epoch                          tables.ts
 *     worker 0      its part: what it has taken, its counters, its rings           worker_state.ts
 *     worker 1      ...
 *
 * A change is whole or not there: main fills the table that is not in use, then moves the epoch on. Each worker looks at the
 * epoch once a burst and says which one it has taken; only when all have left the old table is it main's to write in again.
 */

import type { ForwardingTable } from "../table/forwarding_table.ts";
import { OpenPorts } from "../table/open_ports.ts";
import { TransitionMemory } from "../table/transition_memory.ts";
import { PROBE_PORTS } from "../path/probe_ports.ts";
import { DISPATCHED, NAMES } from "../path/verdict.ts";
import { FastPathCounts } from "../kernel/counts.ts";
import { CaptureFilter } from "./capture_filter.ts";
import type { Dimensions } from "./dimensions.ts";
import { StandIn } from "./stand_in.ts";
import { Tables } from "./tables.ts";
import { WorkerState } from "./worker_state.ts";

const STATE = 0;
/** What stands there. */
const RUNNING = 0;
const STOPPING = 1;
const REPLACED = 2;
const HELD = 3;
/** A cache line of 64 octets. */
const WORDS = 16;

/**
 * The memory that the control plane shares with its workers: two forwarding tables, of which one is in use, counters, and what
 * is being told.
 */
export class SharedState {
  /** What a worker is given to make its own view of it. */
  readonly memory: SharedArrayBuffer;
  /** How much of everything there is room for. */
  readonly dimensions: Dimensions;
  /** What each worker counts and hands up, by its number. */
  readonly workers: readonly WorkerState[];
  /** Connections of buckets that are in transition. */
  readonly transitions: TransitionMemory;
  /** The prober's, from FIRST_PROBE_PORT on. */
  readonly openPorts: OpenPorts;
  /** What of the frames somebody wants to see. */
  readonly captureFilter: CaptureFilter;
  /** What the first worker says in main's place while main is late. */
  readonly standIn: StandIn;
  /** Main's side: what the kernel has carried out of the path, as it was last asked. */
  readonly fastPath: FastPathCounts;
  readonly #words: Int32Array;
  readonly #tables: Tables;

  /** New memory, or a view on the other thread's. */
  constructor(dimensions: Dimensions, memory?: SharedArrayBuffer) {
    const { workers = 1, buckets, clusters } = dimensions;
    const { connections = new Array<number>(clusters).fill(0) } = dimensions;
    const transitions = WORDS * 4;
    const openPorts = transitions + TransitionMemory.byteLength({ buckets, connections });
    const captureFilter = openPorts + OpenPorts.byteLength(PROBE_PORTS);
    const standIn = captureFilter + CaptureFilter.byteLength();
    const tables = standIn + StandIn.byteLength();
    const firstWorker = tables + Tables.byteLength(dimensions);
    const workerSize = WorkerState.byteLength(dimensions);
    this.dimensions = dimensions;
    this.fastPath = new FastPathCounts(dimensions);
    this.memory = memory ?? new SharedArrayBuffer(firstWorker + workers * workerSize);
    this.#words = new Int32Array(this.memory, 0, WORDS);
    this.transitions = new TransitionMemory(this.memory, transitions, { buckets, connections });
    this.openPorts = new OpenPorts(this.memory, openPorts, PROBE_PORTS);
    this.captureFilter = new CaptureFilter(this.memory, captureFilter);
    this.standIn = new StandIn(this.memory, standIn);
    this.#tables = new Tables(this.memory, tables, dimensions);
    this.workers = Array.from(
      { length: workers },
      (_, index) => {
        const at = firstWorker + index * workerSize;
        return new WorkerState(this.#tables, this, this.memory, at, dimensions);
      },
    );
  }

  /** Grows with each table that is published. */
  get epoch(): number {
    return this.#tables.epoch;
  }

  /** Main's side: the table in use. */
  get table(): ForwardingTable {
    return this.#tables.at(this.epoch);
  }

  /** Main's side: resolves when all workers use the table that was last published. */
  async settled(): Promise<void> {
    for (const worker of this.workers) await worker.settled();
  }

  /** Main's side: the table that nobody reads, once the workers have left it. */
  async standby(): Promise<ForwardingTable> {
    await this.settled();
    return this.#tables.at(this.epoch + 1);
  }

  /** Main's side: the standby table becomes the one in use. The workers must be woken to see it. */
  publish(): void {
    this.#tables.publish();
  }

  /** Main's side: the workers end. They must be woken to see it. */
  stop(): void {
    this.#become(STOPPING);
  }

  /** The worker's side: is it to end? */
  get isStopping(): boolean {
    return Atomics.load(this.#words, STATE) === STOPPING;
  }

  /** Main's side: another state waits for the workers, with a plan that belongs to it. */
  replace(): void {
    this.#become(REPLACED);
  }

  /** The worker's side: is it to go on by another state? */
  get isReplaced(): boolean {
    return Atomics.load(this.#words, STATE) === REPLACED;
  }

  /** Main's side: the workers stand still from their next burst on, or from their start. They must be woken to see it. */
  hold(): void {
    for (const worker of this.workers) worker.stands(false);
    this.#become(HELD);
  }

  /** Main's side: they go on. */
  release(): void {
    this.#become(RUNNING);
  }

  /** The worker's side: is it to stand still? */
  get isHeld(): boolean {
    return Atomics.load(this.#words, STATE) === HELD;
  }

  /** Main's side: resolves when all workers stand still. */
  async stood(): Promise<void> {
    for (const worker of this.workers) await worker.stood();
  }

  /** The worker's side: stands still for as long as it is held. */
  stand(worker: number): void {
    while (this.isHeld) {
      this.workers[worker]!.stands(true);
      Atomics.wait(this.#words, STATE, HELD);
    }
  }

  #become(state: number): void {
    Atomics.store(this.#words, STATE, state);
    Atomics.notify(this.#words, STATE);
  }

  /** Frames by verdict since the start, of all workers and the fast path; the order is path/verdict.ts. */
  verdicts(): number[] {
    const verdicts = NAMES.map((_, index) =>
      this.workers.reduce((sum, { verdicts }) => sum + verdicts.get(index), 0)
    );
    verdicts[DISPATCHED]! += this.fastPath.dispatched;
    return verdicts;
  }

  /** Frames dispatched to a neighbor since the start, by all workers and the fast path; octets with their Ethernet headers. */
  toNeighbor(neighbor: number): { readonly frames: number; readonly octets: number } {
    return this.#sum("toNeighbor", neighbor);
  }

  /** The same of a cluster, to whichever neighbor. */
  toCluster(cluster: number): { readonly frames: number; readonly octets: number } {
    return this.#sum("toCluster", cluster);
  }

  #sum(by: "toNeighbor" | "toCluster", index: number): { readonly frames: number; readonly octets: number } {
    return this.workers.reduce(
      ({ frames, octets }, { [by]: traffic }) => (
        { frames: frames + traffic.frames(index), octets: octets + traffic.octets(index) }
      ),
      { frames: this.fastPath[by].frames[index]!, octets: this.fastPath[by].octets[index]! },
    );
  }

  /** New connections to a cluster since the start that found no room to be remembered, of all workers. */
  unremembered(cluster: number): number {
    return this.workers.reduce((sum, { unremembered }) => sum + unremembered.get(cluster), 0);
  }
}

/**
 * One worker's part of the shared memory. Counters are its own, so that no two threads write to one place; who wants sums adds.
 *
 *     words          TAKEN, HANDED_UP, STANDS, BURSTS
 *     verdicts       frames by verdict                              the worker counts
 *     to neighbor    frames dispatched, and their octets            the worker counts
 *     to cluster     the same frames                                the worker counts
 *     unremembered   new connections without room, by cluster       the worker counts
 *     heard          frames for the control plane                   the worker pushes
 *     pending        frames that wait for a MAC                     the worker pushes
 *     dropped        the last frames that were dropped              the worker writes
 *     captured       frames that somebody captures                  the worker pushes
 *
 * Frames that wait have a ring of their own, so that they cannot keep out the answer that they wait for.
 */

import { NAMES } from "../path/verdict.ts";
import { Counters } from "../table/counters.ts";
import type { ForwardingTable } from "../table/forwarding_table.ts";
import type { OpenPorts } from "../table/open_ports.ts";
import { Traffic } from "../table/traffic.ts";
import type { TransitionMemory } from "../table/transition_memory.ts";
import type { CaptureFilter } from "./capture_filter.ts";
import { CaptureRing } from "./capture_ring.ts";
import type { Dimensions } from "./dimensions.ts";
import { DroppedRing } from "./dropped_ring.ts";
import { Ring } from "./ring.ts";
import type { StandIn } from "./stand_in.ts";
import type { Tables } from "./tables.ts";

const TAKEN = 0;
/** Bursts that handed something up; it wraps. */
const HANDED_UP = 1;
/** 1 while it stands still. */
const STANDS = 2;
/** Bursts, empty ones too; it wraps. */
const BURSTS = 3;
/** A cache line of 64 octets: what a worker writes a burst is not next to what another one does. */
const WORDS = 16;

/** Entries of the rings. */
const HEARD = 256;
const PENDING = 64;

/** What all workers share. */
interface Shared {
  readonly transitions: TransitionMemory;
  readonly openPorts: OpenPorts;
  readonly captureFilter: CaptureFilter;
  readonly standIn: StandIn;
}

export class WorkerState implements Shared {
  readonly verdicts: Counters;
  /** Frames dispatched, by neighbor and by cluster. */
  readonly toNeighbor: Traffic;
  readonly toCluster: Traffic;
  readonly unremembered: Counters;
  /** Shared by all workers. */
  readonly transitions: TransitionMemory;
  readonly openPorts: OpenPorts;
  readonly captureFilter: CaptureFilter;
  readonly standIn: StandIn;
  readonly heard: Ring;
  readonly pending: Ring;
  readonly dropped: DroppedRing;
  readonly captured: CaptureRing;
  /** Octets of a frame's slot. */
  readonly slotSize: number;
  readonly #tables: Tables;
  readonly #words: Int32Array;

  static byteLength({ clusters, neighbors, slotSize }: Dimensions): number {
    return WORDS * 4 + Counters.byteLength(NAMES.length + clusters) +
      Traffic.byteLength(neighbors + clusters) +
      Ring.byteLength(slotSize, HEARD) + Ring.byteLength(slotSize, PENDING) + DroppedRing.byteLength() +
      CaptureRing.byteLength();
  }

  /** `at` is a multiple of four. */
  constructor(
    tables: Tables,
    { transitions, openPorts, captureFilter, standIn }: Shared,
    memory: SharedArrayBuffer,
    at: number,
    { clusters, neighbors, slotSize }: Dimensions,
  ) {
    const verdicts = at + WORDS * 4;
    const toNeighbor = verdicts + Counters.byteLength(NAMES.length);
    const toCluster = toNeighbor + Traffic.byteLength(neighbors);
    const unremembered = toCluster + Traffic.byteLength(clusters);
    const heard = unremembered + Counters.byteLength(clusters);
    const pending = heard + Ring.byteLength(slotSize, HEARD);
    const dropped = pending + Ring.byteLength(slotSize, PENDING);
    this.slotSize = slotSize;
    this.transitions = transitions;
    this.openPorts = openPorts;
    this.captureFilter = captureFilter;
    this.standIn = standIn;
    this.#tables = tables;
    this.#words = new Int32Array(memory, at, WORDS);
    this.verdicts = new Counters(memory, verdicts, NAMES.length);
    this.toNeighbor = new Traffic(memory, toNeighbor, neighbors);
    this.toCluster = new Traffic(memory, toCluster, clusters);
    this.unremembered = new Counters(memory, unremembered, clusters);
    this.heard = new Ring(memory, heard, slotSize, HEARD);
    this.pending = new Ring(memory, pending, slotSize, PENDING);
    this.dropped = new DroppedRing(memory, dropped);
    this.captured = new CaptureRing(memory, dropped + DroppedRing.byteLength());
  }

  /** Frames since the start: the sum of all verdicts. */
  received(): number {
    return NAMES.reduce((sum, _, index) => sum + this.verdicts.get(index), 0);
  }

  /** The worker's side: the table to use from here on. */
  take(): ForwardingTable {
    const { epoch } = this.#tables;
    if (epoch !== this.#words[TAKEN]) {
      Atomics.store(this.#words, TAKEN, epoch);
      Atomics.notify(this.#words, TAKEN);
    }
    return this.#tables.at(epoch);
  }

  /** The worker's side: it has come by once more. No other thread waits for it or writes it, so a plain word will do. */
  comeBy(): void {
    this.#words[BURSTS] = this.#words[BURSTS]! + 1;
  }

  /** Main's side: a number that changes whenever the worker comes by, busy or idle. */
  get bursts(): number {
    return Atomics.load(this.#words, BURSTS);
  }

  /** The worker's side: frames have been handed up. Once a burst is enough. */
  notify(): void {
    Atomics.add(this.#words, HANDED_UP, 1);
    Atomics.notify(this.#words, HANDED_UP);
  }

  /** Main's side: a number that changes whenever frames have been handed up. */
  get handedUp(): number {
    return Atomics.load(this.#words, HANDED_UP);
  }

  /** Main's side: resolves when `handedUp` is another number than `seen`; at once when it is already. */
  async handedUpSince(seen: number): Promise<void> {
    const waiting = Atomics.waitAsync(this.#words, HANDED_UP, seen);
    if (waiting.async) await waiting.value;
  }

  /** It stands still, or shall say so anew. */
  stands(does: boolean): void {
    Atomics.store(this.#words, STANDS, does ? 1 : 0);
    Atomics.notify(this.#words, STANDS);
  }

  /** Main's side: resolves when it stands still. */
  async stood(): Promise<void> {
    while (Atomics.load(this.#words, STANDS) === 0) {
      const waiting = Atomics.waitAsync(this.#words, STANDS, 0);
      if (waiting.async) await waiting.value;
    }
  }

  /** Main's side: resolves when the worker uses the table that was last published. */
  async settled(): Promise<void> {
    for (;;) {
      const taken = Atomics.load(this.#words, TAKEN);
      if (taken === this.#tables.epoch) return;
      const waiting = Atomics.waitAsync(this.#words, TAKEN, taken);
      if (waiting.async) await waiting.value;
    }
  }
}

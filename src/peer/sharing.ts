/**
 * What a pair shares. The active one tells, the other one keeps what it has heard until it takes over:
 *
 *     active: telling.ts                                        backup: hearing.ts
 *     each BEAT_MS            state: drains, techniques, versions ──▶ takes people's decisions over
 *     a cluster's map or transitions have changed
 *                             cluster, then its series ──────────────▶ keeps them
 *     a connection begins in a transition
 *                             connections ───────────────────────────▶ keeps them
 *                                              ◀── wanted ──────────── lacks what `versions` names
 *
 * Time comes from the clock that it is given.
 */

import type { TransitionsRecord } from "../cluster/transitions_record.ts";
import type { Clock, Timer } from "../system/clock.ts";
import { every } from "../system/every.ts";
import type { Random } from "../system/random.ts";
import { Hearing } from "./hearing.ts";
import { type Administration, type Message, PeerCodec, type StateSaid } from "./message.ts";
import { Outbox } from "./outbox.ts";
import { type SharedCluster, Telling } from "./telling.ts";

/** Between two states. */
const BEAT_MS = 200;

/** The dispatcher, as its sharing sees it. Clusters are meant by their names. */
export interface SharingParts {
  /** To the other one. */
  send(datagram: Uint8Array): void;
  isActive(): boolean;
  administration(): Administration[];
  techniques(): StateSaid["techniques"];
  tick(): number;
  clusters(): readonly SharedCluster[];
  /** The most of a cluster that there is room for here; 0: there is no such cluster. */
  room(cluster: string): number;
  /** The active one has said this of backends and techniques. */
  decided(said: StateSaid): void;
}

/** What came that was of no use. */
export interface SharingCounts {
  forged: number;
  stale: number;
  foreign: number;
  /** Connections that there was no room for. */
  dropped: number;
}

const SILENT = { tick: 0, administration: [], techniques: [], versions: {}, connections: {} };

export class Sharing {
  readonly counts: SharingCounts = { forged: 0, stale: 0, foreign: 0, dropped: 0 };
  readonly #parts: SharingParts;
  readonly #clock: Clock;
  readonly #codec: PeerCodec;
  readonly #outbox: Outbox;
  readonly #telling: Telling;
  readonly #hearing: Hearing;
  #beats: Timer | undefined;

  constructor(parts: SharingParts, key: Uint8Array, clock: Clock, random: Random) {
    this.#parts = parts;
    this.#clock = clock;
    this.#codec = new PeerCodec(key, clock.sinceEpoch(), random);
    this.#outbox = new Outbox(this.#codec, clock, (datagram) => parts.send(datagram));
    this.#telling = new Telling(() => parts.clusters(), this.#outbox, clock);
    this.#hearing = new Hearing((cluster) => parts.room(cluster), clock, this.counts);
  }

  start(): void {
    this.#beats = every(this.#clock, BEAT_MS, () => this.#beat());
  }

  stop(): void {
    this.#beats?.cancel();
    this.#telling.stop();
    this.#outbox.stop();
  }

  /** Is the other one active, as far as is known? */
  get isPeerActive(): boolean {
    return this.#hearing.isFresh;
  }

  /** Of how many clusters, and of their connections, it is known what the other one has. */
  get extent(): { readonly clusters: number; readonly connections: number } {
    return this.#hearing.extent;
  }

  /** A map or a transition may have changed. */
  changed(): void {
    if (this.#parts.isActive()) this.#telling.changed();
  }

  /** A connection has begun in a transition: what is sent after this comes after word of it. */
  begun(): void {
    if (this.#parts.isActive()) this.#telling.begun();
  }

  /** A datagram came from the other one. */
  heard(datagram: Uint8Array): void {
    const message = this.#codec.decode(datagram);
    if (message === "part") return;
    if (typeof message === "string") this.counts[message]++;
    else this.#take(message);
  }

  /** What the other one had, to go on by; undefined when it has told nothing for long. By this machine's clock. */
  known(): TransitionsRecord | undefined {
    return this.#hearing.known();
  }

  #beat(): void {
    const { isActive, tick, administration, techniques } = this.#parts;
    if (isActive()) {
      this.#telling.changed();
      this.#outbox.say({
        kind: "state",
        isActive: true,
        tick: tick(),
        administration: administration(),
        techniques: techniques(),
        ...this.#telling.extent,
      });
      return;
    }
    this.#telling.stop();
    this.#outbox.say({ kind: "state", isActive: false, ...SILENT });
    const clusters = this.#hearing.lacking();
    if (clusters.length > 0) this.#outbox.say({ kind: "wanted", clusters });
  }

  #take({ said, octets }: Message): void {
    switch (said.kind) {
      case "state":
        // When it serves no more, what it said before stays the latest until somebody has taken over.
        if (!said.isActive) return;
        this.#hearing.takeState(said);
        if (!this.#parts.isActive()) this.#parts.decided(said);
        return;
      case "wanted":
        if (this.#parts.isActive()) this.#telling.wanted(said.clusters);
        return;
      case "cluster":
        return this.#hearing.takeCluster(said);
      case "series":
        return this.#hearing.takeSeries(said, octets);
      case "connections":
        return this.#hearing.takeConnections(said.cluster, said.version, octets);
    }
  }
}

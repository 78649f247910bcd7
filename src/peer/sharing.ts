/**
 * One side of what a pair shares. The active one tells, the other one keeps what it has heard until it takes over:
 *
 *     active                                                    backup
 *     each BEAT_MS            state: drains, techniques, versions ──▶ takes people's decisions over
 *     a cluster's map or transitions have changed
 *                             cluster, then its series ──────────────▶ keeps them
 *     a connection is remembered (looked for each LOOK_MS)
 *                             connections ───────────────────────────▶ keeps them
 *                                              ◀── wanted ──────────── lacks what `versions` names
 *
 * Datagrams leave in small lots, so that they crowd nothing out of the other one's queue. Time comes from the clock that it is given.
 */

import type { PartRecord, TransitionsRecord } from "../cluster/transitions_record.ts";
import type { Clock, Timer } from "../system/clock.ts";
import { every } from "../system/every.ts";
import { RECORDED } from "../table/connections.ts";
import { headOf, partOf, type Series, seriesOf } from "./cluster_share.ts";
import { ConnectionNews } from "./connection_news.ts";
import {
  type Administration,
  type ClusterSaid,
  type Message,
  PeerCodec,
  PIECE_OCTETS,
  type Said,
  SERIES,
  type SeriesName,
  type SeriesSaid,
  type StateSaid,
} from "./message.ts";

/** Between two states. */
const BEAT_MS = 200;
/** Between two looks for new connections, while buckets are in transition; longer where a look takes long. */
const LOOK_MS = 20;
/** At most this part of the time is spent with looking. */
const LOOK_SHARE = 0.1;
/** Datagrams that leave in one go, and the time between two goes. */
const LOT = 32;
const LOT_MS = 2;
/** Datagrams that may wait. What does not fit any more is told anew when there is room. */
const MOST_WAITING = 8192;
/** What was heard longer ago says nothing any more. */
const FRESH_MS = 10_000;

const PIECE_ROWS = Math.floor(PIECE_OCTETS / (RECORDED * 4));

/** A cluster whose buckets are told. */
export interface SharedCluster {
  readonly name: string;
  /** Its owners, in memory that is not written again. */
  readonly live: Uint16Array;
  /** Another number whenever its transitions have changed. */
  readonly revision: number;
  readonly hasTransitions: boolean;
  /** What is known of its buckets; the connections count for nothing. */
  record(): PartRecord;
  /** As table/connections.ts records them. Empty while nothing is in transition. */
  connections(): Int32Array;
}

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

/** Of a cluster, as the active one has it. */
interface Told {
  readonly live: Uint16Array;
  readonly revision: number;
  readonly version: number;
  readonly news: ConnectionNews;
  /** Connections told. */
  rows: number;
}

/** Of a cluster, as far as it was heard. */
interface Heard {
  readonly head: ClusterSaid;
  readonly heardMs: number;
  readonly series: { [Name in SeriesName]: InstanceType<(typeof SERIES)[Name]> };
  /** Numbers that are still missing. */
  missing: number;
  /** Connections heard, some perhaps again. */
  rows: number;
  /** By cell. */
  readonly connections: Map<number, Int32Array>;
}

export class Sharing {
  readonly counts: SharingCounts = { forged: 0, stale: 0, foreign: 0, dropped: 0 };
  readonly #parts: SharingParts;
  readonly #clock: Clock;
  readonly #codec: PeerCodec;
  readonly #waiting: Uint8Array[] = [];
  #leaving: Timer | undefined;
  /** So many datagrams may leave until then. */
  #left = LOT;
  #beats: Timer | undefined;
  #looking: Timer | undefined;
  #version = 0;
  readonly #told = new Map<string, Told>();
  readonly #heard = new Map<string, Heard>();
  /** The other one's last words as the active one. */
  #state: { readonly said: StateSaid; readonly heardMs: number } | undefined;

  constructor(parts: SharingParts, key: Uint8Array, clock: Clock) {
    this.#parts = parts;
    this.#clock = clock;
    this.#codec = new PeerCodec(key, clock.sinceEpoch());
  }

  start(): void {
    this.#beats = every(this.#clock, BEAT_MS, () => this.#beat());
  }

  stop(): void {
    this.#beats?.cancel();
    this.#looking?.cancel();
    this.#leaving?.cancel();
  }

  /** Is the other one active, as far as is known? */
  get isPeerActive(): boolean {
    return this.#isFresh(this.#state?.heardMs);
  }

  /** A map or a transition may have changed. */
  changed(): void {
    if (!this.#parts.isActive()) return;
    for (const cluster of this.#parts.clusters()) {
      const told = this.#told.get(cluster.name);
      if (told?.live !== cluster.live || told.revision !== cluster.revision) this.#tell(cluster);
    }
    this.look();
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
    if (this.#state === undefined || !this.isPeerActive) return undefined;
    const { said } = this.#state;
    const whole = [...this.#heard.values()].filter(({ missing }) => missing === 0);
    if (whole.length === 0) return undefined;
    const clusters = whole.map(({ head, heardMs, series, connections }) => {
      const rows = new Int32Array(connections.size * RECORDED);
      for (const [index, row] of [...connections.values()].entries()) rows.set(row, index * RECORDED);
      return partOf(head, series, rows, said.tick, heardMs);
    });
    return { tick: said.tick, clusters };
  }

  /** Of how many clusters, and of their connections, it is known what the other one has. */
  get extent(): { readonly clusters: number; readonly connections: number } {
    const whole = this.isPeerActive ? [...this.#heard.values()].filter(({ missing }) => missing === 0) : [];
    return {
      clusters: whole.length,
      connections: whole.reduce((sum, { connections }) => sum + connections.size, 0),
    };
  }

  #isFresh(sinceMs = -Infinity): boolean {
    return this.#clock.now() - sinceMs < FRESH_MS;
  }

  #beat(): void {
    const { isActive, tick, administration, techniques } = this.#parts;
    if (isActive()) {
      this.changed();
      const told = [...this.#told];
      return this.#say({
        kind: "state",
        isActive: true,
        tick: tick(),
        administration: administration(),
        techniques: techniques(),
        versions: Object.fromEntries(told.map(([name, { version }]) => [name, version])),
        connections: Object.fromEntries(told.map(([name, { rows }]) => [name, rows])),
      });
    }
    this.#told.clear();
    this.#say({
      kind: "state",
      isActive: false,
      tick: 0,
      administration: [],
      techniques: [],
      versions: {},
      connections: {},
    });
    this.#ask();
  }

  /** What the other one has told in vain. */
  #ask(): void {
    if (!this.isPeerActive) return;
    const { versions, connections } = this.#state!.said;
    const clusters = Object.entries(versions).filter(([name, version]) => {
      const heard = this.#heard.get(name);
      // What began a moment ago may be on its way.
      const isComing = heard !== undefined && this.#clock.now() - heard.heardMs < BEAT_MS;
      return this.#parts.room(name) > 0 && !isComing &&
        (heard === undefined || heard.head.version !== version || heard.missing > 0 ||
          heard.rows < connections[name]!);
    }).map(([name]) => name);
    if (clusters.length > 0) this.#say({ kind: "wanted", clusters });
  }

  #take({ said, octets }: Message): void {
    switch (said.kind) {
      case "state":
        return this.#takeState(said);
      case "wanted":
        for (const name of said.clusters) this.#told.delete(name);
        return this.changed();
      case "cluster":
        return this.#takeCluster(said);
      case "series":
        return this.#takeSeries(said, octets);
      case "connections": {
        const heard = this.#heard.get(said.cluster);
        if (heard?.head.version === said.version) this.#takeConnections(heard, octets);
      }
    }
  }

  #takeState(said: StateSaid): void {
    // When it serves no more, what it said before stays the latest until somebody has taken over.
    if (!said.isActive) return;
    this.#state = { said, heardMs: this.#clock.now() };
    if (!this.#parts.isActive()) this.#parts.decided(said);
  }

  #takeCluster(head: ClusterSaid): void {
    const { name, buckets, lengths } = head;
    const room = this.#parts.room(name);
    const lengthOf = (series: SeriesName) => lengths[series] ?? 0;
    const isPossible = room > 0 && lengthOf("owners") === buckets &&
      (Object.keys(SERIES) as SeriesName[]).every((one) => lengthOf(one) <= MOST_NUMBERS);
    if (!isPossible) return void this.counts.foreign++;
    this.#heard.set(name, {
      head,
      heardMs: this.#clock.now(),
      series: {
        owners: new Uint16Array(lengthOf("owners")),
        moving: new Uint16Array(lengthOf("moving")),
        former: new Uint16Array(lengthOf("former")),
        old: new Uint16Array(lengthOf("old")),
        moved: new Int32Array(lengthOf("moved")),
        began: new Int32Array(lengthOf("began")),
        more: new Uint16Array(lengthOf("more")),
      },
      missing: (Object.keys(SERIES) as SeriesName[]).reduce((sum, one) => sum + lengthOf(one), 0),
      rows: 0,
      connections: new Map(),
    });
  }

  #takeSeries({ cluster, version, name, at }: SeriesSaid, octets: Uint8Array<ArrayBuffer>): void {
    const heard = this.#heard.get(cluster);
    if (heard?.head.version !== version) return;
    const into = heard.series[name];
    const numbers = numbersIn(name, octets);
    if (at + numbers.length > into.length) return void this.counts.foreign++;
    into.set(numbers, at);
    heard.missing -= numbers.length;
  }

  #takeConnections(heard: Heard, octets: Uint8Array<ArrayBuffer>): void {
    const { head, connections } = heard;
    const room = this.#parts.room(head.name);
    const rows = new Int32Array(octets.buffer, 0, Math.floor(octets.length / 4));
    for (let at = 0; at + RECORDED <= rows.length; at += RECORDED) {
      const cell = rows[at]!;
      heard.rows++;
      if (connections.has(cell) || connections.size < room) {
        connections.set(cell, rows.slice(at, at + RECORDED));
      } else this.counts.dropped++;
    }
  }

  /** A cluster whole. */
  #tell(cluster: SharedCluster): void {
    const { name, live, revision } = cluster;
    const nowMs = this.#clock.now();
    const version = ++this.#version;
    const record = cluster.record();
    const series = seriesOf(record, nowMs);
    const head = headOf(record, series, nowMs);
    this.#told.set(name, { live, revision, version, news: new ConnectionNews(), rows: 0 });
    this.#say({ kind: "cluster", version, ...head });
    for (const one of Object.keys(SERIES) as SeriesName[]) this.#tellSeries(name, version, one, series[one]);
    this.#tellConnections(cluster);
  }

  #tellSeries(cluster: string, version: number, name: SeriesName, numbers: Series[SeriesName]): void {
    const most = PIECE_OCTETS / numbers.BYTES_PER_ELEMENT;
    for (let at = 0; at < numbers.length; at += most) {
      const piece = numbers.subarray(at, at + most);
      this.#say({ kind: "series", cluster, version, name, at }, octetsOf(piece));
    }
  }

  /** Those that are new. */
  #tellConnections({ name, connections }: SharedCluster): void {
    const told = this.#told.get(name);
    if (told === undefined) return;
    const news = told.news.since(connections());
    for (let at = 0; at < news.length; at += PIECE_ROWS * RECORDED) {
      const rows = news.subarray(at, at + PIECE_ROWS * RECORDED);
      told.rows += rows.length / RECORDED;
      this.#say({ kind: "connections", cluster: name, version: told.version }, octetsOf(rows));
    }
  }

  /** Tells of connections that have begun: what is sent after this comes later. Looks again and again as long as there may be some. */
  look(): void {
    if (!this.#parts.isActive()) return;
    this.#looking?.cancel();
    this.#looking = undefined;
    const moving = this.#parts.clusters().filter(({ hasTransitions }) => hasTransitions);
    if (moving.length === 0) return;
    const beganMs = this.#clock.now();
    for (const cluster of moving) this.#tellConnections(cluster);
    const tookMs = this.#clock.now() - beganMs;
    this.#looking = this.#clock.after(Math.max(LOOK_MS, tookMs / LOOK_SHARE), () => {
      this.look();
    });
  }

  #say(said: Said, octets?: Uint8Array): void {
    const datagrams = this.#codec.encode(said, octets);
    if (this.#waiting.length + datagrams.length > MOST_WAITING) {
      // Nothing is told by halves: the other one will want it.
      this.#told.clear();
      return;
    }
    this.#waiting.push(...datagrams);
    this.#leave();
  }

  /** What may leave now does so before this returns. */
  #leave(): void {
    const lot = this.#waiting.splice(0, this.#left);
    this.#left -= lot.length;
    for (const datagram of lot) this.#parts.send(datagram);
    if (this.#left === LOT) return;
    this.#leaving ??= this.#clock.after(LOT_MS, () => {
      this.#leaving = undefined;
      this.#left = LOT;
      this.#leave();
    });
  }
}

/** Of a series: a cluster has 65,536 buckets at most, and a bucket few former owners. */
const MOST_NUMBERS = 2 ** 20;

function octetsOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function numbersIn(name: SeriesName, octets: Uint8Array<ArrayBuffer>): Uint16Array | Int32Array {
  const kind = SERIES[name];
  return new kind(octets.buffer, 0, Math.floor(octets.length / kind.BYTES_PER_ELEMENT));
}

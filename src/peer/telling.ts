/** The active one's side: what of its maps, transitions and connections the other one has been told, and what is new. */

import type { PartRecord } from "../cluster/transitions_record.ts";
import type { Clock, Timer } from "../system/clock.ts";
import { RECORDED } from "../table/connections.ts";
import { headOf, type Series, seriesOf } from "./cluster_share.ts";
import { ConnectionNews } from "./connection_news.ts";
import { PIECE_OCTETS, type Said, SERIES, type SeriesName, type StateSaid } from "./message.ts";
import type { Outbox } from "./outbox.ts";

/** Between two looks for new connections, while buckets are in transition; longer where a look takes long. */
const LOOK_MS = 20;
/** At most this part of the time is spent with looking. */
const LOOK_SHARE = 0.1;
/** A look at so many connections takes some milliseconds. Where there is room for more, nothing waits for it. */
const MOST_AT_ONCE = 262_144;

const PIECE_ROWS = Math.floor(PIECE_OCTETS / (RECORDED * 4));

/** A cluster whose buckets are told. */
export interface SharedCluster {
  readonly name: string;
  /** Its owners, in memory that is not written again. */
  readonly live: Uint16Array;
  /** Another number whenever its transitions have changed. */
  readonly revision: number;
  readonly hasTransitions: boolean;
  /** For so many connections. */
  readonly room: number;
  /** What is known of its buckets; the connections count for nothing. */
  record(): PartRecord;
  /** As table/connections.ts records them. Empty while nothing is in transition. */
  connections(): Int32Array;
}

/** Of a cluster, as it was told. */
interface Told {
  readonly live: Uint16Array;
  readonly revision: number;
  readonly version: number;
  readonly news: ConnectionNews;
  /** Connections told. */
  rows: number;
}

export class Telling {
  readonly #clusters: () => readonly SharedCluster[];
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  #looking: Timer | undefined;
  #version = 0;
  readonly #told = new Map<string, Told>();

  constructor(clusters: () => readonly SharedCluster[], outbox: Outbox, clock: Clock) {
    this.#clusters = clusters;
    this.#outbox = outbox;
    this.#clock = clock;
  }

  /** Tells what has changed. */
  changed(): void {
    for (const cluster of this.#clusters()) {
      const told = this.#told.get(cluster.name);
      if (told?.live !== cluster.live || told.revision !== cluster.revision) this.#tell(cluster);
    }
    this.#look();
  }

  /** A connection has begun: it is told now, so that what is sent after this comes later; unless that takes long. */
  begun(): void {
    const room = this.#moving().reduce((sum, { room }) => sum + room, 0);
    if (room <= MOST_AT_ONCE) this.#look();
  }

  /** The other one lacks these clusters. */
  wanted(names: readonly string[]): void {
    for (const name of names) this.#told.delete(name);
    this.changed();
  }

  /** What the other one should have by now. */
  get extent(): Pick<StateSaid, "versions" | "connections"> {
    const told = [...this.#told];
    return {
      versions: Object.fromEntries(told.map(([name, { version }]) => [name, version])),
      connections: Object.fromEntries(told.map(([name, { rows }]) => [name, rows])),
    };
  }

  /** It tells no more; should it tell again, all is new. */
  stop(): void {
    this.#looking?.cancel();
    this.#looking = undefined;
    this.#told.clear();
  }

  /** A cluster whole. */
  #tell(cluster: SharedCluster): void {
    const { name, live, revision } = cluster;
    const nowMs = this.#clock.now();
    const version = ++this.#version;
    const record = cluster.record();
    const series = seriesOf(record, nowMs);
    this.#told.set(name, { live, revision, version, news: new ConnectionNews(), rows: 0 });
    this.#say({ kind: "cluster", version, ...headOf(record, series, nowMs) });
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

  /** Looks for new connections, and again and again as long as there may be some. */
  #look(): void {
    this.#looking?.cancel();
    this.#looking = undefined;
    const moving = this.#moving();
    if (moving.length === 0) return;
    const beganMs = this.#clock.now();
    for (const cluster of moving) this.#tellConnections(cluster);
    const tookMs = this.#clock.now() - beganMs;
    this.#looking = this.#clock.after(Math.max(LOOK_MS, tookMs / LOOK_SHARE), () => this.#look());
  }

  #moving(): SharedCluster[] {
    return this.#clusters().filter(({ hasTransitions }) => hasTransitions);
  }

  #say(said: Said, octets?: Uint8Array): void {
    // Nothing is told by halves: the other one will want it.
    if (!this.#outbox.say(said, octets)) this.#told.clear();
  }
}

function octetsOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

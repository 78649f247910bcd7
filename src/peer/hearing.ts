/** The backup's side: what it has heard of the active one's maps, transitions and connections, for when it takes over. */

import type { TransitionsRecord } from "../cluster/transitions_record.ts";
import type { Clock } from "../system/clock.ts";
import { RECORDED } from "../table/connections.ts";
import { partOf } from "./cluster_share.ts";
import { type ClusterSaid, SERIES, type SeriesName, type SeriesSaid, type StateSaid } from "./message.ts";

/** What was heard longer ago says nothing any more. */
const FRESH_MS = 10_000;
/** What began to come so short a time ago may still be on its way. */
const ON_ITS_WAY_MS = 200;
/** Of a series: a cluster has 65,536 buckets at most, and a bucket few former owners. */
const MOST_NUMBERS = 2 ** 20;

const SERIES_NAMES = Object.keys(SERIES) as SeriesName[];

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

/** What came that was of no use. */
export interface HearingCounts {
  /** What cannot be. */
  foreign: number;
  /** Connections that there was no room for. */
  dropped: number;
}

export class Hearing {
  readonly #room: (cluster: string) => number;
  readonly #clock: Clock;
  readonly #counts: HearingCounts;
  readonly #heard = new Map<string, Heard>();
  /** The active one's last words. */
  #state: { readonly said: StateSaid; readonly heardMs: number } | undefined;

  /** `room`: the most connections of a cluster that there is room for here; 0: there is no such cluster. It adds to `counts`. */
  constructor(room: (cluster: string) => number, clock: Clock, counts: HearingCounts) {
    this.#room = room;
    this.#clock = clock;
    this.#counts = counts;
  }

  /** Has the other one said of late that it is active? */
  get isFresh(): boolean {
    return this.#state !== undefined && this.#clock.now() - this.#state.heardMs < FRESH_MS;
  }

  /** What the active one had, by this machine's clock; undefined when it has told nothing for long. */
  known(): TransitionsRecord | undefined {
    const whole = this.#whole();
    if (whole.length === 0) return undefined;
    const { tick } = this.#state!.said;
    const clusters = whole.map(({ head, heardMs, series, connections }) => {
      const rows = new Int32Array(connections.size * RECORDED);
      for (const [index, row] of [...connections.values()].entries()) rows.set(row, index * RECORDED);
      return partOf(head, series, rows, tick, heardMs);
    });
    return { tick, clusters };
  }

  /** Of how many clusters, and of their connections, that is known. */
  get extent(): { readonly clusters: number; readonly connections: number } {
    const whole = this.#whole();
    return {
      clusters: whole.length,
      connections: whole.reduce((sum, { connections }) => sum + connections.size, 0),
    };
  }

  /** Clusters of which something has not come. */
  lacking(): string[] {
    if (!this.isFresh) return [];
    const { versions, connections } = this.#state!.said;
    return Object.entries(versions).filter(([name, version]) => {
      const heard = this.#heard.get(name);
      if (this.#room(name) === 0) return false;
      if (heard === undefined) return true;
      if (this.#clock.now() - heard.heardMs < ON_ITS_WAY_MS) return false;
      return heard.head.version !== version || heard.missing > 0 || heard.rows < (connections[name] ?? 0);
    }).map(([name]) => name);
  }

  takeState(said: StateSaid): void {
    this.#state = { said, heardMs: this.#clock.now() };
  }

  takeCluster(head: ClusterSaid): void {
    const { name, buckets, lengths } = head;
    const lengthOf = (series: SeriesName) => lengths[series] ?? 0;
    const isPossible = this.#room(name) > 0 && lengthOf("owners") === buckets &&
      SERIES_NAMES.every((one) => lengthOf(one) <= MOST_NUMBERS);
    if (!isPossible) return void this.#counts.foreign++;
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
      missing: SERIES_NAMES.reduce((sum, one) => sum + lengthOf(one), 0),
      rows: 0,
      connections: new Map(),
    });
  }

  takeSeries({ cluster, version, name, at }: SeriesSaid, octets: Uint8Array<ArrayBuffer>): void {
    const heard = this.#of(cluster, version);
    if (heard === undefined) return;
    const into = heard.series[name];
    const numbers = numbersIn(name, octets);
    if (at + numbers.length > into.length) return void this.#counts.foreign++;
    into.set(numbers, at);
    heard.missing -= numbers.length;
  }

  takeConnections(cluster: string, version: number, octets: Uint8Array<ArrayBuffer>): void {
    const heard = this.#of(cluster, version);
    if (heard === undefined) return;
    const { connections } = heard;
    const room = this.#room(cluster);
    const rows = new Int32Array(octets.buffer, 0, Math.floor(octets.length / 4));
    for (let at = 0; at + RECORDED <= rows.length; at += RECORDED) {
      const cell = rows[at]!;
      heard.rows++;
      if (connections.has(cell) || connections.size < room) {
        connections.set(cell, rows.slice(at, at + RECORDED));
      } else this.#counts.dropped++;
    }
  }

  #of(cluster: string, version: number): Heard | undefined {
    const heard = this.#heard.get(cluster);
    return heard?.head.version === version ? heard : undefined;
  }

  #whole(): Heard[] {
    return this.isFresh ? [...this.#heard.values()].filter(({ missing }) => missing === 0) : [];
  }
}

function numbersIn(name: SeriesName, octets: Uint8Array<ArrayBuffer>): Uint16Array | Int32Array {
  const kind = SERIES[name];
  return new kind(octets.buffer, 0, Math.floor(octets.length / kind.BYTES_PER_ELEMENT));
}

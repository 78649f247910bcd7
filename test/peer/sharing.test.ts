/** Two dispatchers of a pair in virtual time, with a link between them that may lose what they tell. */

import { expect, test } from "vitest";
import type { PartRecord } from "../../src/cluster/transitions_record.ts";
import { PeerCodec } from "../../src/peer/message.ts";
import { Sharing, type SharingParts } from "../../src/peer/sharing.ts";
import type { SharedCluster } from "../../src/peer/telling.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";
import { MOST_OCTETS } from "../../src/system/signed_parts.ts";
import { NO_BACKEND } from "../../src/table/bucket_map.ts";
import { RECORDED } from "../../src/table/connections.ts";
import { MACHINE_RANDOM } from "../../src/system/random.ts";

const KEY = new TextEncoder().encode("a key that both of a pair have");
const BEATS_MS = 1000;

/** A cluster in which buckets up to `moving` go from backend 0 to 1. */
class Cluster implements SharedCluster {
  readonly name: string;
  live: Uint16Array;
  revision = 0;
  readonly room = 16_384;
  moving = 0;
  readonly #rows: number[] = [];
  #record: Int32Array | undefined;

  constructor(name: string, buckets: number) {
    this.name = name;
    this.live = new Uint16Array(buckets);
  }

  get hasTransitions(): boolean {
    return this.moving > 0;
  }

  move(moving: number): void {
    this.moving = moving;
    this.revision++;
    this.live = this.live.map((_, bucket) => bucket < moving ? 1 : 0);
  }

  record(): PartRecord {
    const isMoving = (bucket: number) => bucket < this.moving;
    return {
      cluster: { name: this.name, buckets: this.live.length, seed: 7, mask: { ipv4: 32, ipv6: 64 } },
      backends: ["web1", "web2"].map((name, index) => ({
        name,
        address: `10.0.0.${11 + index}`,
        neighbor: index,
      })),
      transitions: {
        owners: this.live,
        former: this.live.map((_, bucket) => isMoving(bucket) ? 0 : NO_BACKEND),
        more: [],
        old: this.live.map(() => 0),
        movedMs: Float64Array.from(this.live, () => 0),
        leaving: this.moving > 0
          ? [[0, { sinceMs: 0, left: this.moving, buckets: this.moving, cut: 0 }]]
          : [],
      },
      began: Int32Array.from(this.live, () => 3),
      remembered: { strayed: Int32Array.from(this.live), connections: new Int32Array() },
    };
  }

  readonly connections = (): Int32Array => this.#record ??= new Int32Array(this.#rows);

  /** A connection of this number is remembered. */
  open(number: number): void {
    this.#rows.push(number, 2, ...new Array<number>(RECORDED - 3).fill(number), 1);
    this.#record = undefined;
  }
}

class Side {
  readonly clusters: Cluster[];
  readonly sharing: Sharing;
  readonly decided: string[] = [];
  isActive: boolean;
  room = 16_384;
  sent: Uint8Array[] = [];

  constructor(isActive: boolean, clock: VirtualClock, clusters: Cluster[], key = KEY) {
    this.isActive = isActive;
    this.clusters = clusters;
    const parts: SharingParts = {
      send: (datagram) => void this.sent.push(datagram),
      isActive: () => this.isActive,
      administration: () => [{ cluster: "web", backend: "web2", state: "draining", weight: 3 }],
      techniques: () => [{ cluster: "web", technique: "route" }],
      tick: () => 5,
      clusters: () => this.clusters,
      room: (name) => this.clusters.some((one) => one.name === name) ? this.room : 0,
      decided: (said) => void this.decided.push(JSON.stringify(said.administration)),
    };
    this.sharing = new Sharing(parts, key, clock, MACHINE_RANDOM);
  }
}

class Pair {
  readonly clock = new VirtualClock(1_700_000_000_000);
  readonly active: Side;
  readonly backup: Side;
  /** Is this datagram lost? */
  isLost = (_number: number) => false;
  #number = 0;

  constructor(clusters: readonly [name: string, buckets: number][] = [["web", 64]], key = KEY) {
    const made = () => clusters.map(([name, buckets]) => new Cluster(name, buckets));
    this.active = new Side(true, this.clock, made());
    this.backup = new Side(false, this.clock, made(), key);
    this.active.sharing.start();
    this.backup.sharing.start();
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left--) {
      await this.clock.advance(1);
      for (const [from, to] of [[this.active, this.backup], [this.backup, this.active]] as const) {
        for (const datagram of from.sent.splice(0)) {
          if (!this.isLost(this.#number++)) to.sharing.heard(datagram);
        }
      }
    }
  }

  /** Of what the backup knows: the numbers of the connections of a cluster. */
  connections(index = 0): number[] {
    const { connections } = this.backup.sharing.known()!.clusters[index]!.remembered;
    return Array.from({ length: connections.length / RECORDED }, (_, row) => connections[row * RECORDED]!);
  }

  stop(): void {
    this.active.sharing.stop();
    this.backup.sharing.stop();
  }
}

test("the backup knows the map, what is in transition, connections and what people have decided", async () => {
  const pair = new Pair();
  expect(pair.backup.sharing.known()).toBeUndefined();
  await pair.pass(BEATS_MS);
  const [cluster] = pair.active.clusters;
  cluster!.move(10);
  cluster!.open(1);
  pair.active.sharing.changed();
  await pair.pass(30);
  cluster!.open(2);
  await pair.pass(30);
  const { tick, clusters: [known] } = pair.backup.sharing.known()!;
  const told = cluster!.record();
  // A machine's clock says nothing on another one: times are as long ago as when they were told, a moment before.
  const { movedMs, leaving } = known!.transitions;
  expect(movedMs.subarray(0, 10).every((ms) => ms >= 0 && ms < 10), movedMs.join()).toBe(true);
  expect(leaving[0]![1].sinceMs).toBeLessThan(10);
  expect(tick).toBe(5);
  expect(known).toMatchObject({ cluster: told.cluster, backends: told.backends });
  const { owners, former, old } = told.transitions;
  expect(known!.transitions).toMatchObject({ owners, former, old, more: [] });
  expect(pair.connections()).toEqual([1, 2]);
  expect(pair.backup.decided.at(-1)).toContain('"state":"draining","weight":3');
  pair.stop();
});

test("what is lost on the way is asked for, until all is there", async () => {
  const pair = new Pair([["web", 65_536], ["dns", 16]]);
  pair.isLost = (number) => number % 3 === 0;
  pair.active.clusters[0]!.move(30_000);
  pair.active.sharing.changed();
  await pair.pass(BEATS_MS);
  pair.isLost = () => false;
  await pair.pass(BEATS_MS);
  const { clusters } = pair.backup.sharing.known()!;
  expect(clusters.map(({ transitions }) => transitions.owners)).toEqual(
    pair.active.clusters.map(({ live }) => live),
  );
  pair.stop();
});

test("the largest cluster, all in transition, is told within a second, in datagrams that fit into a frame, few at a time", async () => {
  const pair = new Pair([["web", 65_536]]);
  await pair.pass(BEATS_MS);
  const [cluster] = pair.active.clusters;
  cluster!.move(65_536);
  for (let number = 0; number < 16_384; number++) cluster!.open(number);
  const { sharing, sent } = pair.active;
  sharing.changed();
  const lots: number[] = [];
  for (let turn = 0; turn < 1000; turn++) {
    const now = pair.active.sent.splice(0);
    lots.push(now.length);
    expect(now.every(({ length }) => length <= MOST_OCTETS)).toBe(true);
    for (const datagram of now) pair.backup.sharing.heard(datagram);
    await pair.clock.advance(1);
  }
  expect(sent.length).toBeLessThanOrEqual(32);
  expect(Math.max(...lots)).toBeLessThanOrEqual(32);
  expect(pair.connections()).toHaveLength(16_384);
  pair.stop();
});

test("more connections than there is room for are dropped and counted", async () => {
  const pair = new Pair();
  pair.backup.room = 2;
  pair.active.clusters[0]!.move(4);
  for (const number of [1, 2, 3]) pair.active.clusters[0]!.open(number);
  pair.active.sharing.changed();
  await pair.pass(BEATS_MS);
  expect([pair.connections(), pair.backup.sharing.counts.dropped]).toEqual([[1, 2], 1]);
  pair.stop();
});

test("another key's datagrams, old ones and another version's are counted, and nothing else", async () => {
  const pair = new Pair();
  const recorded: Uint8Array[] = [];
  pair.active.clusters[0]!.move(4);
  pair.active.sharing.changed();
  recorded.push(...pair.active.sent.filter(({ length }) => length < 500));
  await pair.pass(BEATS_MS);
  const { counts } = pair.backup.sharing;
  expect(counts).toEqual({ forged: 0, stale: 0, foreign: 0, dropped: 0 });
  for (const datagram of recorded) pair.backup.sharing.heard(datagram);
  expect(counts.stale).toBe(recorded.length);
  const stranger = new PeerCodec(
    new TextEncoder().encode("a key of somebody else's"),
    2_000_000_000_000,
    MACHINE_RANDOM,
  );
  for (const datagram of stranger.encode({ kind: "wanted", clusters: ["web"] })) {
    pair.backup.sharing.heard(datagram);
  }
  for (const length of [0, 1, 41, 42, 43, 1452]) pair.backup.sharing.heard(new Uint8Array(length));
  expect(counts.forged).toBe(7);
  const nonsense = new PeerCodec(KEY, 2_000_000_000_000, MACHINE_RANDOM);
  for (const said of [{ kind: "state" }, { kind: "nothing" }, 5]) {
    for (const datagram of nonsense.encode(said as never)) pair.backup.sharing.heard(datagram);
  }
  expect(counts.foreign).toBe(3);
  expect(pair.backup.sharing.known()!.clusters[0]!.transitions.owners).toEqual(pair.active.clusters[0]!.live);
  pair.stop();
});

test("who has been silent for long has nothing to say about a take-over", async () => {
  const pair = new Pair();
  await pair.pass(BEATS_MS);
  pair.active.sharing.stop();
  await pair.pass(9000);
  expect(pair.backup.sharing.known()).toBeDefined();
  await pair.pass(1500);
  expect([pair.backup.sharing.known(), pair.backup.sharing.isPeerActive]).toEqual([undefined, false]);
  pair.stop();
});

test("roles change: the one that told before hears now, and the other way round", async () => {
  const pair = new Pair();
  await pair.pass(BEATS_MS);
  [pair.active.isActive, pair.backup.isActive] = [false, true];
  pair.backup.clusters[0]!.move(7);
  await pair.pass(BEATS_MS);
  expect(pair.active.sharing.known()!.clusters[0]!.transitions.owners).toEqual(pair.backup.clusters[0]!.live);
  pair.stop();
});

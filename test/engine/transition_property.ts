/**
 * The promise of transitions as a property, in virtual time: from the differences between the bucket maps, the deaths and the silences
 * it predicts which connections may break, and no other one does. Frames go through the path, time through engine/transitions.ts.
 * Where each bucket goes is drawn, not computed, so the changes are those of any map.
 */

import * as fc from "fast-check";
import { parseConfig } from "oneip";
import { Transitions } from "../../src/engine/transitions.ts";
import { Clusters } from "../../src/path/clusters.ts";
import { Dispatcher } from "../../src/path/dispatcher.ts";
import { Packet } from "../../src/path/packet.ts";
import { ownMemory, type PathMemory } from "../../src/path/transitions.ts";
import * as verdict from "../../src/path/verdict.ts";
import type { Clock, Timer } from "../../src/system/clock.ts";
import { NO_BACKEND } from "../../src/table/bucket_map.ts";
import { ForwardingTable } from "../../src/table/forwarding_table.ts";
import { isIpv6 } from "../../src/wire/address.ts";
import { Sharing, type SharingParts } from "../../src/peer/sharing.ts";
import * as f from "../frames.ts";
import { PLAN } from "../path/arrange.ts";
import { MACHINE_RANDOM } from "../../src/system/random.ts";

const BACKENDS = 4;
const BUCKETS = 8;
const CLIENTS = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((host) => [`198.51.100.${host}`, `2001:db8:51::${host}`]);
const PORTS = 3;
const CROWD = 24;

const [FIN_ACK, SYN, ACK, UDP] = [0x11, 0x02, 0x10, -1];

/** Seconds after which what the client has ended counts as gone, and after which a silent flow is a new one (table/connections.ts). */
const CLOSING_S = 60;
const FLOW_S = 30;

/** Who: a client and one of its ports. A crowd: a whole lot of them, from this one on. */
type Step =
  | { readonly kind: "open" | "crowd" | "send" | "end" | "datagram"; readonly who: number }
  /** Some buckets get other owners; BACKENDS stands for nobody. */
  | { readonly kind: "move"; readonly owners: Owners }
  /** Neighbors get other numbers, and some buckets other owners; meanwhile somebody opens a connection. */
  | { readonly kind: "reload"; readonly owners: Owners; readonly who: number }
  /** The dispatcher dies; its peer, which has other numbers for the neighbors, goes on, and finds that some buckets get other owners. */
  | { readonly kind: "lose"; readonly owners: Owners }
  | { readonly kind: "die" | "return"; readonly backend: number }
  | { readonly kind: "wait"; readonly seconds: number };

type Owners = readonly { readonly bucket: number; readonly owner: number }[];

export interface Course {
  readonly udp: "follow" | "stay";
  readonly idleS: number;
  readonly mostS: number;
  /** Room for so many. */
  readonly connections: number;
  readonly steps: readonly Step[];
}

const who = fc.nat(CLIENTS.length * PORTS - 1);
const backend = fc.nat(BACKENDS - 1);
const owners = fc.array(fc.record({ bucket: fc.nat(BUCKETS - 1), owner: fc.nat(BACKENDS) }), {
  minLength: 1,
  maxLength: BUCKETS,
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom("open", "send", "datagram"), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("end", "crowd"), who }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("move"), owners }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reload"), owners, who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose"), owners }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("die", "return"), backend }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("wait"), seconds: fc.integer({ min: 1, max: 70 }) }),
  },
);

const course: fc.Arbitrary<Course> = fc.record({
  udp: fc.constantFrom("follow", "stay"),
  idleS: fc.constantFrom(5, 40, 300),
  mostS: fc.constantFrom(60, 3600),
  connections: fc.constantFrom(16, 256),
  steps: fc.array(step, { maxLength: 60, size: "max" }),
});

/** What came of many courses. */
export interface Tally {
  /** Frames of connections and flows that came to where they began. */
  kept: number;
  /** Frames that came elsewhere, as it was predicted that they might. */
  broken: number;
  unremembered: number;
}

/** Tries so many courses; fails with the shortest one in which something broke that was not predicted to. */
export async function tryCourses(runs: number, seed: number): Promise<Tally> {
  const tally: Tally = { kept: 0, broken: 0, unremembered: 0 };
  await fc.assert(
    fc.asyncProperty(course, async (drawn) => {
      const unpredicted = await new Run(drawn, tally).go();
      if (unpredicted.length > 0) throw new Error(unpredicted.join("\n"));
    }),
    { numRuns: runs, seed },
  );
  return tally;
}

/** A connection or a flow, as its client sees it. */
interface Talk {
  readonly bucket: number;
  /** Where it began. */
  readonly backend: number;
  readonly isFlow: boolean;
  lastS: number;
  isEnding: boolean;
  /** It may break from now on. */
  mayBreak: boolean;
}

const CONFIG_TEXT = (drawn: Course) =>
  JSON.stringify({
    dispatcher: { mac: f.MAC.dispatcher, addresses: ["10.0.0.2/24"] },
    clusters: [{
      name: "web",
      addresses: [f.IP.cluster, f.IP6.cluster],
      buckets: BUCKETS,
      transition: {
        udp: drawn.udp,
        idle: `${drawn.idleS}s`,
        most: `${drawn.mostS}s`,
        connections: drawn.connections,
      },
      backends: Array.from({ length: BACKENDS }, (_, index) => ({
        name: `web${index}`,
        address: `10.0.0.${index + 11}`,
      })),
    }],
  });

const configs = new Map<string, ReturnType<typeof parseConfig>>();

function clusterOf(drawn: Course) {
  const text = CONFIG_TEXT(drawn);
  const config = configs.get(text) ?? parseConfig(text, "test", "test");
  configs.set(text, config);
  return config.clusters[0]!;
}

/** After so long the peer has been told all: a beat, and the lots that datagrams leave in, each at a whole second. */
const TOLD_S = 3;

function expectSame(one: Uint16Array, other: Uint16Array): void {
  if (one.join() !== other.join()) throw new Error(`the peer was told ${one.join()}, not ${other.join()}`);
}

/** Its calls come on time, as long as they are due at whole seconds. */
class Seconds implements Clock {
  nowS = 0;
  readonly #due = new Set<{ readonly dueS: number; readonly call: () => void }>();

  now(): number {
    return this.nowS * 1000;
  }

  sinceEpoch(): number {
    return this.now();
  }

  after(delayMs: number, call: () => void): Timer {
    const due = { dueS: this.nowS + delayMs / 1000, call };
    this.#due.add(due);
    return { cancel: () => void this.#due.delete(due) };
  }

  async pass(seconds: number): Promise<void> {
    for (const endS = this.nowS + seconds; this.nowS < endS;) {
      this.nowS = this.#due.size === 0 ? endS : this.nowS + 1;
      for (const due of this.#due) {
        if (due.dueS > this.nowS) continue;
        this.#due.delete(due);
        due.call();
      }
      // A sweep publishes twice.
      for (let turn = 0; turn < 8; turn++) await undefined;
    }
  }
}

interface OwnersOfCluster {
  readonly cluster: ReturnType<typeof clusterOf>;
  live: Uint16Array;
}

/** The number of a backend's neighbor after so many reloads. */
function neighborOf(backend: number, reloads: number): number {
  return (backend + reloads) % BACKENDS;
}

class Run {
  readonly #drawn: Course;
  readonly #tally: Tally;
  readonly #clock = new Seconds();
  #map: OwnersOfCluster;
  readonly #slot = new Uint8Array(2048);
  #memory: PathMemory;
  #dispatcher: Dispatcher;
  #transitions: Transitions;
  /** Each reload moves the numbers of the neighbors on. */
  #reloads = 0;
  /** Before the last reload. */
  #unrememberedBefore = 0;
  readonly #keeps = new Array<boolean>(BACKENDS).fill(true);
  readonly #movedS = new Array<number>(BUCKETS).fill(0);
  readonly #talks = new Map<string, Talk>();
  readonly #unpredicted: string[] = [];

  constructor(drawn: Course, tally: Tally) {
    this.#drawn = drawn;
    this.#tally = tally;
    this.#map = {
      cluster: clusterOf(drawn),
      live: Uint16Array.from({ length: BUCKETS }, (_, bucket) => bucket % BACKENDS),
    };
    this.#memory = this.#makeMemory();
    this.#dispatcher = this.#makeDispatcher();
    this.#transitions = this.#makeTransitions(this.#map, this.#memory, 0);
    this.#publish();
  }

  #makeMemory(): PathMemory {
    return ownMemory({ buckets: BUCKETS, connections: [this.#drawn.connections] });
  }

  #makeDispatcher(): Dispatcher {
    const plan = {
      ...PLAN,
      clusters: [{ ...PLAN.clusters[0]!, buckets: BUCKETS, transition: { udp: this.#drawn.udp } }],
      mtus: MTUS,
    };
    return new Dispatcher(
      plan,
      this.#slot,
      ForwardingTable.ofSize(SIZE),
      this.#memory,
      () => this.#clock.now(),
    );
  }

  #makeTransitions(map: OwnersOfCluster, memory: PathMemory, reloads: number): Transitions {
    return new Transitions(
      [map],
      ({ address }) => neighborOf(Number(address.split(".")[3]) - 11, reloads),
      memory.transitions,
      this.#clock,
      {
        publish: () => {
          this.#publish();
          return Promise.resolve();
        },
        ended: () => {},
      },
    );
  }

  get #unremembered(): number {
    return this.#unrememberedBefore + this.#memory.unremembered.get(0);
  }

  /** Goes through the course. What broke although it was not predicted to. */
  async go(): Promise<string[]> {
    for (const step of this.#drawn.steps) await this.#take(step);
    for (const key of this.#talks.keys()) this.#send(key, ACK);
    this.#tally.unremembered += this.#unremembered;
    return this.#unpredicted;
  }

  async #take(step: Step): Promise<void> {
    switch (step.kind) {
      case "open":
        return this.#open(step.who);
      case "crowd":
        for (let more = 0; more < CROWD; more++) this.#open((step.who + more) % (CLIENTS.length * PORTS));
        return;
      case "send":
        return this.#send(`tcp ${step.who}`, ACK);
      case "end":
        return this.#send(`tcp ${step.who}`, FIN_ACK);
      case "datagram":
        return this.#datagram(step.who);
      case "move":
        return this.#follow(this.#moved(step.owners));
      case "reload":
        return this.#reload(step.owners, step.who);
      case "lose":
        return await this.#lose(step.owners);
      case "die":
        return this.#die(step.backend);
      case "return":
        this.#keeps[step.backend] = true;
        return this.#follow(this.#map.live);
      case "wait":
        return await this.#clock.pass(step.seconds);
    }
  }

  #open(who: number): void {
    this.#foresee();
    const before = this.#unremembered;
    const bucket = BUCKET[clientOf(who)]!;
    const backend = this.#receive(who, SYN);
    const present = this.#map.live[bucket]!;
    if (backend !== present && this.#unremembered === before) {
      this.#unpredicted.push(
        `at ${this.#clock.nowS} s a new connection of ${who} went to ${backend}, not ${present}`,
      );
    }
    const key = `tcp ${who}`;
    this.#talks.delete(key);
    if (backend === NO_BACKEND) return;
    this.#talks.set(key, this.#talk(bucket, backend, false));
    this.#send(key, ACK);
  }

  #datagram(who: number): void {
    if (this.#drawn.udp === "follow") return;
    const key = `udp ${who}`;
    if (this.#talks.has(key)) this.#send(key, UDP);
    if (this.#talks.has(key)) return;
    const backend = this.#receive(who, UDP);
    if (backend !== NO_BACKEND) this.#talks.set(key, this.#talk(BUCKET[clientOf(who)]!, backend, true));
  }

  #talk(bucket: number, backend: number, isFlow: boolean): Talk {
    return { bucket, backend, isFlow, lastS: this.#clock.nowS, isEnding: false, mayBreak: false };
  }

  #send(key: string, flags: number): void {
    this.#foresee();
    const talk = this.#talks.get(key);
    if (talk === undefined) return;
    const who = Number(key.slice(4));
    const backend = this.#receive(who, talk.isFlow ? UDP : flags);
    if (backend === talk.backend) {
      this.#tally.kept++;
      talk.lastS = this.#clock.nowS;
      talk.isEnding ||= flags === FIN_ACK;
      return;
    }
    this.#talks.delete(key);
    if (talk.mayBreak) this.#tally.broken++;
    else {
      this.#unpredicted.push(
        `at ${this.#clock.nowS} s ${key} of bucket ${talk.bucket} went to ${backend}, not ${talk.backend}`,
      );
    }
  }

  #moved(owners: Owners): Uint16Array {
    const live = this.#map.live.slice();
    for (const { bucket, owner } of owners) live[bucket] = owner === BACKENDS ? NO_BACKEND : owner;
    return live.map((owner) => this.#alive(owner));
  }

  /** The same as in `Engine.reload`. */
  #reload(owners: Owners, who: number): void {
    this.#foresee();
    this.#transitions.stop();
    const map = { ...this.#map };
    const memory = this.#makeMemory();
    const transitions = this.#makeTransitions(map, memory, this.#reloads + 1);
    const known = this.#transitions.record();
    transitions.adopt(known);
    map.live = this.#moved(owners);
    transitions.follow(0, this.#keeps);
    this.#open(who);
    const before = this.#transitions;
    this.#goOnWith(map, memory, transitions);
    transitions.adoptLater(known, before.recordRemembered());
  }

  /** In place of what was before. */
  #goOnWith(map: OwnersOfCluster, memory: PathMemory, transitions: Transitions): void {
    this.#noteMoves(map.live);
    this.#unrememberedBefore = this.#unremembered;
    this.#reloads++;
    this.#map = map;
    this.#memory = memory;
    this.#transitions = transitions;
    this.#dispatcher = this.#makeDispatcher();
    this.#publish();
  }

  /** As when a peer takes over: what it goes on by is what it was told. */
  async #lose(owners: Owners): Promise<void> {
    const { active, backup } = this.#pair();
    active.start();
    await this.#clock.pass(TOLD_S);
    active.stop();
    this.#foresee();
    this.#transitions.stop();
    const [map, memory] = [{ ...this.#map }, this.#makeMemory()];
    const transitions = this.#makeTransitions(map, memory, this.#reloads + 1);
    // It has had an opinion of its own all the while.
    map.live = map.live.map((owner) => owner === NO_BACKEND ? owner : (owner + 1) % BACKENDS);
    transitions.follow(0, this.#keeps);
    const told = backup.known()!;
    map.live = told.clusters[0]!.transitions.owners;
    expectSame(map.live, this.#map.live);
    transitions.goOnBy(told);
    map.live = this.#moved(owners);
    transitions.follow(0, this.#keeps);
    this.#goOnWith(map, memory, transitions);
  }

  /** The dispatcher of now, and a peer that hears what it tells. */
  #pair(): { readonly active: Sharing; readonly backup: Sharing } {
    const { name } = this.#map.cluster;
    const parts = (isActive: boolean, send: (datagram: Uint8Array) => void): SharingParts => ({
      send,
      isActive: () => isActive,
      tick: () => this.#transitions.tick,
      administration: () => [],
      techniques: () => [],
      clusters: () => [{
        name,
        live: this.#map.live,
        revision: this.#transitions.revisionOf(0),
        hasTransitions: this.#transitions.sizeOf(0) > 0,
        room: this.#drawn.connections,
        record: () => this.#transitions.recordOf(0),
        connections: () => this.#transitions.rememberedOf(0).connections,
      }],
      room: () => this.#drawn.connections,
      decided: () => {},
    });
    const key = new TextEncoder().encode("a key of the pair");
    const backup: Sharing = new Sharing(
      parts(false, (datagram) => active.heard(datagram)),
      key,
      this.#clock,
      MACHINE_RANDOM,
    );
    const active: Sharing = new Sharing(
      parts(true, (datagram) => backup.heard(datagram)),
      key,
      this.#clock,
      MACHINE_RANDOM,
    );
    return { active, backup };
  }

  #die(backend: number): void {
    this.#keeps[backend] = false;
    for (const talk of this.#talks.values()) if (talk.backend === backend) talk.mayBreak = true;
    this.#follow(this.#map.live.map((owner) => this.#alive(owner)));
  }

  /** Instead of somebody dead the next one who lives. */
  #alive(owner: number): number {
    if (owner === NO_BACKEND || this.#keeps[owner]) return owner;
    const others = [1, 2, 3].map((more) => (owner + more) % BACKENDS);
    return others.find((other) => this.#keeps[other]) ?? NO_BACKEND;
  }

  #follow(live: Uint16Array): void {
    this.#foresee();
    this.#noteMoves(live);
    this.#map.live = live;
    this.#transitions.follow(0, this.#keeps);
    this.#publish();
  }

  #noteMoves(live: Uint16Array): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      if (live[bucket] !== this.#map.live[bucket]) this.#movedS[bucket] = this.#clock.nowS;
    }
  }

  /** The prediction: what may break by now, by the map since it was last looked at, and by silence. */
  #foresee(): void {
    const { nowS } = this.#clock;
    const { idleS, mostS } = this.#drawn;
    for (const talk of this.#talks.values()) {
      const silentS = nowS - talk.lastS;
      const isElsewhere = this.#map.live[talk.bucket] !== talk.backend;
      if (isElsewhere && (silentS > idleS || nowS - this.#movedS[talk.bucket]! >= mostS)) {
        talk.mayBreak = true;
      }
      if (talk.isEnding && silentS > CLOSING_S) talk.mayBreak = true;
      if (talk.isFlow && (silentS > FLOW_S || this.#unremembered > 0)) talk.mayBreak = true;
    }
  }

  #publish(): void {
    const table = ForwardingTable.ofSize(SIZE);
    for (let neighbor = 0; neighbor < BACKENDS; neighbor++) table.setMac(neighbor, 0x0200, 0x11 + neighbor);
    table.setOwners(
      0,
      this.#map.live.map((owner) => owner === NO_BACKEND ? owner : neighborOf(owner, this.#reloads)),
    );
    this.#transitions.fill(table);
    this.#dispatcher.use(table);
  }

  /** Where a frame goes. */
  #receive(who: number, flags: number): number {
    const frame = frameOf(who, flags);
    this.#slot.set(frame);
    if (this.#dispatcher.receive(0, frame.length) !== verdict.DISPATCHED) return NO_BACKEND;
    return [0, 1, 2, 3].find((backend) => neighborOf(backend, this.#reloads) === this.#dispatcher.neighbor)!;
  }
}

const SIZE = { clusters: 1, buckets: BUCKETS, neighbors: BACKENDS + 1 };
const MTUS = new Array<number>(BACKENDS + 1).fill(1500);

const frames = new Map<string, Uint8Array>();

function frameOf(who: number, flags: number): Uint8Array {
  const name = `${who} ${flags}`;
  const frame = frames.get(name) ?? makeFrame(CLIENTS[clientOf(who)]!, 40_000 + who % PORTS, flags);
  frames.set(name, frame);
  return frame;
}

function makeFrame(src: string, srcPort: number, flags: number): Uint8Array<ArrayBuffer> {
  if (isIpv6(src)) {
    const payload = flags === UDP ? f.udp6([1], { src }, srcPort) : f.tcp6({ src, srcPort, flags });
    return f.ethernet(f.ipv6(payload, { src, next: flags === UDP ? 17 : 6 }), { type: f.ETHERTYPE.ipv6 });
  }
  const payload = flags === UDP ? f.udp([1], srcPort) : f.tcp({ src, srcPort, flags });
  return f.ethernet(f.ipv4(payload, { src, protocol: flags === UDP ? 17 : 6 }));
}

function clientOf(who: number): number {
  return Math.floor(who / PORTS);
}

/** By client. */
const BUCKET = CLIENTS.map((src) => {
  const clusters = new Clusters([{ ...PLAN.clusters[0]!, buckets: BUCKETS }]);
  const packet = new Packet(makeFrame(src, 1, ACK));
  const room = packet.bytes.length - 14;
  if (!(isIpv6(src) ? packet.readIpv6(14, room) : packet.readIpv4(14, room))) throw new Error(src);
  return clusters.bucket(packet, 0);
});

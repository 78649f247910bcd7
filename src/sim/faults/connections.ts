/**
 * What becomes of the clients' connections, as their frames on the links tell it:
 *
 *     client ── SYN ──▶ ... ──▶ backend ── SYN-ACK ──▶ ... ──▶ client
 *            sent               arrived    sent                arrived
 *
 * One backend answers a SYN; none but those that a fault may cut are reset; and while nothing is broken whatever a client sends is
 * answered. What the hosts think of their connections is not asked.
 */

import { ClusterMap } from "../../cluster/cluster_map.ts";
import { octetsOf } from "../../wire/address.ts";
import type { Lane } from "../net/lane.ts";
import type { Scene } from "../scene.ts";
import { Texts } from "../texts.ts";
import type { Calm } from "./calm.ts";
import type { Excusable, Excuses } from "./excuses.ts";
import { formatTime, type Report } from "./finding.ts";
import { ACK, FIN, lastWord, RST, Segment, SYN } from "./segment.ts";

/** In which a client is answered that asks while nothing is broken: a SYN may wait for a MAC, and be repeated once. */
export const ANSWERED_WITHIN_US = 1_500_000;

/** Two answers of a cluster that is split are forgiven if an agent says so within this time after they have met again. */
const ALARMED_WITHIN_US = 30_000_000;

/** A connection, from its SYN on. */
class Talk implements Excusable {
  readonly name: string;
  readonly client: string;
  readonly base: string | undefined;
  readonly initial: number;
  owner: string | undefined;
  excuse: string | undefined;
  /** SYNs sent so far. */
  copies = 0;
  /** Backends to which a SYN has come that they have not answered yet: which one, and when. */
  readonly heard = new Map<string, { readonly copy: number; readonly atUs: number }>();
  /** Those that have answered one, and may repeat that by themselves. */
  readonly answerers = new Set<string>();
  /** The SYN that was answered last, and by whom. */
  answeredCopy = 0;
  answeredBy: string | undefined;
  /** The client has an answer. */
  isEstablished = false;
  /** Somebody has ended it. */
  isOver = false;
  /** Up to where the client knows that its octets have come. */
  acknowledged: number;

  constructor(name: string, client: string, base: string | undefined, initial: number) {
    this.name = name;
    this.client = client;
    this.base = base;
    this.initial = initial;
    this.acknowledged = initial;
  }
}

/** Something that must have been answered by then. */
interface Awaited {
  readonly sentUs: number;
  readonly talk: Talk;
  /** Octets up to here; undefined: its SYN. */
  readonly end: number | undefined;
}

type Role = "from client" | "to client" | "from backend" | "to backend";

interface Client {
  readonly name: string;
  readonly index: number;
  readonly address: string;
}

interface Target {
  readonly index: number;
  readonly map: ClusterMap;
}

export class Connections {
  /** All that were begun, and those that a fault has cut. */
  readonly counts = { begun: 0, answered: 0, cut: 0, excused: 0 };
  readonly #segment = new Segment();
  readonly #roles = new Map<Lane, Role | undefined>();
  readonly #kinds: ReadonlyMap<string, string>;
  /** By the last word of their addresses. */
  readonly #clients = new Map<number, Client>();
  readonly #targets = new Map<number, Target>();
  readonly #talks = new Map<number, Talk>();
  readonly #awaited: Awaited[] = [];
  readonly #calm: Calm;
  readonly #excuses: Excuses;
  readonly #report: Report;
  readonly #nowUs: () => number;
  /** Two backends have answered while links between agents were bad. */
  #doubled: { readonly what: string; untilUs: number } | undefined;

  constructor(
    scene: Scene,
    calm: Calm,
    excuses: Excuses,
    nowUs: () => number,
    report: Report,
  ) {
    this.#calm = calm;
    this.#excuses = excuses;
    this.#nowUs = nowUs;
    this.#report = report;
    this.#kinds = new Map(Object.entries(scene.nodes).map(([name, { kind }]) => [name, kind]));
    let index = 0;
    for (const [name, node] of Object.entries(scene.nodes)) {
      if (node.kind !== "client") continue;
      for (const written of node.addresses) {
        const address = written.split("/")[0]!;
        this.#clients.set(lastWord(octetsOf(address)), { name, index: index++, address });
      }
    }
    index = 0;
    const file = Object.keys(scene.files).find((name) => name.endsWith(".yaml"))!;
    for (const cluster of new Texts(scene.files).config(file, "sim").clusters) {
      const map = new ClusterMap(cluster);
      for (const address of cluster.addresses) {
        this.#targets.set(lastWord(octetsOf(address)), { index: index++, map });
      }
    }
  }

  /** Those that are not over. */
  *open(): Generator<Excusable> {
    for (const talk of this.#talks.values()) if (!talk.isOver) yield talk;
  }

  sent(lane: Lane, octets: Uint8Array, length: number): void {
    const role = this.#role(lane);
    if (role === "from client") this.#sentByClient(octets, length);
    else if (role === "from backend") this.#sentByBackend(lane.from.node, octets, length);
  }

  arrived(lane: Lane, octets: Uint8Array, length: number): void {
    const role = this.#role(lane);
    if (role === "to backend") this.#cameToBackend(lane.to.node, octets, length);
    else if (role === "to client") this.#cameToClient(octets, length);
  }

  /** An agent says that a split is over, or none will ever. */
  splitForgotten(): void {
    this.#doubled = undefined;
  }

  /** Time has passed. */
  tick(): void {
    const nowUs = this.#nowUs();
    while (this.#awaited.length > 0 && this.#awaited[0]!.sentUs + ANSWERED_WITHIN_US <= nowUs) {
      this.#judge(this.#awaited.shift()!);
    }
    if (this.#doubled === undefined) return;
    // They have not met again yet.
    if (this.#excuses.mayBeSplit(nowUs)) this.#doubled.untilUs = nowUs + ALARMED_WITHIN_US;
    else if (this.#doubled.untilUs <= nowUs) {
      this.#report("one answer", `${this.#doubled.what}, and no agent has said that there was a split`);
    }
  }

  #role(lane: Lane): Role | undefined {
    if (this.#roles.has(lane)) return this.#roles.get(lane);
    const [from, to] = [this.#kinds.get(lane.from.node), this.#kinds.get(lane.to.node)];
    const role = from === "client"
      ? "from client"
      : to === "client"
      ? "to client"
      : from === "backend"
      ? "from backend"
      : to === "backend"
      ? "to backend"
      : undefined;
    this.#roles.set(lane, role);
    return role;
  }

  #talk(client: number, port: number, target: number): Talk | undefined {
    return this.#talks.get(this.#key(client, port, target));
  }

  /** -1 where it is no client's connection to a cluster. */
  #key(client: number, port: number, target: number): number {
    const from = this.#clients.get(client);
    const to = this.#targets.get(target);
    return from === undefined || to === undefined ? -1 : (from.index * 256 + to.index) * 65_536 + port;
  }

  #sentByClient(octets: Uint8Array, length: number): void {
    const segment = this.#segment;
    if (!segment.read(octets, length)) return;
    const { src, srcPort, dst, flags, sequence } = segment;
    const key = this.#key(src, srcPort, dst);
    if (key < 0) return;
    if ((flags & (SYN | ACK)) === SYN) return this.#began(key, src, dst, sequence);
    const talk = this.#talks.get(key);
    if (talk === undefined) return;
    const end = (sequence + segment.length + ((flags & FIN) === 0 ? 0 : 1)) | 0;
    // What comes behind octets that were lost is answered when those are.
    const isNext = sequence === talk.acknowledged;
    if (talk.isEstablished && !talk.isOver && isNext && (flags & RST) === 0 && ((end - sequence) | 0) > 0) {
      this.#awaited.push({ sentUs: this.#nowUs(), talk, end });
    }
    if ((flags & (FIN | RST)) !== 0) talk.isOver = true;
  }

  #began(key: number, src: number, dst: number, initial: number): void {
    let talk = this.#talks.get(key);
    if (talk === undefined || talk.initial !== initial) {
      const { name, address } = this.#clients.get(src)!;
      const base = this.#targets.get(dst)!.map.place(address).backend?.name;
      talk = new Talk(`${name}, port ${this.#segment.srcPort}`, name, base, initial);
      this.#talks.set(key, talk);
      this.counts.begun++;
    }
    talk.copies++;
    this.#awaited.push({ sentUs: this.#nowUs(), talk, end: undefined });
  }

  #cameToBackend(backend: string, octets: Uint8Array, length: number): void {
    const segment = this.#segment;
    if (!segment.read(octets, length) || (segment.flags & (SYN | ACK)) !== SYN) return;
    const talk = this.#talk(segment.src, segment.srcPort, segment.dst);
    if (talk?.initial === segment.sequence) {
      talk.heard.set(backend, { copy: talk.copies, atUs: this.#nowUs() });
    }
  }

  #sentByBackend(backend: string, octets: Uint8Array, length: number): void {
    const segment = this.#segment;
    if (!segment.read(octets, length)) return;
    const talk = this.#talk(segment.dst, segment.dstPort, segment.src);
    if (talk === undefined) return;
    const { flags } = segment;
    if ((flags & (SYN | ACK)) === (SYN | ACK)) this.#answered(talk, backend);
    else if ((flags & RST) !== 0) this.#reset(talk, backend);
    else if ((flags & FIN) !== 0) talk.isOver = true;
  }

  #answered(talk: Talk, backend: string): void {
    const heard = talk.heard.get(backend);
    // It repeats an answer, which no SYN has asked for: the last one may not have been for it.
    if (heard === undefined || (talk.answerers.has(backend) && heard.atUs !== this.#nowUs())) return;
    const { copy } = heard;
    talk.heard.delete(backend);
    talk.answerers.add(backend);
    if (talk.answeredBy !== undefined && talk.answeredBy !== backend) {
      if (talk.answeredCopy === copy && !this.#excuses.mayHold(this.#nowUs())) {
        this.#answeredTwice(talk, backend);
      }
      // The first answer was lost, or late: whichever the client believes, the other one knows nothing of it.
      talk.excuse ??= "its SYN was repeated, and answered by another one";
    }
    talk.answeredCopy = copy;
    talk.answeredBy = backend;
    if (talk.isEstablished) return;
    talk.owner = backend;
    this.#excuses.began(talk, this.#nowUs());
  }

  #answeredTwice(talk: Talk, backend: string): void {
    const nowUs = this.#nowUs();
    const what = `${talk.answeredBy} and ${backend} have both answered ${talk.name} at ${formatTime(nowUs)}`;
    if (this.#excuses.mayBeSplit(nowUs)) this.#doubled ??= { what, untilUs: nowUs + ALARMED_WITHIN_US };
    else this.#report("one answer", what);
  }

  #reset(talk: Talk, backend: string): void {
    if (talk.owner === undefined || talk.isOver) return;
    talk.isOver = true;
    this.counts.cut++;
    if (talk.excuse !== undefined) {
      this.counts.excused++;
      return;
    }
    const whose = backend === talk.owner ? "which had it" : `and ${talk.owner} has it`;
    this.#report("kept connections", `${backend} has reset the connection of ${talk.name}, ${whose}`);
  }

  #cameToClient(octets: Uint8Array, length: number): void {
    const segment = this.#segment;
    if (!segment.read(octets, length)) return;
    const talk = this.#talk(segment.dst, segment.dstPort, segment.src);
    if (talk === undefined || (segment.flags & ACK) === 0) return;
    if ((segment.flags & SYN) !== 0 && !talk.isEstablished) {
      talk.isEstablished = true;
      this.counts.answered++;
    }
    if ((segment.flags & RST) !== 0) return;
    if (((segment.acknowledgment - talk.acknowledged) | 0) > 0) talk.acknowledged = segment.acknowledgment;
  }

  #judge({ sentUs, talk, end }: Awaited): void {
    if (!this.#calm.isCalm(sentUs, sentUs + ANSWERED_WITHIN_US)) return;
    const isAnswered = end === undefined
      ? talk.isEstablished
      : talk.excuse !== undefined || ((talk.acknowledged - end) | 0) >= 0;
    if (isAnswered) return;
    const what = end === undefined ? "a SYN" : "a segment";
    const whose = talk.owner === undefined ? "" : `, whose connection is at ${talk.owner}`;
    this.#report("served", `${what} of ${talk.name} at ${formatTime(sentUs)} was not answered${whose}`);
  }
}

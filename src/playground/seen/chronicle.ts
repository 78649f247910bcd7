/** All that was seen of a world from its beginning: frames on links, verdicts, what machines have written, and what was refused. */

import { createHash } from "node:crypto";
import { FATES } from "../../impairment/decision.ts";
import { isDropped, NAMES } from "../../path/verdict.ts";
import { packetOf } from "../../observe/packet.ts";
import type { Action } from "../../sim/action.ts";
import type { Lane } from "../../sim/net/lane.ts";
import { formatMac } from "../../wire/address.ts";
import { formatEndpoint } from "../../wire/endpoint.ts";
import * as ethernet from "../../wire/ethernet.ts";
import { ACK, SYN } from "../../wire/tcp.ts";
import type { LogRecord, World } from "../../sim/world.ts";
import { OverTime } from "./over_time.ts";
import { type Crossing, Recording } from "./recording.ts";

/** What was said that is kept. */
const MOST = 200;
/** Connections whose backend is remembered. */
const MOST_ACCEPTED = 4096;

const SYN_ACK = SYN | ACK;

const ECHOES = { answered: "answered by", error: "an error came from" };

/** What is counted over time, besides the answers of each backend. */
export const DROPPED = "dropped by the dispatcher";
export const LOST = "lost on links";

export interface Said {
  readonly atUs: number;
  readonly text: string;
  readonly node: string;
  /** As pino has it. */
  readonly level: number;
}

export class Chronicle {
  readonly recording = new Recording();
  /** The latest first. */
  readonly said: Said[] = [];
  /** Answers to clients, by backend; and what was dropped. */
  readonly overTime = new OverTime();
  /** Frames so far that went to or came from each machine. */
  readonly #traffic = new Map<string, number>();
  /** The dispatchers' configuration, where somebody has given them another one than the scene has. */
  config: string | undefined;
  /** Clients that ask again and again. */
  readonly asking = new Set<string>();
  /** Ports of servers that are closed, as `web1:80`. */
  readonly closed = new Set<string>();
  /** Which backend has accepted a connection, by its client's address and port. */
  readonly acceptedBy = new Map<string, string>();
  /** Grows with whatever is seen. */
  version = 0;
  /** Of each dispatcher: frames that came and are not judged yet, the oldest first. */
  readonly #waiting = new Map<string, (Crossing | undefined)[]>();
  readonly #onLane = new Map<Lane, Map<number, Crossing>>();
  readonly #heard: ((record: LogRecord) => void)[] = [];
  readonly #looked = {
    sent: [] as ((crossing: Crossing) => void)[],
    arrived: [] as ((crossing: Crossing) => void)[],
  };
  readonly #backends = new Set<string>();
  /** Their addresses. */
  readonly #clients = new Set<string>();
  readonly #linkNames: ReadonlyMap<Lane, string>;

  constructor(world: World) {
    this.#linkNames = new Map(
      [...world.links].flatMap(([name, { lanes }]) => lanes.map((lane) => [lane, name])),
    );
    for (const [name, node] of Object.entries(world.scene.nodes)) {
      if (node.kind === "dispatcher") this.#waiting.set(name, []);
      if (node.kind === "backend") this.#backends.add(name);
      if (node.kind !== "client") continue;
      for (const address of node.addresses) this.#clients.add(address.split("/")[0]!);
    }
    world.watch({
      sent: (lane, number, octets, length) => this.#sent(world.nowUs, lane, number, octets, length),
      arrived: (lane, number) => this.#arrived(world.nowUs, lane, number),
      judged: (node, octets, verdict, sent) => this.#judged(world.nowUs, node, octets, verdict, sent),
      logged: (record) => {
        for (const hear of this.#heard) hear(record);
        const { atUs, node, level } = record;
        this.#say({ atUs, node, level, text: textOf(record) });
      },
      acted: (action) => this.#acted(action),
      echo: ({ atUs, client, kind, what, by }) =>
        this.#say({ atUs, node: client, text: `${kind}: ${ECHOES[what]} ${by}`, level: 30 }),
      refused: (action, why, atUs) =>
        this.#say({ atUs, text: `${action.do}: ${why.message}`, node: "", level: 40 }),
    });
  }

  /** How many frames each machine has had, as a word: another course of things has another one. */
  get outcome(): string {
    const sorted = [...this.#traffic].sort(([one], [other]) => one < other ? -1 : 1);
    return createHash("sha256").update(JSON.stringify(sorted)).digest("hex").slice(0, 12);
  }

  /** Each record as it comes, with all that is in it. */
  hear(call: (record: LogRecord) => void): void {
    this.#heard.push(call);
  }

  /** Each frame as it is sent, or as it arrives: then it has been on its link, and a dispatcher at the end is about to judge it. */
  look(what: "sent" | "arrived", call: (crossing: Crossing) => void): void {
    this.#looked[what].push(call);
  }

  #say(said: Said): void {
    this.version++;
    this.said.unshift(said);
    if (this.said.length > MOST) this.said.length = MOST;
  }

  #acted(action: Action): void {
    if (action.do === "reload" && action.config !== undefined) this.config = action.config;
    else if (action.do === "ask") {
      if (action.everyMs > 0) this.asking.add(action.client);
      else this.asking.delete(action.client);
    } else if (action.do === "server") {
      const name = `${action.node}:${action.port}`;
      if (action.isOpen) this.closed.delete(name);
      else this.closed.add(name);
    } else if (action.do === "heal") {
      for (const name of this.closed) if (name.startsWith(`${action.node}:`)) this.closed.delete(name);
    } else if (action.do === "kill") this.asking.delete(action.node);
  }

  /** A connection that a backend takes, and whatever else it answers to a client. */
  #answered(crossing: Crossing): void {
    const packet = packetOf(crossing.octets);
    if (packet === undefined) return;
    const isTaken = packet.kind === "tcp" && (packet.flags & SYN_ACK) === SYN_ACK;
    if (this.#clients.has(packet.dst) && (isTaken || packet.kind === "udp" || packet.kind === "icmp")) {
      this.overTime.count(crossing.from, crossing.sentUs);
    }
    if (!isTaken) return;
    this.acceptedBy.set(formatEndpoint({ address: packet.dst, port: packet.dstPort }), crossing.from);
    if (this.acceptedBy.size > MOST_ACCEPTED) this.acceptedBy.delete(this.acceptedBy.keys().next().value!);
  }

  #sent(atUs: number, lane: Lane, number: number, octets: Uint8Array, length: number): void {
    this.version++;
    const fate = FATES[lane.decision.fate]!;
    const crossing = this.recording.add({
      link: this.#linkNames.get(lane) ?? "",
      from: lane.from.node,
      to: lane.to.node,
      sentUs: atUs,
      arrivesUs: lane.arrivesUs,
      usualUs: lane.settings.delayUs,
      fate,
      length,
    }, octets);
    if (this.#backends.has(crossing.from)) this.#answered(crossing);
    for (const call of this.#looked.sent) call(crossing);
    if (fate !== "passed") return this.overTime.count(LOST, atUs);
    this.#count(crossing.from);
    const onLane = this.#onLane.get(lane) ?? new Map<number, Crossing>();
    this.#onLane.set(lane, onLane.set(number, crossing));
  }

  #arrived(atUs: number, lane: Lane, number: number): void {
    const onLane = this.#onLane.get(lane);
    const crossing = onLane?.get(number);
    onLane?.delete(number);
    if (crossing !== undefined) {
      this.recording.arrived(crossing, atUs);
      this.#count(crossing.to);
      for (const call of this.#looked.arrived) call(crossing);
    }
    this.#waiting.get(lane.to.node)?.push(crossing);
  }

  /** Those that came before and were not judged had no room in a queue. */
  #judged(
    atUs: number,
    node: string,
    octets: Uint8Array,
    verdict: number,
    sent: Uint8Array | undefined,
  ): void {
    const waiting = this.#waiting.get(node) ?? [];
    const index = waiting.findIndex((crossing) => crossing !== undefined && isSame(crossing.octets, octets));
    const [crossing] = waiting.splice(0, index + 1).slice(-1);
    if (crossing === undefined) return;
    crossing.verdict = NAMES[verdict];
    if (isDropped(verdict)) this.overTime.count(DROPPED, atUs);
    if (sent !== undefined) crossing.onward = macOf(sent);
  }

  #count(node: string): void {
    this.#traffic.set(node, (this.#traffic.get(node) ?? 0) + 1);
  }
}

/** What it says, of whom, and why. */
function textOf({ msg, backend, address, reason }: LogRecord): string {
  const about = [backend ?? address, reason].filter((one) => typeof one === "string");
  return about.length === 0 ? msg : `${msg}: ${about.join(", ")}`;
}

/** Of whoever is to get the frame. */
function macOf(octets: Uint8Array): string {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  return formatMac(ethernet.dstHigh(view, 0), ethernet.dstLow(view, 0));
}

/** As far as it is kept. */
function isSame(kept: Uint8Array, octets: Uint8Array): boolean {
  return kept.length <= octets.length && kept.every((octet, at) => octet === octets[at]);
}

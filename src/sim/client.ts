/** What clients do on a host: connections that they keep, requests, datagrams and echo requests; and what came of each. */

import { UsageError } from "../input/errors.ts";
import type { Timer } from "../system/clock.ts";
import { every } from "../system/every.ts";
import { isIpv6 } from "../wire/address.ts";
import type { Host } from "./net/host.ts";
import type { ConnectionState, HostConnection } from "./net/host_connection.ts";
import { answers, nameIn, request, USUAL_OCTETS } from "./server.ts";

/** Where something goes. `from`: undefined for the first address of the family. */
export interface Way {
  readonly from: string | undefined;
  readonly to: string;
  readonly port: number;
}

/** A connection, as its client sees it. */
export interface ClientConnection {
  readonly name: string;
  readonly from: string;
  readonly fromPort: number;
  readonly to: string;
  readonly port: number;
  readonly state: ConnectionState;
  /** The name of the server that has answered last; undefined before. */
  readonly by: string | undefined;
  readonly asked: number;
  readonly answered: number;
}

/** What has become of a connection, or of a request over it. */
export interface ConnectionEvent extends Omit<ClientConnection, "state" | "asked" | "answered"> {
  readonly atUs: number;
  readonly client: string;
  readonly what: "connecting" | "established" | "answered" | Exclude<ConnectionState, "connecting" | "open">;
}

/** What has become of an echo request or a datagram. Nothing is told of one that nobody answers. */
export interface EchoEvent {
  readonly atUs: number;
  readonly client: string;
  readonly kind: "ping" | "datagram";
  readonly to: string;
  readonly what: "answered" | "error";
  /** The server that has answered a datagram; the address that has answered an echo request, or from which the error is. */
  readonly by: string;
}

/** Whom a client tells. */
export interface ClientEvents {
  connection(event: ConnectionEvent): void;
  echo(event: EchoEvent): void;
}

/** An answer that has not come within this time never will: a connection that waits for one is reset, a datagram's port is closed. */
const ANSWER_MS = 30_000;
/** Ports from which datagrams go. */
const FIRST_DATAGRAM_PORT = 32_768;
const DATAGRAM_PORTS = 28_000;
/** Connections that are over and whose end is still known. */
const MOST_OVER = 1000;

interface Held {
  readonly name: string;
  readonly connection: HostConnection;
  /** It is closed with its first answer. */
  readonly isForOne: boolean;
  by: string | undefined;
  asked: number;
  answered: number;
  /** Until the answer is late. */
  timer: Timer | undefined;
  isLate: boolean;
  /** Of a request, what is held back. */
  rest: Uint8Array | undefined;
}

export class Client {
  readonly #host: Host;
  readonly #events: ClientEvents;
  /** Those that are not over, by their names. */
  readonly #held = new Map<string, Held>();
  readonly #over: ClientConnection[] = [];
  /** Requests again and again, by where they go. */
  readonly #asking = new Map<string, Timer>();
  /** Datagrams that may be answered yet, by their ports here. */
  readonly #datagrams = new Map<number, Timer>();
  /** By which connections are named that nobody has given a name. */
  #number = 0;
  #datagram = 0;
  #turn = 0;
  #connections = 0;
  /** Repeated requests that found no way, or no free port. */
  #unasked = 0;

  constructor(host: Host, events: ClientEvents) {
    this.#host = host;
    this.#events = events;
  }

  /** Those that are not over, and the last ones that are. */
  get connections(): readonly ClientConnection[] {
    return [...this.#over, ...[...this.#held.values()].map((held) => known(held, held.connection.state))];
  }

  /** Throws UsageError when there is one of this name, or no way there. */
  connect(way: Way, name: string = this.#nextName()): void {
    this.#connect(way, name, false);
  }

  /** Throws UsageError when there is no open connection of this name. */
  send(name: string, octets = USUAL_OCTETS, answer = USUAL_OCTETS, heldBack = 0): void {
    const held = this.#open(name);
    const message = request(octets, answer);
    const sent = Math.max(0, message.length - heldBack);
    held.rest = sent < message.length ? message.subarray(sent) : undefined;
    this.#ask(held, message.subarray(0, sent));
  }

  /** It reads nothing any more, until `resume`. */
  pause(name: string): void {
    this.#open(name).connection.pause();
  }

  /** It reads on, and sends what it has held back. */
  resume(name: string): void {
    const held = this.#open(name);
    const { rest } = held;
    held.rest = undefined;
    held.connection.resume();
    if (rest !== undefined) held.connection.write(rest);
  }

  close(name: string): void {
    this.#open(name).connection.end();
  }

  /** Connects, asks, is answered, and closes. */
  request(way: Way, octets = USUAL_OCTETS, answer = USUAL_OCTETS): void {
    this.#connect(way, this.#nextName(), true, request(octets, answer));
  }

  /** Requests again and again, from each address of the host in turn; 0 ends it. */
  ask(way: Way, everyMs: number, answer = USUAL_OCTETS): void {
    const key = `${way.from ?? ""} ${way.to} ${way.port}`;
    this.#asking.get(key)?.cancel();
    this.#asking.delete(key);
    if (everyMs === 0) return;
    const own = this.#addressesFor(way.to);
    this.#asking.set(
      key,
      every(this.#host.clock, everyMs, () => {
        const from = way.from ?? own[this.#turn++ % own.length];
        const connection = this.#host.tcp.connect(way.to, way.port, from);
        // Nobody is there to be told, and the next one may go.
        if (connection === undefined) this.#unasked++;
        else this.#hold(connection, this.#nextName(), true, request(USUAL_OCTETS, answer));
      }),
    );
  }

  /** Throws UsageError when there is no way there, or no port is free. */
  datagram({ from, to, port }: Way, octets = USUAL_OCTETS): void {
    const local = from ?? this.#addressesFor(to)[0];
    const localPort = FIRST_DATAGRAM_PORT + this.#datagram % DATAGRAM_PORTS;
    if (local === undefined || this.#datagrams.has(localPort)) {
      throw new UsageError(`"${this.#host.name}" has no way to ${to}, or no port is free`);
    }
    this.#datagram++;
    const { udp } = this.#host;
    const over = () => {
      this.#datagrams.get(localPort)?.cancel();
      this.#datagrams.delete(localPort);
      udp.stopListening(localPort);
    };
    this.#datagrams.set(localPort, this.#host.clock.after(ANSWER_MS, over));
    const told = (what: EchoEvent["what"], by: string) => {
      over();
      this.#tellEcho("datagram", to, what, by);
    };
    udp.listen(localPort, {
      received: (data) => told("answered", nameIn(data)),
      failed: (error) => told("error", error.from),
    });
    udp.send({ local, localPort, remote: to, remotePort: port }, new Uint8Array(octets));
  }

  ping(way: Omit<Way, "port">, octets?: number, ttl?: number, isWhole?: boolean): void {
    const { from, to } = way;
    const options = {
      ...(from === undefined ? {} : { from }),
      ...(octets === undefined ? {} : { size: octets }),
      ...(ttl === undefined ? {} : { ttl }),
      ...(isWhole === undefined ? {} : { isWhole }),
    };
    const isSent = this.#host.pings.send(to, options, (pong) => {
      this.#tellEcho("ping", to, pong.error === undefined ? "answered" : "error", pong.from);
    });
    if (!isSent) throw new UsageError(`"${this.#host.name}" cannot send that to ${to}: no way, or too long`);
  }

  /** The machine dies, and its programs with it. */
  forget(): void {
    for (const timer of this.#asking.values()) timer.cancel();
    this.#asking.clear();
    for (const [port, timer] of this.#datagrams) {
      timer.cancel();
      this.#host.udp.stopListening(port);
    }
    this.#datagrams.clear();
    for (const held of this.#held.values()) {
      held.timer?.cancel();
      this.#keep(known(held, "aborted"));
    }
    this.#held.clear();
  }

  counters(): Record<string, number> {
    return {
      connections: this.#connections,
      open: this.#held.size,
      datagrams: this.#datagram,
      unasked: this.#unasked,
    };
  }

  #connect({ from, to, port }: Way, name: string, isForOne: boolean, message?: Uint8Array): void {
    if (this.#held.has(name)) {
      throw new UsageError(`"${this.#host.name}" has a connection "${name}" already; close it first`);
    }
    const connection = this.#host.tcp.connect(to, port, from);
    if (connection === undefined) {
      throw new UsageError(`"${this.#host.name}" has no way to ${to}, or no port is free`);
    }
    this.#hold(connection, name, isForOne, message);
  }

  #hold(connection: HostConnection, name: string, isForOne: boolean, message: Uint8Array | undefined): void {
    this.#connections++;
    const held: Held = {
      ...{ name, connection, isForOne, by: undefined, asked: 0, answered: 0 },
      ...{ timer: undefined, isLate: false, rest: undefined },
    };
    this.#held.set(name, held);
    const heard = answers((by) => this.#answered(held, by));
    connection.program = {
      opened: () => {
        this.#tell(held, "established");
        if (message !== undefined) this.#ask(held, message);
      },
      received: (data) => {
        if (!heard.hear(data)) connection.abort();
      },
      ended: () => connection.end(),
      over: () => this.#ended(held),
    };
    this.#tell(held, "connecting");
  }

  #ask(held: Held, message: Uint8Array): void {
    held.asked++;
    held.connection.write(message);
    held.timer?.cancel();
    held.timer = this.#host.clock.after(ANSWER_MS, () => {
      held.isLate = true;
      held.connection.abort();
    });
  }

  #answered(held: Held, by: string): void {
    held.by = by;
    held.answered++;
    if (held.answered === held.asked) held.timer?.cancel();
    this.#tell(held, "answered");
    if (held.isForOne) held.connection.end();
  }

  #ended(held: Held): void {
    held.timer?.cancel();
    this.#held.delete(held.name);
    const state = held.isLate ? "timed-out" : held.connection.state;
    this.#keep(known(held, state));
    this.#tell(held, state as Exclude<ConnectionState, "connecting" | "open">);
  }

  #keep(over: ClientConnection): void {
    this.#over.push(over);
    if (this.#over.length > MOST_OVER) this.#over.shift();
  }

  #open(name: string): Held {
    const held = this.#held.get(name);
    if (held?.connection.state === "open") return held;
    throw new UsageError(`"${this.#host.name}" has no open connection "${name}"`);
  }

  #nextName(): string {
    return String(++this.#number);
  }

  #addressesFor(to: string): string[] {
    return this.#host.ip.interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address))
      .filter((address) => isIpv6(address) === isIpv6(to));
  }

  #tell(held: Held, what: ConnectionEvent["what"]): void {
    const { name, from, fromPort, to, port, by } = known(held, held.connection.state);
    const atUs = this.#host.ip.time.nowUs;
    this.#events.connection({ atUs, client: this.#host.name, what, name, from, fromPort, to, port, by });
  }

  #tellEcho(kind: EchoEvent["kind"], to: string, what: EchoEvent["what"], by: string): void {
    this.#events.echo({ atUs: this.#host.ip.time.nowUs, client: this.#host.name, kind, to, what, by });
  }
}

function known(
  { name, connection: { ends }, by, asked, answered }: Held,
  state: ConnectionState,
): ClientConnection {
  const { local: from, localPort: fromPort, remote: to, remotePort: port } = ends;
  return { name, from, fromPort, to, port, state, by, asked, answered };
}

/**
 * The servers of a world, and what clients say to them. By TCP each request says how long its answer is to be, and each answer who gives it:
 *
 *     0         4         8                              0         4
 *     +---------+---------+------------                  +---------+------+---+-----------
 *     | octets  | wanted  | nothing ...                  | octets  | name | 0 | nothing ...
 *     +---------+---------+------------                  +---------+------+---+-----------
 *
 * By UDP whatever comes is answered by as many octets, which begin with the name and a 0.
 */

import type { SceneServer } from "./scene.ts";
import type { Host } from "./net/host.ts";
import type { HostConnection, Program } from "./net/host_connection.ts";

/** What is served where nothing else is said: by backends, and by clusters that name no ports. */
export const USUAL_SERVERS: readonly SceneServer[] = [{ protocol: "tcp", port: 80 }, {
  protocol: "udp",
  port: 80,
}];

const LENGTH = 4;
/** A request's header; an answer is as long at least. */
const LEAST = 8;
/** Of a request or an answer of which nothing else is said, all in all. */
export const USUAL_OCTETS = 64;
/** The most that one request may have, or its answer. */
export const MOST_OCTETS = 2 ** 24;

const NOTHING = new Uint8Array(MOST_OCTETS);

/** Serves a port by TCP. */
export function serveTcp(host: Host, port: number): void {
  host.tcp.listen(port, (connection) => server(host.name, connection));
}

/** Serves a port by UDP. */
export function serveUdp(host: Host, port: number): void {
  host.udp.listen(port, {
    received: (data, ends) => {
      const name = nameOf(host.name);
      const answer = new Uint8Array(Math.max(data.length, name.length));
      answer.set(name);
      host.udp.send(ends, answer);
    },
  });
}

function server(name: string, connection: HostConnection): Program {
  const messages = new Messages((header) => {
    const text = nameOf(name);
    const head = new Uint8Array(Math.max(LEAST, LENGTH + text.length));
    const length = Math.min(MOST_OCTETS, Math.max(head.length, header.getUint32(LENGTH)));
    new DataView(head.buffer).setUint32(0, length);
    head.set(text, LENGTH);
    connection.write(head);
    if (length > head.length) connection.write(NOTHING.subarray(0, length - head.length));
  });
  return {
    received: (data) => {
      if (!messages.hear(data)) connection.abort();
    },
    ended: () => connection.end(),
  };
}

/** A request of so many octets, which asks for so many; both are at least a header's. */
export function request(octets: number, wanted: number): Uint8Array {
  const message = NOTHING.slice(0, Math.max(LEAST, octets));
  const view = new DataView(message.buffer);
  view.setUint32(0, message.length);
  view.setUint32(LENGTH, wanted);
  return message;
}

/** Reads the answers on a connection. `answered`: by whom. False of `hear`: it is none. */
export function answers(answered: (by: string) => void): Messages {
  return new Messages((beginning) => answered(nameIn(new Uint8Array(beginning.buffer, LENGTH))));
}

/** Whose answer a datagram is. */
export function nameIn(octets: Uint8Array): string {
  const end = octets.indexOf(0);
  return new TextDecoder().decode(octets.subarray(0, end < 0 ? octets.length : end));
}

function nameOf(name: string): Uint8Array {
  return new TextEncoder().encode(`${name}\0`);
}

/** The longest name, with its length before and its 0 behind: node names are that short. */
const KEPT = 256;

/** Messages on a stream, each of which begins with its length. Of each the beginning is kept, until it is whole. */
export class Messages {
  readonly #whole: (beginning: DataView) => void;
  #kept = new Uint8Array(KEPT);
  #length = 0;

  constructor(whole: (beginning: DataView) => void) {
    this.#whole = whole;
  }

  /** False when that is no message. */
  hear(data: Uint8Array): boolean {
    for (let at = 0; at < data.length;) {
      const isKnown = this.#length >= LENGTH;
      const wanted = isKnown ? this.#wanted : LENGTH;
      if (isKnown && (wanted > MOST_OCTETS || wanted < LEAST)) return false;
      const taken = Math.min(data.length - at, wanted - this.#length);
      const kept = Math.max(0, Math.min(taken, KEPT - this.#length));
      if (kept > 0) this.#kept.set(data.subarray(at, at + kept), this.#length);
      this.#length += taken;
      at += taken;
      if (this.#length < LENGTH || this.#length < this.#wanted) continue;
      const beginning = this.#kept.slice(0, Math.min(KEPT, this.#length));
      this.#length = 0;
      this.#whole(new DataView(beginning.buffer));
    }
    return true;
  }

  get #wanted(): number {
    return new DataView(this.#kept.buffer).getUint32(0);
  }
}

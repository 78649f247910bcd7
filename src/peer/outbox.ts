/** What leaves for the other one of a pair: in small lots, so that it crowds nothing out of the queue there. */

import type { Clock, Timer } from "../system/clock.ts";
import type { PeerCodec, Said } from "./message.ts";

/** Datagrams that leave in one go, and the time between two goes. */
const LOT = 32;
const LOT_MS = 2;
/** Datagrams that may wait. */
const MOST_WAITING = 8192;

export class Outbox {
  readonly #codec: PeerCodec;
  readonly #clock: Clock;
  readonly #send: (datagram: Uint8Array) => void;
  readonly #waiting: Uint8Array[] = [];
  /** Until the next lot. */
  #timer: Timer | undefined;
  /** So many datagrams may leave until then. */
  #left = LOT;

  constructor(codec: PeerCodec, clock: Clock, send: (datagram: Uint8Array) => void) {
    this.#codec = codec;
    this.#clock = clock;
    this.#send = send;
  }

  /** What may leave now does so before this returns. False when there is no room, and nothing will leave. */
  say(said: Said, octets?: Uint8Array): boolean {
    const datagrams = this.#codec.encode(said, octets);
    if (this.#waiting.length + datagrams.length > MOST_WAITING) return false;
    this.#waiting.push(...datagrams);
    this.#leave();
    return true;
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #leave(): void {
    const lot = this.#waiting.splice(0, this.#left);
    this.#left -= lot.length;
    for (const datagram of lot) this.#send(datagram);
    if (this.#left === LOT) return;
    this.#timer ??= this.#clock.after(LOT_MS, () => {
      this.#timer = undefined;
      this.#left = LOT;
      this.#leave();
    });
  }
}

/**
 * Frames that come from the link with our own MAC as their source. The path drops them and counts them together with those from a
 * group, which nobody sends by mistake. All that they say is our own words, so the count is what gives away a dispatcher with the same
 * configuration, and a link that loops.
 */

import type { Logger } from "pino";
import type { Clock, Timer } from "../system/clock.ts";
import { every } from "../system/every.ts";
import { formatMac, type Mac } from "../wire/address.ts";

const LOOK_MS = 10_000;
/** A twin announces its addresses each minute. When none has come for so long it is gone, and another one is news. */
const FORGET_MS = 600_000;

export class OwnMacWatch {
  readonly #mac: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #count: () => number;
  #seen = 0;
  #seenMs = -Infinity;
  #timer: Timer | undefined;

  /** `count` gives how many such frames have come so far. */
  constructor({ high, low }: Mac, clock: Clock, log: Logger, count: () => number) {
    this.#mac = formatMac(high, low);
    this.#clock = clock;
    this.#log = log;
    this.#count = count;
  }

  start(): void {
    this.#timer = every(this.#clock, LOOK_MS, () => this.#look());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #look(): void {
    const frames = this.#count() - this.#seen;
    if (frames === 0) return;
    const nowMs = this.#clock.now();
    const isKnown = nowMs - this.#seenMs < FORGET_MS;
    this.#seen += frames;
    this.#seenMs = nowMs;
    if (isKnown) return;
    this.#log.error({
      mac: this.#mac,
      frames,
      remedy: "stop the other dispatcher, or give it another dispatcher.mac and dispatcher.addresses; " +
        "if there is none, look for a loop between switches or bridges",
    }, "frames come from the link with our own MAC: another dispatcher has it, or the link has a loop");
  }
}

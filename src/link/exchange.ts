/**
 * Questions to other machines, each known by a key: sent again and again until the answer comes, or until it is clear that none
 * will.
 *
 *     0 ms      250       500       750       1000
 *     ask       ask       ask       ask       silence
 */

import type { Clock, Timer } from "../system/clock.ts";

const ASKS = 4;
const AGAIN_MS = 250;

export interface ExchangeEvents {
  /** Sends a frame of our own. */
  send(frame: Uint8Array<ArrayBuffer>): void;
  /** Called before time decides anything, so that an answer that waits to be read is not too late. */
  catchUp(): void;
}

interface Question<T> {
  readonly resolve: (answer: T | undefined) => void;
  timer: Timer | undefined;
}

export class Exchange<T> {
  readonly #events: ExchangeEvents;
  readonly #clock: Clock;
  readonly #open = new Map<string | number, Question<T>>();
  #stopped = false;

  constructor(events: ExchangeEvents, clock: Clock) {
    this.#events = events;
    this.#clock = clock;
  }

  /** The answer to what the frames ask; undefined when there is none. One question at a time has the same key. */
  ask(key: string | number, ...frames: readonly Uint8Array<ArrayBuffer>[]): Promise<T | undefined> {
    if (this.#stopped) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    const question: Question<T> = { resolve, timer: undefined };
    this.#open.set(key, question);
    let asked = 0;
    const turn = () => {
      if (asked > 0) this.#events.catchUp();
      if (this.#open.get(key) !== question) return;
      if (asked++ === ASKS) return this.answer(key, undefined);
      question.timer = this.#clock.after(AGAIN_MS, turn);
      for (const frame of frames) this.#events.send(frame);
    };
    turn();
    return promise;
  }

  /** An answer came. Nobody may have asked. */
  answer(key: string | number, answer: T | undefined): void {
    const question = this.#open.get(key);
    if (question === undefined) return;
    this.#open.delete(key);
    question.timer?.cancel();
    question.resolve(answer);
  }

  /** Whatever is open is answered by silence, at once. */
  stop(): void {
    this.#stopped = true;
    for (const key of [...this.#open.keys()]) this.answer(key, undefined);
  }
}

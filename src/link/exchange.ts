/**
 * Questions to other machines, each known by a key: sent again and again until the answer comes, or until it is clear that none
 * will.
 *
 *     0 ms      250       500       750       1000
 *     ask       ask       ask       ask       silence
 *
 * The path lets only so many answers a second through to the control plane (path/limits.ts), and they share a ring with others.
 * So only so many questions are open at one time, and half as many begin in a second; the others wait for their turn.
 */

import { HEARD_ANSWERS, HEARD_BURST } from "../path/limits.ts";
import type { Clock, Timer } from "../system/clock.ts";
import { TokenBucket } from "../table/token_bucket.ts";

const ASKS = 4;
const AGAIN_MS = 250;

const MOST_OPEN = HEARD_BURST;
const PER_SECOND = HEARD_ANSWERS / 2;
const AT_ONCE = HEARD_BURST / 2;
/** Between two looks whether more may begin. */
const TURN_MS = 10;

export interface ExchangeEvents {
  /** Sends a frame of our own. */
  send(frame: Uint8Array<ArrayBuffer>): void;
  /** Called before time decides anything, so that an answer that waits to be read is not too late. */
  catchUp(): void;
}

interface Question<T> {
  readonly key: string | number;
  readonly frames: readonly Uint8Array<ArrayBuffer>[];
  readonly resolve: (answer: T | undefined) => void;
  asked: number;
  timer: Timer | undefined;
}

export class Exchange<T> {
  readonly #events: ExchangeEvents;
  readonly #clock: Clock;
  readonly #pace = new TokenBucket(PER_SECOND, AT_ONCE);
  /** Those whose turn has not come yet, in order. */
  readonly #waiting: Question<T>[] = [];
  readonly #open = new Map<string | number, Question<T>>();
  #turn: Timer | undefined;
  #stopped = false;

  constructor(events: ExchangeEvents, clock: Clock) {
    this.#events = events;
    this.#clock = clock;
  }

  /**
   * The answer to what the frames ask; undefined when there is none. One question at a time has the same key: when another one
   * begins, silence is the answer to the older one.
   */
  ask(key: string | number, ...frames: readonly Uint8Array<ArrayBuffer>[]): Promise<T | undefined> {
    if (this.#stopped) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    this.#waiting.push({ key, frames, resolve, asked: 0, timer: undefined });
    this.#begin();
    return promise;
  }

  /** An answer came. Nobody may have asked. */
  answer(key: string | number, answer: T | undefined): void {
    this.#end(key, answer);
    this.#begin();
  }

  /** Whatever is open or waits is answered by silence, at once. */
  stop(): void {
    this.#stopped = true;
    this.#turn?.cancel();
    for (const { resolve } of this.#waiting.splice(0)) resolve(undefined);
    for (const key of [...this.#open.keys()]) this.#end(key, undefined);
  }

  /** Begins those whose turn it is. */
  #begin(): void {
    while (this.#waiting.length > 0 && this.#open.size < MOST_OPEN) {
      if (!this.#pace.take(this.#clock.now() | 0)) {
        this.#turn ??= this.#clock.after(TURN_MS, () => {
          this.#turn = undefined;
          this.#begin();
        });
        return;
      }
      const question = this.#waiting.shift()!;
      this.#end(question.key, undefined);
      this.#open.set(question.key, question);
      this.#ask(question);
    }
  }

  #ask(question: Question<T>): void {
    const { key, frames } = question;
    if (question.asked > 0) this.#events.catchUp();
    if (this.#open.get(key) !== question) return;
    if (question.asked++ === ASKS) return this.answer(key, undefined);
    question.timer = this.#clock.after(AGAIN_MS, () => this.#ask(question));
    for (const frame of frames) this.#events.send(frame);
  }

  #end(key: string | number, answer: T | undefined): void {
    const question = this.#open.get(key);
    if (question === undefined) return;
    this.#open.delete(key);
    question.timer?.cancel();
    question.resolve(answer);
  }
}

/**
 * Who answers the routers' questions when the dispatcher is gone, and when. A state machine over what is heard on the link and
 * time, pure. A router asks again each second, three times (RFC 4861 section 10; Linux' ARP alike), so there is time to ask
 * whether the dispatcher is there before answering in its place:
 *
 *     router              who has the cluster address?               again
 *     first live backend  ······ who has the dispatcher's address? ·· no answer ·· "all backends"
 *     the others          ······ nothing
 *
 * - While the dispatcher shows itself, by an answer, an announcement or a question of its own, nobody answers in its place.
 * - Of the live backends the first by name answers. When it dies the next one is the first, and still has the questions of the
 *   last second.
 */

import type { LinkQuestion } from "../../link/link_question.ts";

/** Heard this recently, the dispatcher counts as present. */
const PRESENT_MS = 1000;
/** The dispatcher has this long to answer. */
const PATIENCE_MS = 200;
/** Routers repeat a question within this time, so an older one need not be answered. */
const FORGET_MS = 1000;
/** Questions that are open at the same time. Those above are not answered. */
const MOST_QUESTIONS = 64;

/** What is to be sent. */
export interface Turn {
  /** Ask who has the dispatcher's address. */
  readonly mustAsk: boolean;
  /** The questions to answer in the dispatcher's place. */
  readonly answers: readonly LinkQuestion[];
}

const NOTHING: Turn = { mustAsk: false, answers: [] };

export class Fallback {
  /** Whether the routers' last question was answered in the dispatcher's place. */
  isAnswering = false;
  readonly #open = new Map<string, { readonly question: LinkQuestion; readonly atMs: number }>();
  /** When the dispatcher was last heard. */
  #presentMs = -Infinity;
  /** When the dispatcher was asked for; undefined: no question is open. */
  #askedMs: number | undefined;

  /** The dispatcher has shown that it is there. */
  heardDispatcher(nowMs: number): void {
    this.#presentMs = nowMs;
    this.#fallSilent();
    this.#open.clear();
  }

  /** A machine asks for an address that the backends answer for. */
  heardQuestion(question: LinkQuestion, nowMs: number): void {
    if (nowMs - this.#presentMs < PRESENT_MS) return;
    const key = `${question.address} ${question.from}`;
    if (this.#open.has(key) || this.#open.size < MOST_QUESTIONS) {
      this.#open.set(key, { question, atMs: nowMs });
    }
  }

  /** To be called a few times a second, after everything that has come was heard. `isFirst`: of the live backends, by name. */
  turn(nowMs: number, isFirst: boolean): Turn {
    for (const [key, { atMs }] of this.#open) {
      if (nowMs - atMs >= FORGET_MS) this.#open.delete(key);
    }
    if (!isFirst) this.#fallSilent();
    if (!isFirst || this.#open.size === 0) {
      this.#askedMs = undefined;
      return NOTHING;
    }
    if (this.#askedMs === undefined) {
      this.#askedMs = nowMs;
      return { mustAsk: true, answers: [] };
    }
    if (nowMs - this.#askedMs < PATIENCE_MS) return NOTHING;
    const answers = [...this.#open.values()].map(({ question }) => question);
    this.#open.clear();
    this.#askedMs = undefined;
    this.isAnswering = true;
    return { mustAsk: false, answers };
  }

  #fallSilent(): void {
    this.isAnswering = false;
    this.#askedMs = undefined;
  }
}

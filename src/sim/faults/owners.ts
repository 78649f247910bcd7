/** What must hold of backends that choose for themselves: no two of them take one bucket, unless they are split, and then they say so afterwards. */

import type { BucketSet } from "../../filter/rules/bucket_set.ts";
import type { Excuses } from "./excuses.ts";
import { formatTime, type Report } from "./finding.ts";

/** What each backend's kernel lets in now; those without a filter, and those that are dead, are not among them. */
export type Takes = () => ReadonlyMap<string, BucketSet>;

/** Two owners of a cluster that is split are forgiven if an agent says so within this time. */
const ALARMED_WITHIN_US = 60_000_000;
/** So often in a row a bucket without an owner is no accident. */
const MOST_LOOKS_WITHOUT = 3;
/** What they have said may take so long to end. */
const ALARMED_BEFORE_US = 10_000_000;

export class Owners {
  readonly #takes: Takes;
  readonly #excuses: Excuses;
  readonly #nowUs: () => number;
  readonly #report: Report;
  /** The sets never change. */
  #looked: readonly BucketSet[] = [];
  #looksWithout = 0;
  #alarmedUs = -Infinity;
  #split: { readonly what: string; untilUs: number } | undefined;

  constructor(takes: Takes, excuses: Excuses, nowUs: () => number, report: Report) {
    this.#takes = takes;
    this.#excuses = excuses;
    this.#nowUs = nowUs;
    this.#report = report;
  }

  look(): void {
    const nowUs = this.#nowUs();
    const all = [...this.#takes()];
    const isNew = all.length !== this.#looked.length ||
      all.some(([, set], index) => set !== this.#looked[index]);
    this.#looked = all.map(([, set]) => set);
    for (const [index, [one, ones]] of isNew ? all.entries() : []) {
      for (const [other, others] of all.slice(index + 1)) {
        if (ones.size === 0 || others.size === 0) continue;
        const { size } = ones.and(others);
        if (size === 0 || this.#excuses.mayLetGoLate(one, nowUs)) continue;
        if (this.#excuses.mayLetGoLate(other, nowUs)) continue;
        this.#found(`${one} and ${other} both take ${size} buckets at ${formatTime(nowUs)}`);
      }
    }
    if (this.#split === undefined) return;
    // They have not met again yet.
    if (this.#excuses.mayBeSplit(nowUs)) this.#split.untilUs = nowUs + ALARMED_WITHIN_US;
    else if (this.#split.untilUs <= nowUs) {
      this.#report("one owner", `${this.#split.what}, and no agent has said that there was a split`);
    }
  }

  /** Nothing is broken: does each bucket have an owner? One lets go before the other one takes, and a slow kernel takes its time. */
  lookForAll(buckets: number): void {
    const taken = [...this.#takes().values()].reduce((sum, { size }) => sum + size, 0);
    this.#looksWithout = taken === buckets ? 0 : this.#looksWithout + 1;
    if (this.#looksWithout >= MOST_LOOKS_WITHOUT) {
      this.#report("all return", `${taken} of ${buckets} buckets have an owner`);
    }
  }

  /** No agent will ever say that there was a split. */
  splitForgotten(): void {
    this.#split = undefined;
  }

  /** An agent says that a split is over. */
  alarmed(): void {
    this.#split = undefined;
    this.#alarmedUs = this.#nowUs();
  }

  #found(what: string): void {
    const nowUs = this.#nowUs();
    if (!this.#excuses.mayBeSplit(nowUs)) this.#report("one owner", what);
    else if (nowUs - this.#alarmedUs > ALARMED_BEFORE_US) {
      this.#split ??= { what, untilUs: nowUs + ALARMED_WITHIN_US };
    }
  }
}

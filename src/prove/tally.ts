/** What is checked: of each claim how often it was asked, how often it was wrong, and the first time that it was. */

import type { CounterExample } from "./counter_example.ts";

/** The claims, in the order in which they are told. What one of them counts is its `unit`. */
export const CLAIMS = {
  owner: { claim: "each bucket has one owner, who may have it", unit: "buckets" },
  filters: {
    claim: "each bucket is in one filter, its owner's, with no gap and no overlap",
    unit: "buckets",
  },
  shares: { claim: "each share is within its bound", unit: "shares" },
  moves: { claim: "only buckets of the one that goes or comes back move", unit: "pairs" },
  returns: { claim: "the same live set has the same map again", unit: "returns" },
  clients: { claim: "path, explain and filters have the same owner for a client", unit: "answers" },
  kernel: { claim: "the kernel takes by nft what is its backend's, and nothing else", unit: "answers" },
} as const;

export type Claim = keyof typeof CLAIMS;

export class Tally {
  asked = 0;
  wrong = 0;
  first: CounterExample | undefined;

  /** So many were asked, and none was wrong but those that are told. */
  ask(count: number): void {
    this.asked += count;
  }

  /** `example` is called the first time only. */
  fail(example: () => CounterExample): void {
    this.wrong++;
    this.first ??= example();
  }
}

export function newTallies(): Record<Claim, Tally> {
  return {
    owner: new Tally(),
    filters: new Tally(),
    shares: new Tally(),
    moves: new Tally(),
    returns: new Tally(),
    clients: new Tally(),
    kernel: new Tally(),
  };
}

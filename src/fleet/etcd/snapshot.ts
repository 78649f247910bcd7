/** All that a fleet shares, as it was at one moment: read in one transaction, so that whoever reads the same revision has read the same. */

import type { Decision } from "../../cluster/quorum.ts";
import type { Etcd } from "./etcd.ts";
import { decisionIn, type Keys, type Observer, observerIn } from "./keys.ts";

export interface SharedText {
  /** Of etcd, in which it was written. */
  readonly revision: number;
  readonly text: string;
}

export interface Snapshot {
  /** Of etcd as a whole. */
  readonly revision: number;
  /** Undefined: nobody has pushed one. */
  readonly configuration: SharedText | undefined;
  readonly decisions: readonly Decision[];
  readonly observers: readonly Observer[];
  /** Keys whose values are none. */
  readonly nonsense: readonly string[];
}

/** `known`: a configuration of which the text need not be read again. */
export async function readSnapshot(etcd: Etcd, keys: Keys, known: SharedText | undefined): Promise<Snapshot> {
  const { configuration: key } = keys;
  const others = [{ prefix: keys.decisions }, { prefix: keys.dispatchers }];
  const { revision, succeeded, ranges } = await etcd.transact(
    [{ key, revision: known?.revision ?? 0 }],
    others,
    [...others, { range: key }],
  );
  const [decisions = [], dispatchers = [], configurations = []] = ranges;
  const [found] = configurations;
  const observers = dispatchers.map(observerIn);
  const decided = decisions.map(decisionIn);
  return {
    revision,
    configuration: succeeded ? known : found && { revision: found.revision, text: found.value },
    decisions: decided.filter((one) => one !== undefined),
    observers: observers.filter((one) => one !== undefined),
    nonsense: [
      ...decisions.filter((_, index) => decided[index] === undefined),
      ...dispatchers.filter((_, index) => observers[index] === undefined),
    ].map(({ key }) => key),
  };
}

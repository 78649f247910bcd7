/** A watch of etcd that is a bell and nothing else: it rings when something may have changed. It may be silent, or ring too often, without harm. */

import type { Etcd } from "./etcd.ts";
import type { Snapshot } from "./snapshot.ts";

/** So long it may be silent when something has changed; then another one is begun. */
const OWED_MS = 1000;

export class Bell {
  /** That were begun. */
  watches = 0;
  readonly #etcd: Etcd;
  readonly #prefix: string;
  readonly #ring: () => void;
  #watching: AbortController | undefined;
  #hasRung = false;
  /** Since when it owes a ring. */
  #owedMs: number | undefined;

  /** `prefix`: of the keys that it watches. */
  constructor(etcd: Etcd, prefix: string, ring: () => void) {
    this.#etcd = etcd;
    this.#prefix = prefix;
    this.#ring = ring;
  }

  /** Watches from this snapshot on, if it does not yet. `before`: what was read before. */
  from(snapshot: Snapshot, before: Snapshot | undefined, nowMs: number): void {
    if (!this.#hasRung && before !== undefined && isOther(before, snapshot)) this.#owedMs ??= nowMs;
    this.#hasRung = false;
    if (this.#watching !== undefined) {
      if (this.#owedMs === undefined || nowMs - this.#owedMs < OWED_MS) return;
      // It is dead, or behind somebody who keeps what it says.
      this.#watching.abort();
    }
    const watching = new AbortController();
    this.#watching = watching;
    this.#owedMs = undefined;
    this.watches++;
    this.#etcd.watch(this.#prefix, snapshot.revision + 1, () => {
      this.#hasRung = true;
      this.#owedMs = undefined;
      this.#ring();
    }, watching.signal).catch(() => {
      // The next look begins another one.
      if (this.#watching === watching) this.#watching = undefined;
    });
  }

  stop(): void {
    this.#watching?.abort();
  }
}

function isOther(one: Snapshot, other: Snapshot): boolean {
  const contents = ({ configuration, decisions, observers }: Snapshot) =>
    JSON.stringify([configuration?.revision, decisions, observers]);
  return contents(one) !== contents(other);
}

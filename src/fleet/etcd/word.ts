/** What a dispatcher writes down of itself, under a lease: its word counts no longer than it keeps the lease alive. */

import type { Etcd } from "./etcd.ts";
import { type Keys, observerIn } from "./keys.ts";

const LEASE_S = 6;
/** A lease that was kept alive so lately is not kept alive again. */
const KEPT_MS = 1000;

export interface Self {
  readonly name: string;
  readonly mac: string;
}

export class Word {
  readonly #etcd: Etcd;
  readonly #key: string;
  readonly #mac: string;
  #lease: string | undefined;
  /** When it was last kept alive. */
  #keptMs = -Infinity;
  /** What it has put under its lease. */
  #put: string | undefined;
  #isNameTaken = false;

  constructor(etcd: Etcd, keys: Keys, { name, mac }: Self) {
    this.#etcd = etcd;
    this.#key = keys.dispatcher(name);
    this.#mac = mac;
  }

  /** Another dispatcher has its name. */
  get isNameTaken(): boolean {
    return this.#isNameTaken;
  }

  /** Undefined: it has none yet. `isConfirmed`: this one was read. Throws as Etcd does. */
  async give(word: string | undefined, isConfirmed: boolean, nowMs: number): Promise<void> {
    const lease = await this.#keptLease(nowMs);
    if (word === undefined || (word === this.#put && isConfirmed)) return;
    const key = this.#key;
    const put = { put: key, value: word, lease };
    const { succeeded, ranges } = await this.#etcd.transact([{ key, lease }], [put], [{ range: key }]);
    if (succeeded) {
      this.#put = word;
      this.#isNameTaken = false;
      return;
    }
    const [there] = ranges[0] ?? [];
    const other = there && observerIn(there);
    this.#isNameTaken = other !== undefined && other.mac !== this.#mac;
    if (this.#isNameTaken) return;
    // It was there before: an earlier process, or the lease that is over.
    if ((await this.#etcd.transact([{ key, revision: there?.revision ?? 0 }], [put])).succeeded) {
      this.#put = word;
    }
  }

  /** The next time it is given under another lease. */
  forgetLease(): void {
    this.#lease = undefined;
  }

  /** It counts no more. */
  async takeBack(): Promise<void> {
    if (this.#lease !== undefined) await this.#etcd.revoke(this.#lease).catch(() => {});
  }

  async #keptLease(nowMs: number): Promise<string> {
    if (this.#lease !== undefined && nowMs - this.#keptMs < KEPT_MS) return this.#lease;
    if (this.#lease !== undefined && !await this.#etcd.keepAlive(this.#lease)) this.#lease = undefined;
    if (this.#lease === undefined) {
      this.#lease = await this.#etcd.grant(LEASE_S);
      this.#put = undefined;
    }
    this.#keptMs = nowMs;
    return this.#lease;
  }
}

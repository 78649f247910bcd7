/**
 * The neighbors that we must reach, and what is known of each. States and timers after RFC 4861 section 7.3, for both
 * families:
 *
 *                  answer                    REACHABLE_MS over
 *     INCOMPLETE ----------> REACHABLE ---------------------------> PROBE
 *          |                    ^  ^                                  |
 *          | BROADCASTS         |  '--------------- answer -----------|
 *          v no answer          | answer                              | UNICASTS to the known MAC, then
 *        FAILED ----------------'  <----------------------------------' BROADCASTS to all, no answer
 *
 * RFC 4861 probes what is in use and lets the rest go stale. Every neighbor here is in use for as long as the dispatcher
 * runs, so there is no STALE or DELAY, and a failed one is asked for again every RETRY_MS.
 *
 * Silence is evidence against a neighbor only as far as we could have heard it. A question in whose time we may have been deaf
 * counts DOUBTFUL of what one counts otherwise, so that a dead neighbor still fails while we are never sure; and while nobody
 * answers at all, the fault is ours until twice as many questions have gone by.
 *
 * A MAC is learned only from an answer to a question that is open, so that nobody can move a neighbor by speaking up.
 * While the question went to the known MAC alone, only that MAC may answer.
 */

import type { Mac } from "../wire/address.ts";

export type State = "incomplete" | "reachable" | "probe" | "failed";

/** How long an answer holds before it is asked for anew. */
export const REACHABLE_MS = 1000;
/** Between two questions. */
export const RETRANS_MS = 250;
/** Questions to the known MAC alone, then to everyone, before a neighbor has failed. */
export const UNICASTS = 2;
export const BROADCASTS = 4;
/** What a question counts in whose time we may have been deaf. */
export const DOUBTFUL = 1 / 4;
/** How many times as many questions it takes when nobody else has answered meanwhile either. */
export const ALONE = 2;
/** Between two questions for a failed neighbor. */
export const RETRY_MS = 1000;

/** Asks who has the neighbor's address: the machine with this MAC, or everyone when `mac` is undefined. */
export type Ask = (neighbor: number, mac: Mac | undefined) => void;

/** How many to ask at once, at most; and when we may last have been deaf, by the clock of `tick`. */
export interface Asking {
  readonly most?: number;
  readonly deafMs?: number;
}

/** What is known of one neighbor. */
interface Entry {
  readonly address: string;
  state: State;
  /** When it was first asked for, began to answer, or failed: REACHABLE and PROBE are one here. */
  sinceMs: number;
  mac: Mac | undefined;
  /** Questions sent since the last answer. */
  asked: number;
  /** When the first and the last of them were. */
  firstAskedMs: number;
  lastAskedMs: number;
  /** What their silence counts, in questions. */
  silence: number;
  /** When to ask next. */
  dueMs: number;
}

/** All that is known of the neighbors, as plain data. */
export interface NeighborsRecord {
  readonly answeredMs: number;
  readonly neighbors: readonly Readonly<Entry>[];
}

export class Neighbors {
  readonly #entries: Entry[];
  readonly #byAddress = new Map<string, number>();
  /** When any neighbor last answered. */
  #answeredMs = -Infinity;
  /** How many have been silent for long enough to fail, and were given more time because we may have been deaf. */
  doubted = 0;

  /** Addresses by neighbor, canonical text, each once. All are asked for on the first tick. */
  constructor(addresses: readonly string[]) {
    this.#entries = addresses.map((address) => (
      {
        address,
        state: "incomplete",
        sinceMs: 0,
        mac: undefined,
        asked: 0,
        firstAskedMs: 0,
        lastAskedMs: 0,
        silence: 0,
        dueMs: 0,
      }
    ));
    for (const [neighbor, address] of addresses.entries()) this.#byAddress.set(address, neighbor);
  }

  record(): NeighborsRecord {
    return { answeredMs: this.#answeredMs, neighbors: this.#entries.map((entry) => ({ ...entry })) };
  }

  /** Takes over what another one knows of the addresses that both have. */
  adopt({ answeredMs, neighbors }: NeighborsRecord): void {
    this.#answeredMs = answeredMs;
    for (const known of neighbors) {
      const neighbor = this.#byAddress.get(known.address);
      if (neighbor !== undefined) Object.assign(this.#entries[neighbor]!, known);
    }
  }

  /** Those that have answered or failed. */
  known(): number[] {
    return [...this.#entries.keys()].filter((neighbor) => this.#entries[neighbor]!.state !== "incomplete");
  }

  /** The number of the neighbor with this address; undefined where there is none. */
  numberOf(address: string): number | undefined {
    return this.#byAddress.get(address);
  }

  get size(): number {
    return this.#entries.length;
  }

  address(neighbor: number): string {
    return this.#entries[neighbor]!.address;
  }

  state(neighbor: number): State {
    return this.#entries[neighbor]!.state;
  }

  /** Undefined until the first answer, and again after the neighbor has failed. */
  mac(neighbor: number): Mac | undefined {
    return this.#entries[neighbor]!.mac;
  }

  /** When it was first asked for, began to answer, or failed. */
  sinceMs(neighbor: number): number {
    return this.#entries[neighbor]!.sinceMs;
  }

  /** When the next question is due. */
  get dueMs(): number {
    return this.#entries.reduce((least, { dueMs }) => Math.min(least, dueMs), Infinity);
  }

  /**
   * Asks what is due. What is more than `most` stays due. The neighbors that have failed by now and had not before.
   */
  tick(nowMs: number, ask: Ask, { most = Infinity, deafMs = -Infinity }: Asking = {}): number[] {
    const failed: number[] = [];
    let asked = 0;
    for (const [neighbor, entry] of this.#entries.entries()) {
      if (entry.dueMs > nowMs) continue;
      if (asked++ === most) break;
      if (entry.state === "reachable") entry.state = "probe";
      const unicasts = entry.mac === undefined ? 0 : UNICASTS;
      if (entry.asked > 0) entry.silence += deafMs > entry.lastAskedMs ? DOUBTFUL : 1;
      if (entry.state !== "failed" && entry.asked >= unicasts + BROADCASTS) {
        if (this.#isSilent(entry, unicasts + BROADCASTS)) {
          entry.state = "failed";
          entry.sinceMs = nowMs;
          entry.mac = undefined;
          failed.push(neighbor);
        } else if (entry.asked === unicasts + BROADCASTS) this.doubted++;
      }
      ask(neighbor, entry.asked < unicasts ? entry.mac : undefined);
      if (entry.asked++ === 0) {
        entry.firstAskedMs = nowMs;
        if (entry.state === "incomplete") entry.sinceMs = nowMs;
      }
      entry.lastAskedMs = nowMs;
      entry.dueMs = nowMs + (entry.state === "failed" ? RETRY_MS : RETRANS_MS);
    }
    return failed;
  }

  /**
   * An answer came: `mac` says that it has `address`. The neighbor, when frames to it go
   * elsewhere from now on; undefined when the answer only confirmed what was known, or was not asked for.
   */
  learn(address: string, mac: Mac, nowMs: number): number | undefined {
    const neighbor = this.#byAddress.get(address);
    if (neighbor === undefined) return undefined;
    const entry = this.#entries[neighbor]!;
    const known = entry.mac;
    const same = known !== undefined && known.high === mac.high && known.low === mac.low;
    if (entry.asked === 0 || (!same && known !== undefined && entry.asked <= UNICASTS)) {
      return undefined;
    }
    if (known === undefined) entry.sinceMs = nowMs;
    entry.state = "reachable";
    if (!same) entry.mac = mac;
    entry.asked = 0;
    entry.silence = 0;
    this.#answeredMs = nowMs;
    entry.dueMs = nowMs + REACHABLE_MS;
    return same ? undefined : neighbor;
  }

  /** Does its silence count as much as that of so many questions? */
  #isSilent({ silence, firstAskedMs }: Entry, questions: number): boolean {
    const isAlone = this.#answeredMs < firstAskedMs;
    return silence >= questions * (isAlone ? ALONE : 1);
  }
}

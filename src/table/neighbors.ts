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
/** Between two questions for a failed neighbor. */
export const RETRY_MS = 1000;

/** Asks who has `slot`'s address: of everyone when `mac` is undefined. */
export type Ask = (slot: number, mac: Mac | undefined) => void;

interface Neighbor {
  readonly address: string;
  state: State;
  mac: Mac | undefined;
  /** Questions sent since the last answer. */
  asked: number;
  /** When to ask next. */
  dueMs: number;
}

export class Neighbors {
  readonly #neighbors: Neighbor[];
  readonly #slots = new Map<string, number>();

  /** Addresses by slot, canonical text, each once. All are asked for on the first tick. */
  constructor(addresses: readonly string[]) {
    this.#neighbors = addresses.map((address) => (
      { address, state: "incomplete", mac: undefined, asked: 0, dueMs: 0 }
    ));
    for (const [slot, address] of addresses.entries()) this.#slots.set(address, slot);
  }

  get size(): number {
    return this.#neighbors.length;
  }

  address(slot: number): string {
    return this.#neighbors[slot]!.address;
  }

  state(slot: number): State {
    return this.#neighbors[slot]!.state;
  }

  /** Undefined until the first answer, and again after the neighbor has failed. */
  mac(slot: number): Mac | undefined {
    return this.#neighbors[slot]!.mac;
  }

  /** When the next question is due. */
  get dueMs(): number {
    return Math.min(...this.#neighbors.map((neighbor) => neighbor.dueMs));
  }

  /** Asks what is due. The slots that have failed by now and had not before. */
  tick(nowMs: number, ask: Ask): number[] {
    const failed: number[] = [];
    for (const [slot, neighbor] of this.#neighbors.entries()) {
      if (neighbor.dueMs > nowMs) continue;
      if (neighbor.state === "reachable") neighbor.state = "probe";
      const unicasts = neighbor.mac === undefined ? 0 : UNICASTS;
      if (neighbor.state !== "failed" && neighbor.asked >= unicasts + BROADCASTS) {
        neighbor.state = "failed";
        neighbor.mac = undefined;
        failed.push(slot);
      }
      ask(slot, neighbor.asked < unicasts ? neighbor.mac : undefined);
      neighbor.asked++;
      neighbor.dueMs = nowMs + (neighbor.state === "failed" ? RETRY_MS : RETRANS_MS);
    }
    return failed;
  }

  /**
   * An answer came: `mac` says that it has `address`. The slot when that changed the neighbor's MAC or state so that
   * frames go elsewhere; undefined when it only confirmed what was known or was not asked for.
   */
  learn(address: string, mac: Mac, nowMs: number): number | undefined {
    const slot = this.#slots.get(address);
    if (slot === undefined) return undefined;
    const neighbor = this.#neighbors[slot]!;
    const known = neighbor.mac;
    const same = known !== undefined && known.high === mac.high && known.low === mac.low;
    if (neighbor.asked === 0 || (!same && known !== undefined && neighbor.asked <= UNICASTS)) {
      return undefined;
    }
    neighbor.state = "reachable";
    neighbor.mac = mac;
    neighbor.asked = 0;
    neighbor.dueMs = nowMs + REACHABLE_MS;
    return same ? undefined : slot;
  }
}

/**
 * Other machines that say that one of our addresses is theirs. Each is told once, until another machine says so or it has been
 * silent for a while.
 */

import { formatMac } from "../wire/address.ts";
import type { Claim } from "./link_frames.ts";

/** What makes a backend claim a cluster address: it answers for it, or its own questions name it as their sender's. */
export const LIKELY_CAUSE = {
  answering: "it has the address on an interface of the link, or its arp_ignore is too low",
  asking: "its arp_announce is too low",
} as const;

/** A claim that has not been repeated for so long is over. */
const FORGET_MS = 60_000;

export class Conflicts {
  readonly #known = new Map<string, { mac: string; seenMs: number }>();

  /** The MAC of a machine that was not known to claim this address; undefined when it was. */
  note({ address, mac }: Claim, nowMs: number): string | undefined {
    const text = formatMac(mac.high, mac.low);
    const known = this.#known.get(address);
    this.#known.set(address, { mac: text, seenMs: nowMs });
    return known?.mac === text && nowMs - known.seenMs < FORGET_MS ? undefined : text;
  }
}

/**
 * Other machines that say that one of our addresses is theirs. Each is told of once, until another machine says so or it has
 * been silent for a while.
 */

import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import type { Clock } from "../system/clock.ts";
import { formatMac, isIpv6, type Mac } from "../wire/address.ts";
import type { Claim } from "./claim.ts";

/** What makes a backend claim a cluster address: it answers for it, or its own questions name it as their sender's. */
const LIKELY_CAUSE = {
  answering: "it has the address on an interface of the link, or its arp_ignore is too low",
  asking: "its arp_announce is too low",
} as const;

/** A claim that has not been repeated for so long is over. */
const FORGET_MS = 60_000;

/** A claim of one of our IPv6 addresses so soon after the start means that it is taken: RFC 4862 section 5.4. */
const DUPLICATE_MS = 1000;

export interface ConflictsOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  /** Name of the backend with this MAC. */
  backendAt(mac: Mac): string | undefined;
  /** An address of the dispatcher's own proves taken, so it must not go on. */
  taken(error: Error): void;
}

export class Conflicts {
  readonly #options: ConflictsOptions;
  readonly #known = new Map<string, { mac: string; seenMs: number }>();
  #startMs = -Infinity;

  constructor(options: ConflictsOptions) {
    this.#options = options;
  }

  /** From now on the link is asked who else has our addresses. */
  start(): void {
    this.#startMs = this.#options.clock.now();
  }

  /** A machine claims an address of ours. */
  heard(claim: Claim): void {
    const nowMs = this.#options.clock.now();
    if (!this.#isNew(claim, nowMs)) return;
    const { address } = claim;
    const { config, log, taken } = this.#options;
    const mac = formatMac(claim.mac.high, claim.mac.low);
    const isOwn = !config.clusters.some(({ addresses }) => addresses.includes(address));
    const backend = isOwn ? undefined : this.#options.backendAt(claim.mac);
    const likely = LIKELY_CAUSE[claim.isAsking ? "asking" : "answering"];
    log.error(
      { address, mac, ...(backend === undefined ? {} : { backend, likely }) },
      "another machine claims an address of ours",
    );
    if (!isOwn || !isIpv6(address) || nowMs - this.#startMs >= DUPLICATE_MS) return;
    taken(
      new Error(
        `The machine with MAC ${mac} has the dispatcher's address ${address}; give one of them another address`,
      ),
    );
  }

  #isNew({ address, mac: { high, low } }: Claim, nowMs: number): boolean {
    const mac = formatMac(high, low);
    const known = this.#known.get(address);
    this.#known.set(address, { mac, seenMs: nowMs });
    return known?.mac !== mac || nowMs - known.seenMs >= FORGET_MS;
  }
}

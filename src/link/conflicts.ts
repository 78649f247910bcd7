/**
 * Other machines that say that one of our addresses is theirs. Right after the start this means that the address is taken, and the
 * dispatcher must not go on. Later it is defended, as RFC 5227 section 2.4 (c) has it: whoever needs the address all the time says
 * again where it is, but not more often than each ten seconds, so that two who defend do not make a storm. IPv6 has no rule of its
 * own for this; an unsolicited advertisement does the same.
 *
 *     start ── PROBE_MS: nothing is said yet ── DUPLICATE_MS: a claim of our own address ends us ── from then on it is defended
 */

import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import type { Clock } from "../system/clock.ts";
import { formatMac, type Mac } from "../wire/address.ts";
import type { Claim } from "./claim.ts";
import { isOfPair, isOwnAddress } from "./shared_claim.ts";

/** What makes a backend claim a cluster address: it answers for it, or its own questions name it as their sender's. */
const LIKELY_CAUSE = {
  answering: "it has the address on an interface of the link, or its arp_ignore is too low",
  asking: "its arp_announce is too low",
} as const;

const REMEDY = {
  backend: "see what `oneip verify` finds",
  own: "give one of them another address; if it is a second dispatcher, stop one of the two",
  cluster: "take the address from that machine; if it is a second dispatcher, stop one of the two",
} as const;

/** A claim that has not been repeated for so long is over. */
const FORGET_MS = 600_000;
/** Claims that are told of within that time. More are a forger's, whose names are worth nothing. */
const MOST_TOLD = 16;

/** After the start the link is asked who has our addresses. So long nothing is said that would make others believe us. */
export const PROBE_MS = 200;
/** A claim of one of our own addresses so soon after the start means that it is taken: RFC 5227 section 2.1, RFC 4862 section 5.4. */
const DUPLICATE_MS = 1000;
/** DEFEND_INTERVAL of RFC 5227 section 1.1. */
const DEFEND_MS = 10_000;

export interface ConflictsOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  /** Name of the backend with this MAC. */
  backendAt(mac: Mac): string | undefined;
  /** Tells the link, and the routers at once, where an address of ours is. */
  defend(address: string): void;
  /** An address of the dispatcher's own proves taken, so it must not go on. */
  taken(error: Error): void;
}

export class Conflicts {
  readonly #options: ConflictsOptions;
  /** When each claim was last heard, by address and MAC. */
  readonly #heardMs = new Map<string, number>();
  readonly #defendedMs = new Map<string, number>();
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
    const { address } = claim;
    const { config, clock, taken } = this.#options;
    const { high, low } = config.dispatcher.mac;
    // Our own words, which somebody passes on.
    if (claim.mac.high === high && claim.mac.low === low) return;
    // What two active ones of a pair mean is VRRP's affair (vrrp/).
    if (isOfPair(config, claim)) return;
    const isOwn = isOwnAddress(config, address);
    // Nobody of a fleet says where a cluster address is, and no router listens. Whoever does so is no peer: the verification names it.
    if (config.fleet !== undefined && isOfCluster(config, address)) return;
    const nowMs = clock.now();
    this.#tell(claim, isOwn, nowMs);
    if (!isOwn || nowMs - this.#startMs >= DUPLICATE_MS) return this.#defend(address, nowMs);
    const mac = formatMac(claim.mac.high, claim.mac.low);
    taken(
      new Error(
        `The machine with MAC ${mac} has the dispatcher's address ${address}; ` +
          "give one of them another address; if it is a second dispatcher, stop one of the two",
      ),
    );
  }

  #tell(claim: Claim, isOwn: boolean, nowMs: number): void {
    const { address } = claim;
    const mac = formatMac(claim.mac.high, claim.mac.low);
    if (!this.#isNew(`${address} ${mac}`, nowMs)) return;
    const backend = isOwn ? undefined : this.#options.backendAt(claim.mac);
    const likely = LIKELY_CAUSE[claim.isAsking ? "asking" : "answering"];
    const remedy = REMEDY[isOwn ? "own" : backend === undefined ? "cluster" : "backend"];
    this.#options.log.error(
      { address, mac, ...(backend === undefined ? {} : { backend, likely }), remedy },
      "another machine claims an address of ours",
    );
  }

  #isNew(claim: string, nowMs: number): boolean {
    for (const [other, heardMs] of this.#heardMs) {
      if (nowMs - heardMs >= FORGET_MS) this.#heardMs.delete(other);
    }
    const isNew = !this.#heardMs.has(claim);
    if (isNew && this.#heardMs.size === MOST_TOLD) return false;
    this.#heardMs.set(claim, nowMs);
    return isNew;
  }

  #defend(address: string, nowMs: number): void {
    if (nowMs - (this.#defendedMs.get(address) ?? -Infinity) < DEFEND_MS) return;
    this.#defendedMs.set(address, nowMs);
    this.#options.defend(address);
  }
}

function isOfCluster({ clusters }: Config, address: string): boolean {
  return clusters.some(({ addresses }) => addresses.includes(address));
}

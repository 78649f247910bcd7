/**
 * Addresses that the dispatcher is to have from a reload on. As at a start (conflicts.ts) nobody on the link may have them already, and
 * so long nothing is said that would make others believe that they are ours. But here they are asked for from an address that the
 * dispatcher has, so that the answers come to it: its path does not know the new ones yet.
 */

import { UsageError } from "../input/errors.ts";
import type { Clock } from "../system/clock.ts";
import { formatMac, type Mac } from "../wire/address.ts";
import type { Claim } from "./claim.ts";
import { PROBE_MS } from "./conflicts.ts";
import type { ExchangeEvents } from "./exchange.ts";
import { LinkFrames, type LinkPlan } from "./link_frames.ts";

export class NewAddresses {
  readonly #frames: LinkFrames;
  readonly #events: ExchangeEvents;
  readonly #clock: Clock;
  /** Where each of those is that are being asked for; undefined while nobody has answered. */
  #asked = new Map<string, Mac | undefined>();

  constructor(plan: LinkPlan, events: ExchangeEvents, clock: Clock) {
    // A new address may be on another link than all that there are.
    const addresses = plan.addresses.map(({ address }) => ({ address, prefixLength: 0 }));
    this.#frames = new LinkFrames({ ...plan, addresses });
    this.#events = events;
    this.#clock = clock;
  }

  /** Throws UsageError when a machine on the link has one of them. */
  async requireFree(addresses: readonly string[]): Promise<void> {
    if (addresses.length === 0) return;
    const asked = this.#asked = new Map(addresses.map((address) => [address, undefined]));
    for (const address of addresses) this.#events.send(this.#frames.question(address, undefined));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#clock.after(PROBE_MS, resolve);
    await promise;
    this.#events.catchUp();
    for (const [address, mac] of asked as Map<string, Mac | undefined>) {
      if (mac === undefined) continue;
      throw new UsageError(
        `The machine with MAC ${
          formatMac(mac.high, mac.low)
        } has ${address}, which dispatcher.addresses has from now on, ` +
          "so nothing was changed; give one of them another address",
      );
    }
  }

  /** What an answer to a question of ours says. */
  heard({ address, mac }: Claim): void {
    if (this.#asked.has(address)) this.#asked.set(address, mac);
  }
}

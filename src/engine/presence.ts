/**
 * The dispatcher's presence on its link: from when on machines of the link learn where our addresses are, and who has them at the end.
 *
 *     a start ─────────────── asks the link, PROBE_MS: has somebody else our addresses? ──┐
 *     in place of another engine ─────────────────────────────────────────────────────────┴── appears ── leaves
 */

import { PROBE_MS } from "../link/conflicts.ts";
import type { Timer } from "../system/clock.ts";
import type { EngineParts } from "./parts.ts";

export class Presence {
  readonly #parts: EngineParts;
  /** The link has been told that our addresses are here, and nobody else was heard to have them. */
  #holdsAddresses = false;
  #probing: Timer | undefined;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /** Appears when nobody else was heard to have our addresses. */
  probe(): void {
    const { config, clock, conflicts, ownMacWatch, link, verifier } = this.#parts;
    conflicts.start();
    ownMacWatch.start();
    link.probe();
    this.#probing = clock.after(PROBE_MS, () => {
      this.appear();
      if (config.dispatcher.verify !== "off") void verifier.watch();
    });
  }

  appear(): void {
    const { changes, resolver, announcer, announcing, prober, pair, peer } = this.#parts;
    this.#holdsAddresses = true;
    changes.start();
    resolver.start();
    announcer.start();
    announcing?.start();
    prober.start();
    pair.goOn();
    peer?.start();
  }

  /** Another machine has an address of ours. */
  taken(): void {
    this.#holdsAddresses = false;
  }

  /** It does not appear any more, if it has not yet. */
  stop(): void {
    this.#probing?.cancel();
  }

  /** Clusters whose fallback is to broadcast are left to their backends. */
  leave(): void {
    if (!this.#holdsAddresses) return;
    const { config, link, log } = this.#parts;
    const clusters = config.clusters.filter(({ fallback }) => fallback === "broadcast");
    if (clusters.length === 0) return;
    link.leaveTo(clusters);
    log.info({ clusters: clusters.map(({ name }) => name) }, "left to the backends' filters");
  }
}

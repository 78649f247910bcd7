/**
 * What the path hands up, given to whom it concerns, by its verdict; each frame is parsed once.
 *
 *     PENDING          resolver: keeps it until the next hop's MAC is known
 *     HEARD_NEIGHBOR   resolver: who is where;            new addresses: are they taken?   verifier: did it ask?
 *     HEARD_CLAIM      conflicts: who else says "mine";   verifier: a backend that is not silent
 *     HEARD_ANSWER     prober, else verifier: an answer to its questions
 *     HEARD_PROBE      the same
 *     HEARD_ADVERTISEMENT  pair: who else is active
 *     HEARD_PEER           peer: what the other one tells
 *     TOLD                 peer: tells the other one; then it goes on
 */

import * as verdict from "../path/verdict.ts";
import type { Prober } from "../health/prober.ts";
import type { Conflicts } from "../link/conflicts.ts";
import type { Link } from "../link/link.ts";
import type { Claim } from "../link/claim.ts";
import type { LinkFrames } from "../link/link_frames.ts";
import type { Frame } from "../link/own_frames.ts";
import type { NewAddresses } from "../link/new_addresses.ts";
import type { Resolver } from "../link/resolver.ts";
import type { Handed } from "../plane/ring.ts";
import type { SharedState } from "../plane/shared_state.ts";
import type { Pair } from "../vrrp/pair.ts";
import type { PeerLink } from "./peer_link.ts";
import type { Verifier } from "../verify/verifier.ts";

export interface Receivers {
  readonly resolver: Resolver;
  readonly newAddresses: NewAddresses;
  readonly conflicts: Conflicts;
  readonly prober: Prober;
  readonly verifier: Verifier;
  readonly pair: Pair;
  readonly peer: PeerLink | undefined;
}

export class Inbox {
  readonly #shared: SharedState;
  readonly #link: Link;
  readonly #frames: LinkFrames;
  readonly #receivers: Receivers;

  constructor(shared: SharedState, link: Link, frames: LinkFrames, receivers: Receivers) {
    this.#shared = shared;
    this.#link = link;
    this.#frames = frames;
    this.#receivers = receivers;
  }

  /** The same of all workers. */
  drainAll(): void {
    for (const worker of this.#shared.workers.keys()) this.drain(worker);
  }

  /** Takes what waits in a worker's rings by now; not what comes meanwhile, which may be without end. */
  drain(worker: number): void {
    const { heard, pending } = this.#shared.workers[worker]!;
    const begun: Frame[] = [];
    for (const ring of [heard, pending]) {
      for (let left = ring.waiting; left > 0; left--) {
        const handed = ring.shift();
        if (handed?.verdict === verdict.TOLD) begun.push(handed.frame);
        else if (handed !== undefined) this.#give(worker, handed);
      }
    }
    if (begun.length === 0) return;
    this.#receivers.peer?.begun();
    for (const frame of begun) this.#link.sendTold(worker, frame);
  }

  #give(worker: number, handed: Handed): void {
    const { resolver, newAddresses, conflicts, prober, verifier, pair, peer } = this.#receivers;
    switch (handed.verdict) {
      case verdict.PENDING:
        return resolver.hold(handed.neighbor, { worker, frame: handed.frame });
      case verdict.HEARD_NEIGHBOR:
        return this.#giveClaim(handed, resolver, newAddresses);
      case verdict.HEARD_CLAIM:
        return this.#giveClaim(handed, conflicts);
      case verdict.HEARD_ADVERTISEMENT:
        return pair.hear(this.#link.frameIn(handed.frame));
      case verdict.HEARD_PEER:
        return peer?.heard(this.#link.frameIn(handed.frame));
      case verdict.HEARD_ANSWER:
      case verdict.HEARD_PROBE: {
        const frame = this.#link.frameIn(handed.frame);
        // The prober comes first, since the verifier resets every SYN-ACK that it sees.
        if (!prober.heardPacket(frame)) verifier.heardPacket(frame);
      }
    }
  }

  #giveClaim({ frame }: Handed, ...receivers: readonly { heard(claim: Claim): void }[]): void {
    const claim = this.#frames.claim(this.#link.frameIn(frame));
    if (claim === undefined) return;
    for (const receiver of receivers) receiver.heard(claim);
    this.#receivers.verifier.heardClaim(claim);
  }
}

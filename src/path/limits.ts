/** The rate limits: a token bucket for each kind of answer that the dispatcher sends, and one for frames that may be answers to it. */

import { TokenBucket } from "../table/token_bucket.ts";
import type { RateLimits } from "./plan.ts";
import * as verdict from "./verdict.ts";

/** How many of a kind may come at once, as Linux's net.ipv4.icmp_msgs_burst has it. */
const BURST = 50;

/** Frames a second that may be answers to the control plane, and how many at once: half its ring, so that forgeries cannot fill it. */
export const HEARD_ANSWERS = 2000;
export const HEARD_BURST = 128;

/**
 * The same for answers to the prober, apart, so that a probe's body does not starve the verification: what a thousand TCP probes and
 * some hundreds of HTTP probes a second bring. And how many at once: a quarter of the ring. Forged ones do not come so far (ip_path.ts).
 */
const HEARD_PROBES = 4000;
export const HEARD_PROBE_BURST = 64;

/**
 * Right advertisements a second: more than two routers send at the shortest interval there is, in both families. And how many at once: a
 * quarter of the ring.
 */
const HEARD_ADVERTISEMENTS = 1000;
const HEARD_ADVERTISEMENT_BURST = 64;

/** What the other one of a pair tells comes in lots of 32 datagrams, one each 2 ms at most (peer/sharing.ts). */
const HEARD_PEERS = 20_000;
const HEARD_PEER_BURST = 64;

/** Beginnings of connections a second of which the other one of a pair is told before they go on, and how many at once; others go on untold. */
const TOLD = 5000;
const TOLD_BURST = 64;

/** Frames a second that wait for a next hop's MAC, and how many at once: as many as the ring for them holds. */
const PENDING = 500;
const PENDING_BURST = 64;

export class Limits {
  readonly #clock: () => number;
  readonly #timeExceeded: TokenBucket;
  readonly #unreachable: TokenBucket;
  readonly #tooBig: TokenBucket;
  readonly #parameterProblem: TokenBucket;
  readonly #reset: TokenBucket;
  readonly #pending = new TokenBucket(PENDING, PENDING_BURST);
  readonly #heardAnswer = new TokenBucket(HEARD_ANSWERS, HEARD_BURST);
  readonly #heardProbe = new TokenBucket(HEARD_PROBES, HEARD_PROBE_BURST);
  readonly #heardAdvertisement = new TokenBucket(HEARD_ADVERTISEMENTS, HEARD_ADVERTISEMENT_BURST);

  readonly #told = new TokenBucket(TOLD, TOLD_BURST);
  readonly #heardPeer = new TokenBucket(HEARD_PEERS, HEARD_PEER_BURST);

  /** `clock` gives milliseconds, int32; it never goes back, and may wrap. */
  constructor(limits: RateLimits, clock: () => number) {
    this.#clock = clock;
    this.#timeExceeded = new TokenBucket(limits.timeExceeded, BURST);
    this.#unreachable = new TokenBucket(limits.unreachable, BURST);
    this.#tooBig = new TokenBucket(limits.tooBig, BURST);
    this.#parameterProblem = new TokenBucket(limits.parameterProblem, BURST);
    this.#reset = new TokenBucket(limits.reset, BURST);
  }

  /** May a frame with this verdict be sent, or handed up, now? */
  allow(asVerdict: number): boolean {
    switch (asVerdict) {
      case verdict.TIME_EXCEEDED:
        return this.#timeExceeded.take(this.#clock());
      case verdict.TOO_BIG:
        return this.#tooBig.take(this.#clock());
      case verdict.PARAMETER_PROBLEM:
        return this.#parameterProblem.take(this.#clock());
      case verdict.RESET:
        return this.#reset.take(this.#clock());
      case verdict.PENDING:
        return this.#pending.take(this.#clock());
      case verdict.HEARD_ANSWER:
        return this.#heardAnswer.take(this.#clock());
      case verdict.HEARD_PROBE:
        return this.#heardProbe.take(this.#clock());
      case verdict.HEARD_ADVERTISEMENT:
        return this.#heardAdvertisement.take(this.#clock());
      case verdict.TOLD:
        return this.#told.take(this.#clock());
      case verdict.HEARD_PEER:
        return this.#heardPeer.take(this.#clock());
      default:
        return this.#unreachable.take(this.#clock());
    }
  }
}

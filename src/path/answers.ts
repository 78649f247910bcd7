/** From "this must be answered" to a verdict, alike in both families: may it be answered, within the rate limits, by what? */

import type { Egress } from "./egress.ts";
import type { Limits } from "./limits.ts";
import * as verdict from "./verdict.ts";

/** What writes the answers of a family over the frames that they answer. Lengths are of whole frames, 0 for no answer. */
interface Responder {
  isAnswerable(at: number): boolean;
  /** Makes the packet what it would be on the wire; to be called before the following. */
  settle(at: number): void;
  error(type: number, code: number, rest: number, at: number): number;
  reset(at: number): number;
}

export class Answers {
  readonly #responder: Responder;
  readonly #limits: Limits;
  readonly #egress: Egress;

  constructor(responder: Responder, limits: Limits, egress: Egress) {
    this.#responder = responder;
    this.#limits = limits;
    this.#egress = egress;
  }

  /** An ICMP error; `rest` is the second word of its header. */
  error(asVerdict: number, type: number, code: number, rest: number, at: number): number {
    if (!this.#responder.isAnswerable(at)) return verdict.DROP_UNANSWERABLE;
    if (!this.#limits.allow(asVerdict)) return verdict.DROP_RATE_LIMIT;
    this.#responder.settle(at);
    return this.sent(this.#responder.error(type, code, rest, at), asVerdict);
  }

  /** A TCP reset. */
  reset(at: number): number {
    if (!this.#limits.allow(verdict.RESET)) return verdict.DROP_RATE_LIMIT;
    this.#responder.settle(at);
    return this.sent(this.#responder.reset(at), verdict.RESET);
  }

  /** Perhaps an answer to the control plane: handed up within the rate limit, and with the verdict `otherwise` beyond it. */
  heard(otherwise: number): number {
    return this.#limits.allow(verdict.HEARD_ANSWER) ? verdict.HEARD_ANSWER : otherwise;
  }

  /** The same of a SYN-ACK; the control plane resets those that it is given. */
  heardOrReset(at: number): number {
    return this.#limits.allow(verdict.HEARD_ANSWER) ? verdict.HEARD_ANSWER : this.reset(at);
  }

  /** An answer of this length stands in place of the frame, or none. */
  sent(length: number, asVerdict: number): number {
    if (length === 0) return verdict.DROP_SELF;
    this.#egress.length = length;
    return asVerdict;
  }
}

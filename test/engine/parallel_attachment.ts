/**
 * An attachment to a simulated link whose data plane runs like a thread beside the main one: whatever arrives is in the ring, or
 * lost, before the main thread comes to look.
 */

import { type Device, InlineAttachment } from "oneip";
import type { Plan } from "../../src/path/plan.ts";
import type { SharedState } from "../../src/plane/shared_state.ts";
import type { Clock, Timer } from "../../src/system/clock.ts";

export class ParallelAttachment extends InlineAttachment {
  /** Each time that a table was published. */
  publications = 0;
  readonly #clock: Clock;
  readonly #failing = Promise.withResolvers<never>();
  override readonly failed = this.#failing.promise;

  constructor(device: Device, clock: Clock) {
    super(device, clock);
    this.#clock = clock;
  }

  /** As when the device is gone. */
  fail(error: Error): void {
    this.#failing.reject(error);
  }

  override start(plan: Plan, shared: SharedState, handedUp: (worker: number) => void): void {
    let turn: Timer | undefined;
    super.start(plan, shared, (worker) => {
      turn ??= this.#clock.after(0, () => {
        turn = undefined;
        handedUp(worker);
      });
    });
  }

  override wake(): void {
    this.publications++;
    super.wake();
  }
}

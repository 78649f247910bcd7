/**
 * How an engine goes on by what another one knows (record.ts): first it computes its tables by the record, while the other one's workers
 * are still at work; then comes what these have written until they stopped.
 */

import { finish } from "../table/steps.ts";
import { tell } from "./events.ts";
import type { Outcome } from "./forwarding.ts";
import { adopt } from "./hand_over.ts";
import type { EngineParts } from "./parts.ts";
import type { EngineRecord, LateRecord } from "./record.ts";
import { type Report, reportOf, sumOf } from "./report.ts";

export class Succession {
  readonly #parts: EngineParts;
  #known: EngineRecord | undefined;
  /** What has come of it. */
  #found: Outcome | undefined;
  /** What was done by the engines before. */
  #earlier: Report | undefined;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /** Resolves when the tables are published. Without a record the engine finds out anew what it can. */
  async prepare(record: EngineRecord | undefined): Promise<void> {
    if (record !== undefined) adopt(record, this.#parts);
    else this.#parts.pair.assume();
    this.#known = record;
    const { forwarding, resolver: { neighbors }, publisher } = this.#parts;
    this.#found = finish(forwarding.update(neighbors.known(), neighbors));
    await publisher.publish();
  }

  adoptLate({ remembered, pair, report }: Pick<LateRecord, "remembered" | "pair" | "report">): void {
    if (this.#known !== undefined) {
      this.#parts.forwarding.transitions.adoptLater(this.#known.transitions, remembered);
    }
    this.#parts.pair.adopt(pair);
    this.#earlier = report;
  }

  /** Tells the log which backends are in another state than by the record; the record is of no use any more. */
  tell(): void {
    const { log, about } = this.#parts;
    this.#parts.computed();
    tell(log, { ...this.#found!, neighbors: [], maps: [] }, about);
    this.#known = undefined;
    this.#found = undefined;
  }

  /** The sums of all counters so far, those of the engines before among them. */
  report(): Report {
    const { attachment, shared, forwarding, resolver } = this.#parts;
    attachment.count();
    const report = reportOf(shared, forwarding, resolver);
    return this.#earlier === undefined ? report : sumOf(this.#earlier, report);
  }
}

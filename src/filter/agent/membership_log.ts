/** Tells the log what has changed in a membership: who is live, which buckets are held, and whether this backend is alone. */

import type { Logger } from "pino";
import type { Alarms } from "./alarms.ts";
import type { Membership } from "./membership.ts";

export class MembershipLog {
  readonly #backend: string;
  readonly #alarms: Alarms;
  readonly #log: Logger;
  #last = { live: "", buckets: -1, isAlone: false };

  constructor(backend: string, alarms: Alarms, log: Logger) {
    this.#backend = backend;
    this.#alarms = alarms;
    this.#log = log;
  }

  /** Logs what is other than at the last call. */
  write({ live, held, epoch, isAlone, waitsFor }: Membership): void {
    const last = this.#last;
    this.#last = { live, buckets: held.size, isAlone };
    if (live !== last.live) this.#log.info({ epoch, live: live.split(",") }, "live set");
    if (held.size !== last.buckets) this.#log.info({ epoch, buckets: held.size, waitsFor }, "buckets");
    if (isAlone && !last.isAlone) this.#alarms.raise("alone", this.#backend);
  }
}

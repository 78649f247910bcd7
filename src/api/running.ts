/** A dispatcher at work and the file that it runs by: what the file says by now can take effect without a new start. */

import type { Logger } from "pino";
import { changesBetween, type ConfigChanges } from "../cluster/config_changes.ts";
import type { Config } from "../config/config.ts";
import { loadWithWarnings } from "../config/load.ts";
import type { Engine } from "../engine/engine.ts";
import { requireNeeds } from "../health/needs.ts";
import { REAL_CLOCK } from "../system/clock.ts";
import { requireFreeAddresses } from "../verify/free_addresses.ts";

export interface Service {
  readonly file: string;
  /** What the file said at the start. */
  readonly config: Config;
  readonly log: Logger;
  /** The file says this from now on. */
  reloaded(config: Config): void;
}

export class Running {
  /** Rejects when the dispatcher can do its work no more; never resolves otherwise. */
  readonly failed: Promise<never>;
  readonly #service: Service;
  readonly #fail: (error: Error) => void;
  #engine: Engine;
  #config: Config;
  /** One reload at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(engine: Engine, service: Service) {
    const { promise, reject } = Promise.withResolvers<never>();
    this.failed = promise;
    this.failed.catch(() => {}); // Whoever waits for it hears of it; nobody must.
    this.#fail = reject;
    this.#service = service;
    this.#engine = engine;
    this.#config = service.config;
    engine.failed.catch(reject);
  }

  /** The one at work now. */
  get engine(): Engine {
    return this.#engine;
  }

  /** By which it works now. */
  get config(): Config {
    return this.#config;
  }

  /**
   * Reads the file anew and goes on by it. Resolves with what has changed by that when the workers follow. Throws, tells the log, and
   * changes nothing when the file has a mistake, or changes what cannot change while the dispatcher runs.
   */
  reload(): Promise<ConfigChanges> {
    const turn = this.#last.then(() => this.#reload());
    this.#last = turn.catch((error) => {
      this.#service.log.error(
        { event: "configuration.refused", reason: (error as Error).message },
        "the configuration was not reloaded, and nothing was changed",
      );
    });
    return turn;
  }

  async stop(): Promise<void> {
    await this.#last;
    await this.#engine.stop();
  }

  async #reload(): Promise<ConfigChanges> {
    const { file, log, reloaded } = this.#service;
    const { config, warnings } = loadWithWarnings(file);
    requireFreeAddresses(config);
    requireNeeds(config);
    await breathe();
    const changes = changesBetween(this.#config, config);
    await breathe();
    if (changes.changes.length > 0) {
      this.#engine = await this.#engine.reload(config);
      this.#engine.failed.catch(this.#fail);
      this.#config = config;
      reloaded(config);
    }
    log.info({ event: "configuration.reloaded", ...changes }, "configuration reloaded");
    for (const warning of warnings) log.warn(warning, "The configuration is legal but unwise");
    return changes;
  }
}

/** With 1,000 backends each step of a reload takes a while: answers to probes and from neighbors are read in between. */
function breathe(): Promise<void> {
  return new Promise((resolve) => void REAL_CLOCK.after(0, resolve));
}

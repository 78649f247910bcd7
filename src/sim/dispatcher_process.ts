/** The process of a dispatcher in a world: an engine, and how it goes on by another configuration or in another process. */

import type { Wanted } from "../engine/decide.ts";
import { Engine } from "../engine/engine.ts";
import type { EngineRecord, LateRecord } from "../engine/record.ts";
import type { Surroundings } from "../engine/surroundings.ts";
import type { Technique } from "../cluster/techniques.ts";
import type { Config } from "../config/config.ts";
import type { Logger } from "pino";
import type { Post } from "../fleet/etcd/post.ts";
import { recordIn, textOf } from "../system/record_text.ts";
import { simulated } from "./simulated_config.ts";
import type { Texts } from "./texts.ts";

/** By what it runs. */
export interface ProcessOptions {
  /** Of the machine. */
  readonly name: string;
  /** Of its configuration. */
  readonly file: string;
  readonly texts: Texts;
  readonly log: Logger;
  readonly surroundings: Required<Surroundings>;
  /** Its way to its fleet's etcd; undefined where there is none. */
  readonly etcd: Post | undefined;
}

export interface DispatcherProcess {
  /** The one at work. */
  readonly engine: Engine;
  /** By which it works. */
  readonly config: Config;
  /** What it has read of its fleet, as text; undefined while it is alone, or has no fleet. */
  readonly goesBy?: string | undefined;
  decide(backend: string, wanted: Wanted): Promise<unknown>;
  setTechnique(technique: Technique, cluster: string | undefined): Promise<unknown>;
  /** Goes on by what its file says now. Rejects, and changes nothing, where that will not do. */
  reload(): Promise<void>;
  /** Another process takes over, on the same device. */
  upgrade(surroundings: Required<Surroundings>): Promise<void>;
  /** It ends in order. */
  stop(): Promise<void>;
}

/** Starts one. Throws UsageError when it cannot. */
export type StartProcess = (options: ProcessOptions) => Promise<DispatcherProcess>;

export const startEngine: StartProcess = async (options) => {
  const config = configOf(options);
  return new EngineProcess(options, config, await Engine.start(config, options.log, options.surroundings));
};

class EngineProcess implements DispatcherProcess {
  readonly #options: ProcessOptions;
  #engine: Engine;
  #config: Config;

  constructor(options: ProcessOptions, config: Config, engine: Engine) {
    this.#options = options;
    this.#config = config;
    this.#engine = engine;
  }

  get engine(): Engine {
    return this.#engine;
  }

  get config(): Config {
    return this.#config;
  }

  decide(backend: string, wanted: Wanted): Promise<unknown> {
    return this.#engine.decide(backend, wanted);
  }

  setTechnique(technique: Technique, cluster: string | undefined): Promise<unknown> {
    return this.#engine.setTechnique(technique, cluster);
  }

  async reload(): Promise<void> {
    const config = configOf(this.#options);
    this.#engine = await this.#engine.reload(config);
    this.#config = config;
  }

  async upgrade(surroundings: Required<Surroundings>): Promise<void> {
    const config = configOf(this.#options);
    const before = this.#engine;
    this.#engine = await handOver(before, config, this.#options.log, surroundings);
    await before.leave();
    this.#config = config;
  }

  async stop(): Promise<void> {
    await this.#engine.stop();
  }
}

function configOf({ texts, file, name }: ProcessOptions): Config {
  return simulated(texts.config(file, name));
}

/**
 * As api/takeover.ts has it, but for the conversation of the two processes: what one knows goes to the other one as text. Resolves when the
 * other one forwards; then the first one leaves.
 */
export async function handOver(
  before: Pick<Engine, "rest" | "stand">,
  config: Config,
  log: Logger,
  surroundings: Required<Surroundings>,
): Promise<Engine> {
  const next = await Engine.ready(config, log, surroundings);
  await next.prepare(recordIn<EngineRecord>(textOf(before.rest())));
  await next.goOn(recordIn<LateRecord>(textOf(await before.stand())));
  return next;
}

/**
 * A world whose dispatchers share an etcd: each is the engine with what follows its fleet (api/running.ts, api/following.ts), which read files
 * and know the machine. So this is for Deno and Node, and no page imports it.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Following } from "../api/following.ts";
import { Running, type Service, type Started } from "../api/running.ts";
import type { Technique } from "../cluster/techniques.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import type { Wanted } from "../engine/decide.ts";
import { Engine } from "../engine/engine.ts";
import type { Surroundings } from "../engine/surroundings.ts";
import { UsageError } from "../input/errors.ts";
import { EtcdNode } from "./etcd_node.ts";
import { type DispatcherProcess, handOver, type ProcessOptions } from "./dispatcher_process.ts";
import type { Scene } from "./scene.ts";
import { World } from "./world.ts";

/** As `World.start`, for a scene with an etcd. The files of the scene are in a folder of the machine until the world stops. */
export async function startFleet(scene: Scene): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "oneip-world-"));
  const stop = () => rmSync(folder, { recursive: true, force: true });
  try {
    for (const [name, text] of Object.entries(scene.files)) writeFileSync(join(folder, name), text);
    return await World.start(scene, {
      startProcess: (options) => FleetProcess.start(options, folder),
      etcd: (name, time) => new EtcdNode(name, time),
      stop,
    });
  } catch (error) {
    stop();
    throw error;
  }
}

class FleetProcess implements DispatcherProcess {
  readonly #options: ProcessOptions;
  readonly #file: string;
  #running: Running;
  #following: Following;

  static async start(options: ProcessOptions, folder: string): Promise<DispatcherProcess> {
    const file = join(folder, options.file);
    const config = load(options, file);
    const engine = await Engine.start(config, options.log, onDisk(options.surroundings));
    return new FleetProcess(options, file, config, engine);
  }

  private constructor(options: ProcessOptions, file: string, config: Config, engine: Engine) {
    this.#options = options;
    this.#file = file;
    [this.#running, this.#following] = this.#follow(config, engine, options.surroundings);
  }

  get engine(): Engine {
    return this.#running.engine;
  }

  get config(): Config {
    return this.#running.config;
  }

  get goesBy(): string | undefined {
    if (this.#following.status()?.isAlone !== false) return undefined;
    return JSON.stringify(this.#running.agreement);
  }

  async decide(backend: string, wanted: Wanted): Promise<unknown> {
    return await this.#following.decide(backend, wanted) ?? await this.engine.decide(backend, wanted);
  }

  setTechnique(technique: Technique, cluster: string | undefined): Promise<unknown> {
    return this.engine.setTechnique(technique, cluster);
  }

  async reload(): Promise<void> {
    load(this.#options, this.#file);
    await this.#running.reload();
  }

  async upgrade(surroundings: Required<Surroundings>): Promise<void> {
    const [running, following] = [this.#running, this.#following];
    const config = load(this.#options, this.#file);
    const next = await handOver(running, config, this.#options.log, onDisk(surroundings));
    await following.stop(true);
    await running.stop();
    [this.#running, this.#following] = this.#follow(config, next, surroundings);
  }

  async stop(): Promise<void> {
    const left = this.#following.stop(false);
    await this.#running.stop();
    await left;
  }

  #follow(
    config: Config,
    engine: Engine,
    { attachment, clock }: Required<Surroundings>,
  ): [Running, Following] {
    const { log, etcd } = this.#options;
    const service: Service = {
      file: this.#file,
      config,
      log,
      // No service manager is told, and no TAP is handed over.
      manager: { during: (work: () => unknown) => work() } as unknown as Service["manager"],
      reloaded: (config) => this.#following.follow(config, undefined),
    };
    const started: Started = { engine, attachment: attachment as unknown as Started["attachment"], clock };
    const running = new Running(started, service);
    const following = new Following(running, log, clock, etcd);
    following.follow(config, undefined);
    return [running, following];
  }
}

/** A file's own configuration names others by where they lie on the machine. */
function onDisk(surroundings: Required<Surroundings>): Required<Surroundings> {
  return { ...surroundings, readText: (file) => readFileSync(file, "utf8") };
}

/** What its file says now. Throws UsageError for what a machine would know, and a world does not. */
function load({ texts, file: name, name: machine }: ProcessOptions, file: string): Config {
  writeFileSync(file, texts.read(name));
  const config = loadConfig(file);
  const { fleet, dispatcher } = config;
  if (fleet?.bird !== undefined) throw new UsageError(`${name}: a world has no BIRD; leave fleet.bird out`);
  if (fleet?.etcd !== undefined && fleet.etcd.name === undefined) {
    throw new UsageError(
      `${name}: give fleet.etcd.name, such as ${machine}: a world's machines have no host names`,
    );
  }
  const { high, low } = texts.config(name, machine).dispatcher.mac;
  if (dispatcher.mac.high !== high || dispatcher.mac.low !== low) {
    throw new UsageError(`${name}: give dispatcher.mac: a world's machines have no numbers of their own`);
  }
  return config;
}

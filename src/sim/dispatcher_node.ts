/** A dispatcher in a world: the real engine behind a port, and the process around it, which starts, stops, is killed, and is followed by another. */

import type { Logger } from "pino";
import type { AdministrationState } from "../cluster/liveness.ts";
import type { Technique } from "../cluster/techniques.ts";
import type { Config } from "../config/config.ts";
import { Engine } from "../engine/engine.ts";
import type { EngineRecord, LateRecord } from "../engine/record.ts";
import type { Surroundings } from "../engine/surroundings.ts";
import type { Wanted } from "../engine/decide.ts";
import { UsageError } from "../input/errors.ts";
import { recordIn, textOf } from "../system/record_text.ts";
import type { Random } from "../system/random.ts";
import type { VirtualClock } from "../system/virtual_clock.ts";
import { MachineClock } from "./net/machine_clock.ts";
import { Port } from "./net/port.ts";
import { type Judged, PortAttachment, PortDevice } from "./port_device.ts";
import { simulated } from "./simulated_config.ts";
import type { Texts } from "./texts.ts";

/** What a dispatcher is given by its world. */
export interface DispatcherOptions {
  readonly name: string;
  /** The name of its configuration's file. */
  readonly file: string;
  readonly texts: Texts;
  readonly time: VirtualClock;
  readonly random: Random;
  readonly log: Logger;
  /** Whom to tell what became of each frame, if anybody wants to know. */
  judged(): Judged | undefined;
}

/** A process from its start to its end. */
interface Life {
  readonly clock: MachineClock;
  engine: Engine | undefined;
  config: Config;
  /** One command at a time. */
  last: Promise<unknown>;
}

export class DispatcherNode {
  readonly kind = "dispatcher";
  readonly name: string;
  readonly port: Port;
  readonly ports: ReadonlyMap<string, Port>;
  readonly #options: DispatcherOptions;
  readonly #device: PortDevice;
  #life: Life | undefined;
  /** How far its wall clock was set. */
  #wallMs = 0;
  #lateMs = 0;

  constructor(options: DispatcherOptions) {
    const { name, texts, file, judged } = options;
    this.name = name;
    this.#options = options;
    this.port = new Port(name, "eth0", texts.config(file, name).dispatcher.mac);
    this.ports = new Map([[this.port.name, this.port]]);
    this.port.isUp = false;
    this.#device = new PortDevice(this.port, judged);
  }

  /** The one at work; undefined while there is none. */
  get engine(): Engine | undefined {
    return this.#life?.engine;
  }

  /** By which it works, or by which it would start. */
  get config(): Config {
    return this.#life?.config ?? this.#read();
  }

  get isRunning(): boolean {
    return this.#life !== undefined;
  }

  get isFrozen(): boolean {
    return this.#life?.clock.isFrozen ?? false;
  }

  /** Of its machine, while its process runs. */
  get clock(): MachineClock | undefined {
    return this.#life?.clock;
  }

  /** Frames that its queue had no room for. */
  get lost(): number {
    return this.#device.lost;
  }

  /** Resolves when it forwards. Throws UsageError when it runs, or cannot. */
  async start(): Promise<void> {
    if (this.#life !== undefined) throw new UsageError(`"${this.name}" runs already`);
    const { time } = this.#options;
    const config = this.#read();
    const clock = new MachineClock(time);
    clock.setWall(this.#wallMs);
    clock.lateMs = this.#lateMs;
    const life: Life = { clock, engine: undefined, config, last: Promise.resolve() };
    this.#life = life;
    this.port.isUp = true;
    const engine = await Engine.start(config, this.#options.log, this.#surroundings(life));
    if (this.#life === life) this.#use(life, engine, config);
  }

  /** It ends in order. */
  stop(): Promise<void> {
    return this.#inTurn(async (life) => {
      await life.engine?.stop();
      this.#end(life);
    });
  }

  /** As kill -9. */
  kill(): void {
    if (this.#life !== undefined) this.#end(this.#life);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** As kill -STOP: frames wait in the queue, and timers are late. */
  freeze(): void {
    this.#running().clock.freeze();
    this.#device.isAsleep = true;
  }

  /** As kill -CONT: what has been due meanwhile comes first. */
  thaw(): void {
    const life = this.#running();
    if (!life.clock.isFrozen) return;
    life.clock.thaw();
    this.#options.time.at(this.#options.time.nowUs, () => {
      if (this.#life === life && !life.clock.isFrozen) this.#device.wake();
    });
  }

  /** Each of its timers is so late. */
  slow(ms: number): void {
    this.#lateMs = ms;
    if (this.#life !== undefined) this.#life.clock.lateMs = ms;
  }

  setWall(byMs: number): void {
    this.#wallMs += byMs;
    this.#life?.clock.setWall(byMs);
  }

  async administer(backend: string, state: AdministrationState): Promise<void> {
    await this.decide(backend, { state });
  }

  async decide(backend: string, wanted: Wanted): Promise<void> {
    await this.#inTurn(({ engine }) => engine!.decide(backend, wanted));
  }

  async setTechnique(technique: Technique, cluster?: string): Promise<void> {
    await this.#inTurn(({ engine }) => engine!.setTechnique(technique, cluster));
  }

  /** Its file has this text from now on, where one is given. Rejects, and changes nothing, as a reload does. */
  reload(text?: string): Promise<void> {
    const { texts, file } = this.#options;
    if (text !== undefined) texts.write(file, text);
    return this.#inTurn(async (life) => {
      const config = this.#read();
      const engine = await life.engine!.reload(config);
      if (this.#life === life) this.#use(life, engine, config);
    });
  }

  /** Another process takes over from this one, on the same device. */
  upgrade(): Promise<void> {
    return this.#inTurn(async (life) => {
      const before = life.engine!;
      const config = this.#read();
      const next = await Engine.ready(config, this.#options.log, this.#surroundings(life));
      await next.prepare(recordIn<EngineRecord>(textOf(before.rest())));
      await next.goOn(recordIn<LateRecord>(textOf(await before.stand())));
      await before.leave();
      if (this.#life === life) this.#use(life, next, config);
    });
  }

  #read(): Config {
    const { texts, file, name } = this.#options;
    return simulated(texts.config(file, name));
  }

  #surroundings({ clock }: Life): Required<Surroundings> {
    const { texts, time, random } = this.#options;
    const attachment = new PortAttachment(this.#device, clock, time);
    return { attachment, clock, random, readText: (file) => texts.read(file) };
  }

  #use(life: Life, engine: Engine, config: Config): void {
    life.engine = engine;
    life.config = config;
    engine.failed.catch((error: Error) => this.#failed(life, engine, error));
  }

  /** It can do its work no more, and its process ends. */
  #failed(life: Life, engine: Engine, error: Error): void {
    if (this.#life !== life || life.engine !== engine) return;
    this.#options.log.fatal({ event: "failed", reason: error.message }, "the dispatcher has ended");
    void engine.stop();
    this.#end(life);
  }

  #end(life: Life): void {
    if (this.#life !== life) return;
    // Whatever it still waits for never comes.
    life.clock.freeze();
    this.#life = undefined;
    this.port.isUp = false;
    this.#device.reset();
  }

  #running(): Life {
    if (this.#life === undefined) throw new UsageError(`"${this.name}" does not run`);
    return this.#life;
  }

  /** One command after another, each when it is at work. */
  #inTurn<T>(work: (life: Life) => Promise<T>): Promise<T> {
    const life = this.#life;
    if (life?.engine === undefined) return Promise.reject(new UsageError(`"${this.name}" does not run`));
    if (life.clock.isFrozen) {
      return Promise.reject(new UsageError(`"${this.name}" stands still, and answers no command`));
    }
    const turn = life.last.then(() => {
      if (this.#life !== life) throw new UsageError(`"${this.name}" has ended meanwhile`);
      return work(life);
    });
    life.last = turn.catch(() => {}); // Whoever asked hears of it.
    return turn;
  }
}

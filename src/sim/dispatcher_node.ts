/** A dispatcher in a world: a port, and the process behind it, which starts, stops, stands still, is killed, and is followed by another one. */

import type { Logger } from "pino";
import type { Technique } from "../cluster/techniques.ts";
import type { Config } from "../config/config.ts";
import type { Wanted } from "../engine/decide.ts";
import type { Engine } from "../engine/engine.ts";
import type { Surroundings } from "../engine/surroundings.ts";
import { UsageError } from "../input/errors.ts";
import type { Random } from "../system/random.ts";
import type { VirtualClock } from "../system/virtual_clock.ts";
import type { DispatcherProcess, StartProcess } from "./dispatcher_process.ts";
import type { EtcdNode } from "./etcd_node.ts";
import type { Way } from "./memory_etcd.ts";
import { MachineClock } from "./net/machine_clock.ts";
import { Port } from "./net/port.ts";
import type { WorldNode } from "./node.ts";
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
  readonly startProcess: StartProcess;
  /** Of its fleet. */
  readonly etcd: EtcdNode | undefined;
  /** Whom to tell what became of each frame, if anybody wants to know. */
  judged(): Judged | undefined;
}

/** A process from its start to its end. */
interface Life {
  readonly clock: MachineClock;
  process: DispatcherProcess | undefined;
  /** One command at a time. */
  last: Promise<unknown>;
}

/** A dispatcher: its port, and the engine behind it while it runs. */
export class DispatcherNode implements WorldNode {
  readonly kind = "dispatcher";
  readonly name: string;
  readonly ports: ReadonlyMap<string, Port>;
  readonly #options: DispatcherOptions;
  readonly #port: Port;
  readonly #device: PortDevice;
  #life: Life | undefined;
  /** How far its wall clock was set, how late its timers are, and how fast its clock is: of its machine. */
  #wallMs = 0;
  #lateMs = 0;
  #rate = 1;
  /** Its way to etcd. */
  #way: Way = {};

  /** Throws UsageError when there is no such file, and InputError for its mistakes. */
  constructor(options: DispatcherOptions) {
    const { name, texts, file, judged } = options;
    this.name = name;
    this.#options = options;
    this.#port = new Port(name, "eth0", texts.config(file, name).dispatcher.mac);
    this.#port.isUp = false;
    this.ports = new Map([[this.#port.name, this.#port]]);
    this.#device = new PortDevice(this.#port, judged);
  }

  /** The one at work; undefined while there is none. */
  get engine(): Engine | undefined {
    return this.#life?.process?.engine;
  }

  /** By which it works, or by which it would start. */
  get config(): Config {
    const { texts, file, name } = this.#options;
    return this.#life?.process?.config ?? simulated(texts.config(file, name));
  }

  /** What it has read of its fleet, as text; undefined while it is alone, or has no fleet. */
  get goesBy(): string | undefined {
    return this.#life?.process?.goesBy;
  }

  get isRunning(): boolean {
    return this.#life !== undefined;
  }

  /** It stands still, as after kill -STOP. */
  get isFrozen(): boolean {
    return this.#life?.clock.isFrozen ?? false;
  }

  portFor(name = "eth0"): Port | undefined {
    return this.ports.get(name);
  }

  /** Resolves when it forwards. Throws UsageError when it runs, or cannot. */
  async start(): Promise<void> {
    if (this.#life !== undefined) throw new UsageError(`"${this.name}" runs already`);
    const { time, startProcess } = this.#options;
    const life: Life = { clock: new MachineClock(time), process: undefined, last: Promise.resolve() };
    life.clock.setWall(this.#wallMs);
    life.clock.lateMs = this.#lateMs;
    life.clock.rate = this.#rate;
    this.#life = life;
    this.#port.isUp = true;
    try {
      const process = await startProcess({
        ...this.#options,
        surroundings: this.#surroundings(life),
        etcd: this.#options.etcd?.by(this.#wayOf(life)),
      });
      if (this.#life !== life) return;
      life.process = process;
      this.#heed(life);
    } catch (error) {
      this.#end(life);
      throw error;
    }
  }

  /** It ends in order. */
  stop(): Promise<void> {
    return this.#inTurn(async (process, life) => {
      await process.stop();
      this.#end(life);
    });
  }

  /** As kill -9. */
  kill(): void {
    this.#end(this.#living());
  }

  async heal(): Promise<void> {
    await this.start();
  }

  /** It ends in order and starts again. Rejects with UsageError when it does not run. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** As kill -STOP: frames wait in the queue, and timers are late. */
  freeze(): void {
    this.#living().clock.freeze();
    this.#device.isAsleep = true;
  }

  /** As kill -CONT: what has been due meanwhile comes first. */
  thaw(): void {
    const life = this.#living();
    if (!life.clock.isFrozen) return;
    life.clock.thaw();
    this.#options.time.at(this.#options.time.nowUs, () => {
      if (this.#life === life && !life.clock.isFrozen) this.#device.wake();
    });
  }

  /** Each of its timers is so late from now on. */
  slow(ms: number): void {
    this.#lateMs = ms;
    if (this.#life !== undefined) this.#life.clock.lateMs = ms;
  }

  /** So many of its seconds pass in one from now on. */
  setRate(rate: number): void {
    this.#rate = rate;
    if (this.#life !== undefined) this.#life.clock.rate = rate;
  }

  /** Its wall clock is set by so much. */
  setWall(byMs: number): void {
    this.#wallMs += byMs;
    this.#life?.clock.setWall(byMs);
  }

  /** What people want of a backend, as `drain`, `undrain` and `weight` say it. */
  decide(backend: string, wanted: Wanted): Promise<unknown> {
    return this.#inTurn((process) => process.decide(backend, wanted));
  }

  /** Of this cluster, or of all. */
  setTechnique(technique: Technique, cluster: string | undefined): Promise<unknown> {
    return this.#inTurn((process) => process.setTechnique(technique, cluster));
  }

  /** Its file has this text from now on, where one is given. Rejects, and the process goes on as before, as a reload does. */
  reload(text: string | undefined): Promise<void> {
    const { texts, file } = this.#options;
    if (text !== undefined) texts.write(file, text);
    return this.#inTurn(async (process, life) => {
      await process.reload();
      this.#heed(life);
    });
  }

  /** Another process takes over from this one, on the same device. */
  upgrade(): Promise<void> {
    return this.#inTurn(async (process, life) => {
      await process.upgrade(this.#surroundings(life));
      this.#heed(life);
    });
  }

  /** Throws UsageError when it has no etcd. */
  requireEtcd(): void {
    if (this.#options.etcd === undefined) throw new UsageError(`"${this.name}" has no etcd`);
  }

  /** Its way there is so from now on. */
  setEtcd(way: Way): void {
    this.#way = { ...this.#way, ...way };
  }

  /** Of the engine at work: those of one that was killed are gone with it. */
  counters(): Record<string, number> {
    const { engine } = this;
    const counters: Record<string, number> = { lost: this.#device.lost };
    if (engine === undefined) return counters;
    const { received, verdicts, dispatched, broadcast, kept } = engine.report();
    Object.assign(counters, { received, ...verdicts, "kept.sent": kept.sent, "kept.dropped": kept.dropped });
    for (const [address, frames] of Object.entries(dispatched)) counters[`to.${address}`] = frames;
    for (const [cluster, frames] of Object.entries(broadcast)) counters[`to.${cluster}`] = frames;
    for (const [what, count] of Object.entries(engine.probes)) counters[`probes.${what}`] = count;
    return counters;
  }

  #surroundings({ clock }: Life): Required<Surroundings> {
    const { texts, time, random } = this.#options;
    const attachment = new PortAttachment(this.#device, clock, time);
    return { attachment, clock, random, readText: (file) => texts.read(file) };
  }

  /** As it is at each moment. Who is dead is told nothing any more. */
  #wayOf(life: Life): Way {
    const way = () => this.#way;
    const isOver = () => this.#life !== life;
    return {
      get isCut() {
        return isOver() || way().isCut === true;
      },
      get slowMs() {
        return way().slowMs ?? 1;
      },
    };
  }

  /** When the engine at work can do its work no more, its process ends. */
  #heed(life: Life): void {
    const { engine } = life.process!;
    engine.failed.catch((error: Error) => {
      if (this.#life !== life || life.process?.engine !== engine) return;
      this.#options.log.fatal({ event: "failed", reason: error.message }, "the dispatcher has ended");
      this.#end(life);
    });
  }

  #end(life: Life): void {
    if (this.#life !== life) return;
    this.#life = undefined;
    // Whatever it still waits for never comes.
    life.clock.freeze();
    this.#port.isUp = false;
    this.#device.reset();
  }

  #living(): Life {
    if (this.#life === undefined) throw new UsageError(`"${this.name}" does not run`);
    return this.#life;
  }

  /** One command after another, each when it is at work. */
  #inTurn<T>(work: (process: DispatcherProcess, life: Life) => Promise<T>): Promise<T> {
    const life = this.#life;
    if (life === undefined) return Promise.reject(new UsageError(`"${this.name}" does not run`));
    if (life.clock.isFrozen) {
      return Promise.reject(new UsageError(`"${this.name}" stands still, and answers no command`));
    }
    const turn = life.last.then(() => {
      if (this.#life !== life || life.process === undefined) {
        throw new UsageError(`"${this.name}" has not started yet, or has ended meanwhile`);
      }
      return work(life.process, life);
    });
    life.last = turn.catch(() => {}); // Whoever asked hears of it.
    return turn;
  }
}

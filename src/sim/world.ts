/**
 * A world: the machines of a scene at work in virtual time.
 *
 *     scene ──▶ nodes, joined by links ──┬── time goes on: run, step ──▶ watchers are told
 *     schedule of actions ───────────────┘
 *
 * The same scene and the same schedule make the same world, octet for octet, however its time is cut into runs and steps: what is
 * scheduled comes before whatever else happens in the same microsecond.
 */

import { UsageError } from "../input/errors.ts";
import { VirtualClock } from "../system/virtual_clock.ts";
import type { Action, Scheduled } from "./action.ts";
import { DispatcherNode } from "./dispatcher_node.ts";
import { HostNode } from "./host_node.ts";
import type { Link } from "./net/link.ts";
import { Network } from "./net/network.ts";
import type { WorldNode } from "./node.ts";
import { type Kinds, linksOf, nodesOf, USUAL_KINDS } from "./nodes.ts";
import { preparedAction, type Work } from "./perform.ts";
import type { Scene } from "./scene.ts";
import { Texts } from "./texts.ts";
import { type LogRecord, type Watcher, Watchers } from "./watchers.ts";

/** When a world begins, by its wall clocks: on the hour, so that times are read easily. */
const BEGINS_MS: number = Date.UTC(2030, 0, 1);

/** What is to be done, and what does it. */
interface Planned extends Scheduled {
  readonly work: Work;
}

/** The machines of a scene at work, and the time that they share. */
export class World {
  /** What it was started with. */
  readonly scene: Scene;
  /** Its time, which stands still but for `run` and `step`. */
  readonly time: VirtualClock = new VirtualClock(BEGINS_MS);
  /** By their names in the scene. */
  readonly nodes: ReadonlyMap<string, WorldNode>;
  /** By their names in the scene. */
  readonly links: ReadonlyMap<string, Link>;
  readonly #network: Network;
  readonly #watchers: Watchers;
  /** What is still to be done, the next one first. */
  readonly #planned: Planned[] = [];
  readonly #kinds: Kinds;

  /**
   * Starts all that is in the scene. `kinds`: of dispatchers, where they are other than usual (fleet.ts). Throws UsageError when something is
   * wrong with the scene, and InputError when it is with a configuration.
   */
  static async start(scene: Scene, kinds: Kinds = USUAL_KINDS): Promise<World> {
    const world = new World(scene, kinds);
    const started = Promise.all(
      Object.entries(scene.nodes).map(([name, about]) => {
        const node = world.node(name);
        if (node instanceof HostNode) node.begin();
        const isOff = about.kind === "dispatcher" && about.isOff === true;
        return node instanceof DispatcherNode && !isOff ? node.start() : undefined;
      }),
    );
    world.time.pause();
    await world.time.moveTo(0);
    await started;
    return world;
  }

  private constructor(scene: Scene, kinds: Kinds) {
    this.scene = scene;
    this.#network = new Network(this.time, scene.seed);
    this.#watchers = new Watchers(this.#network);
    const texts = new Texts(scene.files);
    this.nodes = nodesOf(scene, kinds, { time: this.time, texts, watchers: this.#watchers });
    this.#kinds = kinds;
    this.links = linksOf(scene, this.nodes, this.#network);
  }

  /** Microseconds since it began. */
  get nowUs(): number {
    return this.time.nowUs;
  }

  /** When the next thing happens; Infinity when nothing is left. */
  get nextUs(): number {
    return Math.min(this.time.nextUs, this.#planned[0]?.atUs ?? Infinity);
  }

  /** The machine of this name. Throws UsageError when there is none. */
  node(name: string): WorldNode {
    const node = this.nodes.get(name);
    if (node !== undefined) return node;
    throw new UsageError(`There is no node "${name}"; there are ${[...this.nodes.keys()].join(", ")}`);
  }

  /** The link of this name. Throws UsageError when there is none. */
  link(name: string): Link {
    const link = this.links.get(name);
    if (link !== undefined) return link;
    throw new UsageError(`There is no link "${name}"; there are ${[...this.links.keys()].join(", ")}`);
  }

  /** All dispatchers, also those that do not run. */
  get dispatchers(): readonly DispatcherNode[] {
    return [...this.nodes.values()].filter((node) => node instanceof DispatcherNode);
  }

  /** Throws UsageError when an action says what this world does not have. Changes nothing. */
  check(action: Action): void {
    preparedAction(this, action);
  }

  /** Adds to what is to be done. Throws UsageError as `check` does, and for what is past. */
  plan(schedule: readonly Scheduled[]): void {
    const planned = schedule.map(({ atUs, action }) => {
      const work = preparedAction(this, action);
      if (atUs < this.nowUs || !Number.isInteger(atUs)) {
        throw new UsageError(
          `An action is to be done at ${atUs} µs; use a whole number from ${this.nowUs} on, which is now`,
        );
      }
      return { atUs, action, work };
    });
    if (planned.length === 0) return;
    this.#planned.push(...planned);
    // Those of the same time stay in their order.
    this.#planned.sort((a, b) => a.atUs - b.atUs);
  }

  /**
   * Does this as soon as whatever happens just now is over, which is a microsecond later, and says when: so that the same world comes of it
   * by a schedule. Throws UsageError as `check` does.
   */
  act(action: Action): Scheduled {
    const scheduled = { atUs: this.nowUs + 1, action };
    this.plan([scheduled]);
    return scheduled;
  }

  /**
   * Does this now. Resolves when it is done, for which time may have to go on: a reload asks the link first. Rejects with UsageError when it
   * cannot be done.
   */
  async perform(action: Action): Promise<void> {
    await this.#do(action, preparedAction(this, action));
  }

  async #do(action: Action, work: Work): Promise<void> {
    this.#watchers.tell("acted", action, this.nowUs);
    // What waits for promises goes on before time does.
    this.time.pause();
    await work();
  }

  /**
   * Lets time go on until then, and does meanwhile what is planned, and this schedule. What happens just then comes next. An action that a
   * machine refuses is told to watchers; what a watcher throws comes out here. `mayGoOn` is asked now and then: when it says no, this ends
   * earlier, and may be called again. Throws UsageError as `plan` does, and for an end that is no whole number.
   */
  async run(untilUs: number, schedule: readonly Scheduled[] = [], mayGoOn?: () => boolean): Promise<void> {
    if (!Number.isInteger(untilUs)) {
      throw new UsageError(`A world is to go on until ${untilUs} µs; use a whole number`);
    }
    this.plan(schedule);
    for (let next = this.#planned[0]; next !== undefined && next.atUs < untilUs; next = this.#planned[0]) {
      if (!await this.#moveTo(next.atUs, mayGoOn)) return;
      this.#perform(this.#planned.shift()!);
    }
    await this.#moveTo(untilUs, mayGoOn);
  }

  /** Goes on to the next thing that happens, and past it: an action, a frame that arrives, a timer. False when nothing is left. */
  async step(): Promise<boolean> {
    const next = this.#planned[0];
    if (next === undefined || next.atUs > this.time.nextUs) {
      const isLeft = await this.time.step();
      this.#watchers.requireWhole();
      return isLeft;
    }
    await this.#moveTo(next.atUs);
    this.#perform(this.#planned.shift()!);
    return await this.#moveTo(next.atUs);
  }

  /** Returns what ends it. */
  watch(watcher: Watcher): () => void {
    return this.#watchers.add(watcher);
  }

  /** All that is counted anywhere, by its node or link. */
  counters(): Record<string, number> {
    const all: Record<string, number> = {};
    for (const [name, node] of this.nodes) {
      for (const [what, count] of Object.entries(node.counters())) all[`${name}.${what}`] = count;
    }
    for (const [name, { lanes }] of this.links) {
      for (const { from, counts } of lanes) {
        for (const [what, count] of Object.entries(counts)) all[`${name}.${from.node}.${what}`] = count;
      }
    }
    return all;
  }

  /** Nothing happens any more. */
  async stop(): Promise<void> {
    for (const node of this.nodes.values()) if (node.isRunning) node.kill();
    this.#kinds.stop?.();
    this.#planned.length = 0;
    await this.time.moveTo(this.nowUs);
  }

  async #moveTo(us: number, mayGoOn?: () => boolean): Promise<boolean> {
    const hasArrived = await this.time.moveTo(us, mayGoOn);
    this.#watchers.requireWhole();
    return hasArrived;
  }

  /** What cannot be done is told. */
  #perform({ action, work }: Planned): void {
    this.#do(action, work).catch((error: Error) => {
      this.#watchers.requireWhole();
      this.#watchers.tell("refused", action, error, this.nowUs);
    }).catch(() => {}); // A watcher's own mistake: `requireWhole` says it.
  }
}

export type { LogRecord, Watcher };

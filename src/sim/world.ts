/** A world: the machines of a scene at work in virtual time. */

import type { Action, Scheduled } from "./action.ts";
import type { Scene } from "./scene.ts";

/** Whoever looks on. Each is called in the order in which things happen, and must change nothing. */
export interface Watcher {
  /** A record of a dispatcher's or an agent's log, as pino would write it. */
  logged?(record: LogRecord): void;
  /** An action begins. */
  acted?(action: Action, atUs: number): void;
  /** An action was refused by the machine that it went to, or came to nothing: a drain at a dispatcher that is dead, for example. */
  refused?(action: Action, why: Error, atUs: number): void;
  // Frames on links: `frame?(...)`, as src/sim/net has it.
}

export interface LogRecord {
  readonly atUs: number;
  readonly node: string;
  /** As pino has it: 30 is information, 40 a warning, 50 an error. */
  readonly level: number;
  readonly msg: string;
  readonly event?: string;
  readonly [key: string]: unknown;
}

/** The contract; world.ts becomes a class of this shape. */
export declare class World {
  /** Throws UsageError when something is wrong with the scene, InputError when it is with a configuration. */
  static start(scene: Scene): Promise<World>;
  readonly scene: Scene;
  /** Microseconds since it began. */
  readonly nowUs: number;
  // readonly nodes: ReadonlyMap<string, WorldNode>   DispatcherNode | BackendNode | Host | Router | Switch | EtcdNode
  // readonly links: ReadonlyMap<string, Link>         by the name in the scene
  /**
   * Does this now. Resolves when it is done, for which time may have to go on (a reload asks the link first): let it run meanwhile. Rejects with
   * UsageError when there is no such node, link or connection, or it cannot do that.
   */
  perform(action: Action): Promise<void>;
  /** Throws UsageError when an action names what this world does not have. Changes nothing. */
  check(action: Action): void;
  /** Lets time go on until then, and does what is due meanwhile. What comes to nothing is told to watchers (`refused`), and throws nothing. */
  run(untilUs: number, schedule?: readonly Scheduled[]): Promise<void>;
  /** Goes on to the next thing that happens, and past it: a frame arrives, or a timer is due. False when nothing is left. */
  step(): Promise<boolean>;
  /** Returns what ends it. */
  watch(watcher: Watcher): () => void;
  /** All that is counted anywhere: `web1.received`, `dispatcher.DISPATCHED`, `client1-router.lost`, ... */
  counters(): Record<string, number>;
  /** Ends everything. */
  stop(): Promise<void>;
}

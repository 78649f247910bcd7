/** Whoever looks on in a world. Without a watcher nothing is made for one. */

import type { Action } from "./action.ts";
import type { ConnectionEvent, EchoEvent } from "./client.ts";
import type { Network } from "./net/network.ts";
import type { Watcher as FrameWatcher } from "./net/watcher.ts";

/** A record of a dispatcher's or an agent's log, with the fields that pino would write. */
export interface LogRecord {
  readonly atUs: number;
  readonly node: string;
  /** As pino numbers them: 30 is information, 40 a warning, 50 an error, 60 the end. */
  readonly level: number;
  readonly msg: string;
  readonly event?: string;
  readonly [key: string]: unknown;
}

/** What one may be told: frames (net/watcher.ts), and these, in the order in which they happen. Whoever is told must change nothing. */
export interface Watcher extends FrameWatcher {
  logged?(record: LogRecord): void;
  /** The path of a dispatcher has decided on a frame. `sent`: what left by it, if anything did. The octets are the watcher's own. */
  judged?(
    node: string,
    octets: Uint8Array,
    verdict: number,
    sent: Uint8Array | undefined,
    atUs: number,
  ): void;
  /** What has become of a client's connection. */
  connection?(event: ConnectionEvent): void;
  /** What has become of a client's echo request or datagram. */
  echo?(event: EchoEvent): void;
  acted?(action: Action, atUs: number): void;
  /** A machine has refused an action, or it came to nothing: a drain at a dispatcher that is dead, for example. */
  refused?(action: Action, why: Error, atUs: number): void;
}

type Told = Required<Omit<Watcher, keyof FrameWatcher>>;

export class Watchers {
  readonly #network: Network;
  readonly #all = new Set<Watcher>();
  #judging = false;
  #logging = false;
  #failure: Error | undefined;

  constructor(network: Network) {
    this.#network = network;
  }

  add(watcher: Watcher): () => void {
    this.#all.add(watcher);
    this.#network.watch(watcher);
    this.#look();
    return () => {
      this.#all.delete(watcher);
      this.#network.unwatch(watcher);
      this.#look();
    };
  }

  /** Does anybody want to know what becomes of each frame? */
  get isJudging(): boolean {
    return this.#judging;
  }

  log(record: LogRecord): void {
    if (this.#logging) this.tell("logged", record);
  }

  /** Throws what a watcher has thrown, which whoever told it may have kept to itself. */
  requireWhole(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  tell<What extends keyof Told>(what: What, ...about: Parameters<Told[What]>): void {
    try {
      for (const watcher of this.#all) {
        (watcher[what] as ((...about: Parameters<Told[What]>) => void) | undefined)?.(...about);
      }
    } catch (error) {
      this.#failure ??= error as Error;
      throw error;
    }
  }

  #look(): void {
    this.#logging = [...this.#all].some(({ logged }) => logged !== undefined);
    this.#judging = [...this.#all].some(({ judged }) => judged !== undefined);
  }
}

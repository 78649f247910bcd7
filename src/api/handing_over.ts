/** The running dispatcher's side of a takeover (takeover.ts). Until the other process forwards, this one can go on. */

import type { Logger } from "pino";
import { send } from "../device/handed_descriptors.ts";
import { type EngineRecord, RECORD_VERSION } from "../engine/record.ts";
import { textOf } from "../system/record_text.ts";
import { UsageError } from "../input/errors.ts";
import type { Clock } from "../system/clock.ts";
import type { Connection, Input, Output } from "./contract.ts";
import type { EventRing } from "./event_ring.ts";
import type { Running } from "./running.ts";
import { type HandedRecord, PAUSE_MS, TAKEOVER_VERSION } from "./takeover.ts";

/** So long the other process may take to get ready, while frames go their way. */
const READY_MS = 120_000;
/** So long it may take to compute its tables, while frames go their way but neighbors' answers are not heard. */
const PREPARE_MS = 10_000;
/** So long after its end it may keep its connection open. */
const END_MS = 5000;

/** One that is under way. */
interface Turn {
  readonly pid: number;
  readonly connection: Connection;
  /** Only workers are at work. */
  record: EngineRecord | undefined;
  /** They are not either. */
  isStanding: boolean;
  isDone: boolean;
  /** What becomes of it may have changed. */
  next: PromiseWithResolvers<void>;
}

export class HandingOver {
  /** Resolves when another process has taken over, with its number; never resolves otherwise. */
  readonly done: Promise<number>;
  readonly #finish: (pid: number) => void;
  readonly #running: Running;
  readonly #ring: EventRing;
  readonly #log: Logger;
  readonly #clock: Clock;
  #turn: Turn | undefined;

  constructor(running: Running, ring: EventRing, log: Logger, clock: Clock) {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.done = promise;
    this.#finish = resolve;
    this.#running = running;
    this.#ring = ring;
    this.#log = log;
    this.#clock = clock;
  }

  /** Gives the descriptors away. Reloads wait until it is over. Throws UsageError while another process is about it. */
  begin(
    { version, pid, socket, addresses }: Input<"takeover">,
    connection: Connection,
  ): Promise<Output<"takeover">> {
    if (this.#turn !== undefined) {
      throw new UsageError(`Process ${this.#turn.pid} is taking over already`);
    }
    if (version !== TAKEOVER_VERSION) {
      throw new UsageError(
        `The running dispatcher speaks version ${TAKEOVER_VERSION} of the takeover, not ${version}: stop it, and start this one`,
      );
    }
    const turn: Turn = {
      pid,
      connection,
      record: undefined,
      isStanding: false,
      isDone: false,
      next: Promise.withResolvers(),
    };
    this.#turn = turn;
    const { promise, resolve, reject } = Promise.withResolvers<Output<"takeover">>();
    this.#running.inTurn(async () => {
      try {
        await this.#running.requireFree(addresses);
        resolve(this.#give(turn, socket));
        await this.#conclude(turn);
      } catch (error) {
        this.#turn = undefined;
        reject(error);
      }
    }).catch(reject); // The dispatcher stops.
    return promise;
  }

  /** Says what is known. */
  record(connection: Connection): Output<"takeoverRecord"> {
    const turn = this.#turnOf(connection);
    if (turn.record !== undefined) throw new UsageError("The record was given already");
    turn.record = this.#running.rest();
    turn.next.resolve();
    const handed: HandedRecord = { ...turn.record, events: this.#ring.all() };
    return { version: RECORD_VERSION, record: textOf(handed) };
  }

  /** Lets frames wait, and says what workers have written. */
  async late(connection: Connection): Promise<Output<"takeoverLate">> {
    const turn = this.#turnOf(connection);
    if (turn.record === undefined) throw new UsageError("Ask for the record first");
    turn.isStanding = true;
    turn.next.resolve();
    return { record: textOf(await this.#running.stand()) };
  }

  /** The other process forwards. */
  finish(connection: Connection): void {
    const turn = this.#turnOf(connection);
    if (turn.record === undefined) throw new UsageError("Ask for the record first");
    turn.isDone = true;
    turn.next.resolve();
  }

  #give({ pid }: Turn, socket: string): Output<"takeover"> {
    const { descriptors, ...tap } = this.#running.tap;
    this.#log.info({ event: "takeover.begun", pid }, "another process gets ready to take over");
    send(socket, "descriptors", descriptors);
    return { tap, descriptors: descriptors.length, nowMs: this.#running.nowMs };
  }

  async #conclude(turn: Turn): Promise<void> {
    let isHeard = await this.#heardWithin(turn, READY_MS);
    isHeard = isHeard && await this.#heardWithin(turn, PREPARE_MS);
    if (isHeard && turn.isStanding && !turn.isDone) await this.#heardWithin(turn, PAUSE_MS);
    if (turn.isDone) {
      await this.#heardWithin(turn, END_MS);
      return this.#finish(turn.pid);
    }
    this.#turn = undefined;
    if (turn.record !== undefined) await this.#running.goOn(turn.record);
    this.#log.warn(
      { event: "takeover.failed", pid: turn.pid },
      "another process began to take over and did not end it: this one goes on",
    );
  }

  /** Something was heard of the other process before its connection ended, and before this time was over. */
  async #heardWithin(turn: Turn, ms: number): Promise<boolean> {
    const { promise: gone, resolve } = Promise.withResolvers<boolean>();
    const timer = this.#clock.after(ms, () => resolve(false));
    const heard = await Promise.race([
      turn.next.promise.then(() => true),
      turn.connection.closed.then(() => false),
      gone,
    ]);
    timer.cancel();
    turn.next = Promise.withResolvers();
    return heard;
  }

  #turnOf(connection: Connection): Turn {
    const turn = this.#turn;
    if (turn?.connection === connection) return turn;
    throw new UsageError(
      "Nobody takes over by this connection, or it took too long and the running dispatcher goes on; try again when this machine has time",
    );
  }
}

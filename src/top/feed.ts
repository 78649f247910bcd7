/** Asks the dispatcher again and again, follows its events, and begins anew when it has been away. */

import { ask, type Conversation, converse } from "../api/client.ts";
import type { DispatcherEvent } from "../api/events.ts";
import { follow } from "../api/follow.ts";
import type { Clock, Timer } from "../system/clock.ts";
import { every } from "../system/every.ts";
import { within } from "../system/within.ts";
import { Meter } from "./readings.ts";
import type { Known } from "./screen.ts";
import type { Deed } from "./view.ts";

const PERIOD_MS = 1000;
/** A dispatcher that stands still is one that does not answer. */
const ANSWER_MS = 3000;
/** As many as the highest screen shows. */
const MOST_EVENTS = 100;

export class Feed {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #stopped = new AbortController();
  #meter = new Meter();
  #events: DispatcherEvent[] = [];
  #known: Known | undefined;
  #conversation: Conversation | undefined;
  #isFollowing = false;
  #round: Promise<void> | undefined;
  #timer: Timer | undefined;

  constructor(path: string, clock: Clock, changed: () => void) {
    this.#path = path;
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Undefined before the first answer. */
  get known(): Known | undefined {
    return this.#known;
  }

  /** Resolves with the first answer. Throws UsageError when no dispatcher runs. */
  async start(): Promise<void> {
    await this.#ask();
    this.#timer = every(this.#clock, PERIOD_MS, () => void this.#again());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#conversation?.end();
    this.#stopped.abort();
  }

  /** A sentence of what came of it. */
  async carryOut({ command, backend: id }: Exclude<Deed, "quit">): Promise<string> {
    const [cluster, backend] = id.split("/") as [string, string];
    try {
      const asked = ask(this.#path, command, { cluster, backend });
      const { state, why } = await within(this.#clock, ANSWER_MS, asked, NO_ANSWER);
      void this.#again();
      return `${id} is ${state}: ${why}`;
    } catch (error) {
      return firstLine(error);
    }
  }

  /** One round at a time. */
  #again(): Promise<void> {
    this.#round ??= this.#ask().catch((error) => this.#lost(error)).then(() => {
      this.#round = undefined;
      this.#changed();
    });
    return this.#round;
  }

  async #ask(): Promise<void> {
    this.#conversation ??= await converse(this.#path);
    const conversation = this.#conversation;
    const answers = Promise.all([conversation.ask("status", {}), conversation.ask("counters", {})]);
    const [status, counters] = await within(this.#clock, ANSWER_MS, answers, NO_ANSWER);
    if (!this.#isFollowing) await this.#follow(conversation);
    const readings = this.#meter.read(status, counters);
    this.#known = { readings, events: this.#events, trouble: undefined };
  }

  #lost(error: unknown): void {
    this.#conversation?.end();
    this.#conversation = undefined;
    if (this.#known === undefined) return;
    const sinceMs = this.#known.trouble?.sinceMs ?? this.#clock.sinceEpoch();
    this.#known = { ...this.#known, trouble: { why: firstLine(error), sinceMs } };
  }

  /** Another process has other events, and perhaps begins to count at 1. */
  async #follow(conversation: Conversation): Promise<void> {
    const latest = await within(this.#clock, ANSWER_MS, conversation.ask("events", {}), NO_ANSWER);
    this.#events = latest.slice(-MOST_EVENTS);
    this.#isFollowing = true;
    const heard = (event: DispatcherEvent) => {
      this.#events.push(event);
      if (this.#events.length > MOST_EVENTS) this.#events.shift();
    };
    follow(this.#path, latest.at(-1)?.number ?? 0, heard, this.#stopped.signal).catch(() => {
      this.#isFollowing = false;
    });
  }
}

const NO_ANSWER = `it has not answered for ${ANSWER_MS / 1000} s`;

function firstLine(error: unknown): string {
  return (error as Error).message.split("\n")[0]!;
}

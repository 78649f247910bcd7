/**
 * What happens to a dispatcher, one event after another. Whoever tells the log of something with a stable name in `event` tells
 * everybody who listens here, so the log and the events cannot say different things.
 *
 *     engine, reload, takeover ── log ──┬── its line
 *                                       └── event ──┬── hooks
 *                                                   └── ...
 */

import { EVENT_NAMES, type EventName } from "./event_names.ts";

export interface DispatcherEvent {
  /** Grows by one with each event; 1 at first. */
  readonly number: number;
  /** ISO 8601, in UTC. */
  readonly time: string;
  readonly name: EventName;
  /** A sentence for people. */
  readonly message: string;
  /** Its other keys in the log. */
  readonly data: Readonly<Record<string, unknown>>;
}

export type EventListener = (event: DispatcherEvent) => void;

const NAMES: readonly string[] = EVENT_NAMES;

export class Events {
  readonly #listeners = new Set<EventListener>();
  #number = 0;

  /** Who listens must not wait and must not throw. The function that is returned ends it. */
  listen(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Goes on after those of another process, which has one more to tell: that it was taken over. */
  goOnAfter(before: readonly DispatcherEvent[]): void {
    const last = before.at(-1);
    if (last !== undefined) this.#number = last.number + 1;
  }

  /** A line of the log, in JSON. */
  hear(line: string): void {
    // Most lines are none, and need not be read.
    if (!line.includes('"event":"')) return;
    const { level: _, time, event: name, msg: message, ...data } = JSON.parse(line);
    if (!NAMES.includes(name)) return;
    const event = { number: ++this.#number, time, name, message, data };
    for (const listener of this.#listeners) listener(event);
  }
}

/** The latest events, so that whoever missed some can ask for them. */

import type { DispatcherEvent } from "./events.ts";

const MOST_EVENTS = 1000;

export class EventRing {
  readonly #events: DispatcherEvent[] = [];
  #newest = 0;
  #added = Promise.withResolvers<void>();

  /** Their numbers grow, by one but for a takeover. */
  add(event: DispatcherEvent): void {
    this.#newest = event.number;
    this.#events[event.number % MOST_EVENTS] = event;
    this.#added.resolve();
    this.#added = Promise.withResolvers();
  }

  /** Resolves when the next one is added. */
  get added(): Promise<void> {
    return this.#added.promise;
  }

  /** Its number; 0 when there is none. */
  get newest(): number {
    return this.#newest;
  }

  /** The first after this number that is still kept. A number that has not come yet is one of another process: all are after it. */
  after(number: number): DispatcherEvent | undefined {
    if (number === this.#newest || this.#newest === 0) return undefined;
    const oldest = Math.max(1, this.#newest - MOST_EVENTS + 1);
    let next = number > this.#newest ? oldest : Math.max(number + 1, oldest);
    while (this.#events[next % MOST_EVENTS]?.number !== next) next++; // The newest is there.
    return this.#events[next % MOST_EVENTS];
  }

  /** All that are kept, the oldest first. */
  all(): DispatcherEvent[] {
    return this.#events.filter((event) => event !== undefined && event.number > this.#newest - MOST_EVENTS)
      .sort((a, b) => a.number - b.number);
  }
}

/**
 * Events as server-sent events (HTML living standard, section 9.2). What a reader has not taken yet stays in the ring and nowhere else:
 * one that is too slow misses the oldest, is told how many, and costs nothing.
 */

import type { Clock, Timer } from "../system/clock.ts";
import type { EventRing } from "./event_ring.ts";
import type { DispatcherEvent } from "./events.ts";

/** A comment after so long without an event, so that whoever is in between keeps the connection, and a dead one is noticed. */
const COMMENT_MS = 15_000;

/** Of events after the one of this number. */
export function eventStream(ring: EventRing, number: number, clock: Clock): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const closed = Promise.withResolvers<void>();
  let last = number;
  let timer: Timer | undefined;
  let isClosed = false;
  const quiet = () => new Promise<void>((resolve) => timer = clock.after(COMMENT_MS, resolve));
  return new ReadableStream({
    start: (controller) => controller.enqueue(encoder.encode(": events\n\n")),
    async pull(controller) {
      let event = ring.after(last);
      if (event === undefined) {
        await Promise.race([ring.added, quiet(), closed.promise]);
        timer?.cancel();
        event = ring.after(last);
      }
      if (isClosed) return;
      controller.enqueue(encoder.encode(event === undefined ? ":\n\n" : textOf(event, last)));
      last = event?.number ?? last;
    },
    cancel() {
      isClosed = true;
      closed.resolve();
    },
  }, { highWaterMark: 1 });
}

function textOf(event: DispatcherEvent, last: number): string {
  const missed = event.number - last - 1;
  const note = missed > 0 ? `: ${missed} older events are not kept any more\n` : "";
  return `${note}id: ${event.number}\nevent: ${event.name}\ndata: ${JSON.stringify(event)}\n\n`;
}

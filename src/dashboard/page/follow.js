/** Follows the events of the dispatcher. Not by EventSource, which could not send the token. */

import { send } from "./ask.js";

/** The dispatcher says something every 15 seconds, if only a comment; after so long without a word the connection is dead. */
const SILENT_MS = 40_000;

/** No event is so long. */
const MOST_CHARACTERS = 1 << 20;

/**
 * Resolves when the stream ends, throws when there is none.
 * @param {number} last the number of the last event that is known; 0 for none
 * @param {{ opened(): void, heard(event: import("./answers.d.ts").DispatcherEvent): void }} listener
 * @param {AbortSignal} signal
 */
export async function follow(last, { opened, heard }, signal) {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENT_MS);
  try {
    const response = await send("/v1/events", {
      headers: { "last-event-id": String(last) },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    opened();
    const decoder = new TextDecoder();
    let rest = "";
    for (const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENT_MS);
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > MOST_CHARACTERS) throw new Error("An event without end");
      // Each event has its data in one line (event_stream.ts), and its number in them.
      for (const line of lines) if (line.startsWith("data: ")) heard(JSON.parse(line.slice("data: ".length)));
    }
  } finally {
    clearTimeout(timer);
  }
}

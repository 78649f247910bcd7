/** Follows the events of a running dispatcher. */

import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { GoneError } from "./client.ts";
import { EVENT_STREAM } from "./contract.ts";
import type { DispatcherEvent } from "./events.ts";
import { request } from "../system/http.ts";

/** Calls `heard` with each event after this number. Throws GoneError when the dispatcher ends, or `signal` ends it. */
export async function follow(
  path: string,
  number: number,
  heard: (event: DispatcherEvent) => void,
  signal?: AbortSignal,
): Promise<never> {
  const headers = { "last-event-id": String(number) };
  try {
    const sent = request({ socketPath: path, path: EVENT_STREAM, headers, ...(signal && { signal }) }).end();
    const [response] = await once(sent, "response") as [IncomingMessage];
    for await (const line of createInterface({ input: response })) {
      if (line.startsWith("data: ")) heard(JSON.parse(line.slice("data: ".length)));
    }
  } catch {
    // The connection has ended, in one way or another.
  }
  throw new GoneError("The dispatcher has ended");
}

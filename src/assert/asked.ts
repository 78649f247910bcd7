/** One connection of each client of a view, or several, and what was seen of them. */

import { call } from "../lab/traffic.ts";
import type { Observation } from "../observe/protocol.ts";
import { type Connection, connectionsOf } from "./connections.ts";
import { seenWhile } from "./seen_while.ts";
import { urlOf, type View } from "./view.ts";

export interface Asked {
  readonly connections: readonly Connection[];
  readonly observations: readonly Observation[];
  /** Why there may be less than was to be expected; empty when there is not. */
  readonly notes: readonly string[];
}

/** Why nothing is known when there are no connections at all. */
export const NO_SYN = "no SYN of its clients was seen";

/** Asks so often from each client, over a connection of its own each time. */
export async function ask(view: View, each = 1): Promise<Asked> {
  const { client, from, withinMs } = view;
  const { result, observations, gaps } = await seenWhile(
    client.lab,
    () => call(client, from, urlOf(view), { each, withinS: withinMs / 1000 }),
  );
  const connections = connectionsOf(view, observations);
  const known = new Set(connections.map(({ client }) => client));
  const silent = result.filter(({ client, failure }) =>
    failure !== undefined && (client === "" ? known.size === 0 : !known.has(client))
  );
  const notes = silent.map(({ client, failure }) =>
    `${client === "" ? "" : `${client} `}sent nothing: ${failure}`
  );
  return { connections, observations, notes: [...new Set(notes), ...gaps] };
}

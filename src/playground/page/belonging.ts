/** Of a frame that a dispatcher has passed on to a backend: whose it is and why, as a sentence. The path's own words are asked for it. */

import { planOf } from "../../config/plan.ts";
import { ClientLookup } from "../../path/client_lookup.ts";
import type { World } from "../../sim/world.ts";
import { ipOf } from "../../wire/address.ts";
import type { Crossing } from "../seen/recording.ts";

/** By the map as it is now. Undefined for frames that are for no cluster. */
export function belongingOf(
  world: World,
  { verdict, octets, length, to, onward }: Crossing,
): string | undefined {
  const node = world.dispatchers.find(({ name }) => name === to);
  if (verdict !== "dispatched" || node?.engine === undefined) return undefined;
  const slot = new Uint8Array(length);
  slot.set(octets);
  const lookup = new ClientLookup(planOf(node.config).plan, slot);
  if (!lookup.look(0, length)) return undefined;
  const client = ipOf(slot.subarray(lookup.client, lookup.client + (lookup.isIpv6 ? 16 : 4)));
  const [found] = node.engine.explain(client);
  if (found === undefined) return undefined;
  const { hash, bucket, backend, keeps } = found;
  const kept = keeps === null ? "" : `, while connections that are older than its move stay with ${keeps}`;
  return `The client is ${client}. Its hash is ${hash}, so its bucket is ${bucket}, which belongs to ${
    backend ?? "nobody"
  }${kept}. It went on to ${onward ?? "nobody"}.`;
}

/** Which backend serves a client now, and why: the maps and transitions that the workers go by. */

import { explainIn, type Explanation } from "../cluster/explain.ts";
import type { LivenessBook } from "../cluster/liveness.ts";
import { UsageError } from "../input/errors.ts";
import { parseIp } from "../wire/address.ts";
import type { Forwarding } from "./forwarding.ts";

export interface LiveExplanation extends Explanation {
  /** Keeps the connections that are older than the bucket's move; null while there are none. */
  readonly keeps: string | null;
  readonly why: string;
}

/** One for each cluster. Throws UsageError when that is no address. */
export function explainLive(
  client: string,
  forwarding: Forwarding,
  liveness: LivenessBook,
): LiveExplanation[] {
  const address = parseIp(client);
  if (address === undefined) {
    throw new UsageError(`"${client}" is no address; give one such as 198.51.100.7 or 2001:db8::7`);
  }
  return forwarding.maps.map((map, index) => {
    const explanation = explainIn(map, client, address);
    const old = forwarding.transitions.oldOwner(index, explanation.bucket);
    const base = map.baseOwner(explanation.bucket);
    return { ...explanation, keeps: old?.name ?? null, why: whyNot(base?.name) };

    /** Why it is not the one that it would be if all were live. */
    function whyNot(name: string | undefined): string {
      if (forwarding.techniques.isBroadcast(map.cluster)) {
        return "each backend's filter decides: technique broadcast";
      }
      if (name === undefined || name === explanation.backend) return "the bucket is its own";
      const { state, why } = liveness.of(map.cluster.name, name);
      return `${name}, whose bucket it is, is ${state}: ${why}`;
    }
  });
}

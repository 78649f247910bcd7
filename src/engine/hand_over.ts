/** How an engine goes on by what another one knows: each part tells what it knows, and the same part of the other one takes it over. */

import type { LivenessBook } from "../cluster/liveness.ts";
import type { Prober } from "../health/prober.ts";
import type { Announcing } from "./announcing.ts";
import type { Resolver } from "../link/resolver.ts";
import type { Forwarding } from "./forwarding.ts";
import type { Pair } from "../vrrp/pair.ts";
import type { Publisher } from "../plane/publisher.ts";
import type { EngineRecord } from "./record.ts";

/** The parts of an engine that know something. */
export interface Parts {
  readonly resolver: Resolver;
  readonly liveness: LivenessBook;
  readonly prober: Prober;
  readonly forwarding: Forwarding;
  readonly pair: Pair;
  readonly announcing: Announcing | undefined;
  readonly publisher: Publisher;
}

/** Nothing happens by itself any more in these. */
export function recordOf(
  { resolver, liveness, prober, forwarding, pair, announcing, publisher }: Parts,
): EngineRecord {
  return {
    neighbors: resolver.neighbors.record(),
    liveness: liveness.record(),
    agreement: liveness.agreement ?? null,
    health: prober.record(),
    techniques: forwarding.techniques.record(),
    transitions: forwarding.transitions.record(),
    pair: pair.record(),
    announcing: announcing?.record() ?? null,
    epoch: publisher.epoch,
  };
}

/** Into parts that have not begun yet. Then they compute their maps. */
export function adopt(
  record: EngineRecord,
  { resolver, liveness, prober, forwarding, pair, announcing, publisher }: Parts,
): void {
  resolver.neighbors.adopt(record.neighbors);
  liveness.adopt(record.liveness);
  if (record.agreement !== null) liveness.agree(record.agreement);
  prober.adopt(record.health);
  forwarding.techniques.adopt(record.techniques);
  forwarding.transitions.adopt(record.transitions);
  pair.adopt(record.pair);
  if (record.announcing !== null) announcing?.adopt(record.announcing);
  publisher.adopt(record.epoch);
}

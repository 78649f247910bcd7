/** What people decide of one backend while the dispatcher runs: that it drains, serves again, or has another weight. */

import { findBackend } from "../cluster/find_backend.ts";
import type { AdministrationState } from "../cluster/liveness.ts";
import type { Decision } from "../cluster/quorum.ts";
import { UsageError } from "../input/errors.ts";
import type { EngineParts } from "./parts.ts";
import { type BackendStatus, backendStatus } from "./status.ts";

export interface Wanted {
  readonly state?: AdministrationState;
  readonly weight?: number;
}

/** Throws UsageError while the other one of a pair is active: what is decided there is taken over here. */
export function requireHere({ peer }: Pick<EngineParts, "peer">): void {
  if (peer?.isElsewhere !== true) return;
  throw new UsageError(
    `This dispatcher is the backup of a pair, and has what is decided at the active one, ${peer.address}; give the command there`,
  );
}

/**
 * Resolves with the backend's status when the workers follow. Throws UsageError when there is none of this name, or several, or when its
 * cluster broadcasts.
 */
export async function decide(
  parts: EngineParts,
  nameOrPath: string,
  { state, weight }: Wanted,
): Promise<BackendStatus> {
  const { liveness, forwarding, changes, publisher, shared } = parts;
  const { cluster, backend } = decidable(parts, nameOrPath);
  if (state !== undefined || weight !== undefined) requireHere(parts);
  if (state !== undefined) liveness.administer(cluster.name, backend.name, state, "by command");
  if (weight !== undefined) liveness.setWeight(cluster.name, backend.name, weight);
  await changes.add();
  await publisher.published();
  await shared.settled();
  const buckets = forwarding.bucketsOf(cluster, backend);
  return backendStatus(cluster, backend, buckets, parts);
}

/** The same for all dispatchers of a fleet, to be written down first. What is not said stays as it is. Throws as `decide` does. */
export function decisionOf(
  parts: EngineParts,
  nameOrPath: string,
  { state, weight }: Wanted,
  before: Decision | undefined,
): Decision {
  const { cluster: { name: cluster }, backend: { name: backend } } = decidable(parts, nameOrPath);
  return {
    cluster,
    backend,
    state: state ?? before?.state ?? "active",
    weight: weight === undefined
      ? before?.weight ?? null
      : parts.liveness.decidedWeight(cluster, backend, weight),
  };
}

function decidable({ config, forwarding }: EngineParts, nameOrPath: string) {
  const found = findBackend(config.clusters, nameOrPath);
  const { name } = found.cluster;
  if (!forwarding.techniques.isBroadcast(found.cluster)) return found;
  throw new UsageError(
    `In cluster "${name}" each backend's agent decides, by the configuration, because its technique is broadcast; ` +
      `use "oneip technique route --cluster ${name}" first`,
  );
}

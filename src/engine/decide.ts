/** What people decide of one backend while the dispatcher runs: that it drains, serves again, or has another weight. */

import { findBackend } from "../cluster/find_backend.ts";
import type { AdministrationState } from "../cluster/liveness.ts";
import { UsageError } from "../input/errors.ts";
import type { EngineParts } from "./parts.ts";
import { type BackendStatus, backendStatus } from "./status.ts";

export interface Decision {
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
  { state, weight }: Decision,
): Promise<BackendStatus> {
  const { config, liveness, forwarding, changes, publisher, shared } = parts;
  const { cluster, backend } = findBackend(config.clusters, nameOrPath);
  requireHere(parts);
  if (forwarding.techniques.isBroadcast(cluster)) {
    throw new UsageError(
      `In cluster "${cluster.name}" each backend's agent decides, by the configuration, because its technique is broadcast; ` +
        `use "oneip technique route --cluster ${cluster.name}" first`,
    );
  }
  if (state !== undefined) liveness.administer(cluster.name, backend.name, state, "by command");
  if (weight !== undefined) liveness.setWeight(cluster.name, backend.name, weight);
  await changes.add();
  await publisher.published();
  await shared.settled();
  const buckets = forwarding.bucketsOf(cluster, backend);
  return backendStatus(cluster, backend, buckets, parts);
}

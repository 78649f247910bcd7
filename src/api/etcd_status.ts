/** What a dispatcher that shares by etcd tells of that. */

import type { Requests } from "../fleet/etcd/etcd.ts";
import type { ViewCounts, ViewStatus } from "../fleet/etcd/view.ts";
import type { Clock } from "../system/clock.ts";

/** For the metrics. */
export interface EtcdKnown {
  readonly status: ViewStatus;
  readonly counts: ViewCounts & { readonly requests: Requests };
}

export interface EtcdStatus {
  /** By what the others know it. */
  readonly name: string;
  /** The member of etcd that it asks first. */
  readonly endpoint: string;
  /** It goes by what it finds itself. */
  readonly alone: boolean;
  /** Null while it is not. */
  readonly why: string | null;
  /** ISO 8601, in UTC. */
  readonly since: string;
  /** Of the shared configuration that it runs by; 0: that of its file. */
  readonly revision: number;
  /** Of one that it refused. */
  readonly refused: number | null;
  /** Whose word counts. */
  readonly dispatchers: readonly { readonly name: string; readonly revision: number }[];
}

export function etcdStatusOf(status: ViewStatus | null, clock: Clock): EtcdStatus | null {
  if (status === null) return null;
  const { isAlone: alone, sinceMs, ...rest } = status;
  return { ...rest, alone, since: new Date(clock.sinceEpoch() - clock.now() + sinceMs).toISOString() };
}

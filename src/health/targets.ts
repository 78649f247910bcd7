/** Whom to ask what, from the configuration: each probe of each backend, at each cluster address and port. */

import type { BackendConfig, ClusterConfig, Config } from "../config/config.ts";
import { portsOf, probesOf } from "../config/health.ts";
import type { Probe } from "../config/meaning.ts";
import type { IpFrames } from "../link/ip_frames.ts";
import type { Failure } from "./attempt.ts";
import { Judge } from "./judge.ts";

/** What is asked again and again, and what has come of it. */
export interface Target {
  readonly probe: Probe;
  /** Our address and the cluster address. */
  readonly from: string;
  readonly to: string;
  /** 0 for a probe that asks no port. */
  readonly port: number;
  readonly judge: Judge;
  /** The last one. */
  failure: Failure | undefined;
  /** How long the latest successful attempt took; null before it. */
  tookMs: number | null;
  /** The last attempt got no answer at all. */
  wasSilent: boolean;
  /** By the clock: when the last attempt began. */
  beganMs: number;
  /** By the clock: when an attempt ended whose failure may be ours, because we were late, and has not been counted; else Infinity. */
  doubtedMs: number;
}

/** A backend of a cluster that has something to be asked. */
export interface Probed {
  readonly cluster: string;
  readonly backend: string;
  /** Primary. */
  readonly address: string;
  readonly targets: readonly Target[];
}

export function probedBackends({ clusters }: Config, frames: IpFrames): Probed[] {
  return clusters.flatMap((cluster) => {
    const ways = cluster.addresses.flatMap((to) => {
      const from = frames.ownAddressFor(to);
      return from === undefined ? [] : [{ from, to }];
    });
    return cluster.backends.map((backend) => ({
      cluster: cluster.name,
      backend: backend.name,
      address: backend.address,
      targets: targetsOf(cluster, backend, ways),
    }));
  }).filter(({ targets }) => targets.length > 0);
}

function targetsOf(
  cluster: ClusterConfig,
  backend: BackendConfig,
  ways: readonly Pick<Target, "from" | "to">[],
): Target[] {
  return probesOf(cluster, backend).flatMap((probe) =>
    ways.flatMap(({ from, to }) =>
      portsOf(probe, cluster.ports).map((port): Target => ({
        probe,
        from,
        to,
        port,
        judge: new Judge(probe),
        failure: undefined,
        tookMs: null,
        wasSilent: false,
        beganMs: -Infinity,
        doubtedMs: Infinity,
      }))
    )
  );
}

/** Cluster addresses that cannot be probed, because the dispatcher has no address of their family to ask from. */
export function unaskable({ clusters }: Config, frames: IpFrames): string[] {
  const probed = clusters.filter((cluster) =>
    cluster.backends.some((backend) => probesOf(cluster, backend).length > 0)
  );
  return probed.flatMap(({ addresses }) => addresses).filter((address) =>
    frames.ownAddressFor(address) === undefined
  );
}

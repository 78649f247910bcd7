/** What a new configuration changes of an old one, and how many clients meet another backend by it. */

import type { ClusterConfig, Config } from "../config/config.ts";
import {
  configData,
  type Json,
  type JsonMapping,
  type PrintedConfig,
  writtenConfig,
} from "../config/print.ts";
import { UsageError } from "../input/errors.ts";
import { ClusterMap } from "./cluster_map.ts";

/** One key that has another value. Clusters and backends are compared by their names. */
export interface ConfigChange {
  /** Null: of the dispatcher. */
  readonly cluster: string | null;
  /** Null: of the cluster itself. */
  readonly backend: string | null;
  /** As in a file. Null: the whole cluster or backend has come or gone. */
  readonly key: string | null;
  /** Null: it was not there. */
  readonly old: Json;
  /** Null: it is not there any more. */
  readonly new: Json;
}

/** Of a cluster that is in both, with all its backends live. */
export interface Moving {
  readonly cluster: string;
  /** The share of its clients that meet another backend, 0 to 1. */
  readonly share: number;
}

export interface ConfigChanges {
  readonly changes: readonly ConfigChange[];
  readonly moving: readonly Moving[];
}

/** Keys of the dispatcher that belong to its device, or that others on the link know it by. */
const FIXED = ["interface", "bridge", "mac", "mtu", "queues", "offloads"];

/** Throws UsageError when something of the dispatcher, as `oneip check --json` prints it, cannot change while it runs. */
export function requireSameDevice(old: JsonMapping, now: JsonMapping): void {
  const fixed = keysBetween({ cluster: null, backend: null }, old, now)
    .filter(({ key }) => FIXED.includes(key!));
  if (fixed.length === 0) return;
  const names = fixed.map(({ key }) => `dispatcher.${key}`).join(", ");
  throw new UsageError(
    `${names} cannot change while the dispatcher runs, so nothing was changed: stop and start it`,
  );
}

export function changesBetween(old: Config, now: Config): ConfigChanges {
  const [before, after] = [printed(old), printed(now)];
  const changes = [
    ...keysBetween({ cluster: null, backend: null }, before.dispatcher, after.dispatcher),
    ...pairs(before.clusters, after.clusters).flatMap(({ name, one, other }): readonly ConfigChange[] => {
      const whole = { cluster: name, backend: null, key: null };
      if (one === undefined || other === undefined) {
        return [{ ...whole, old: one ?? null, new: other ?? null }];
      }
      return clusterChanges(name, one, other);
    }),
  ];
  const moving = pairs(old.clusters, now.clusters).flatMap(({ name, one, other }) =>
    one === undefined || other === undefined ? [] : [{ cluster: name, share: shareMoving(one, other) }]
  );
  return { changes, moving };
}

type PrintedCluster = PrintedConfig["clusters"][number];

/** Names and values as in a file; null for what is left out. */
function printed(config: Config): PrintedConfig {
  const [written, data] = [writtenConfig(config), configData(config)];
  return {
    dispatcher: nullWhereAbsent(written.dispatcher, data.dispatcher),
    clusters: written.clusters.map((cluster, index) => ({
      ...nullWhereAbsent(cluster, data.clusters[index]!),
      backends: cluster.backends.map((backend, place) =>
        nullWhereAbsent(backend, data.clusters[index]!.backends[place]!)
      ),
    })),
  };
}

/** Both have their keys in the same order. */
function nullWhereAbsent(written: JsonMapping, data: JsonMapping): JsonMapping {
  const values = Object.values(data);
  return Object.fromEntries(
    Object.entries(written).map(([key, value], index) => [key, values[index] === null ? null : value]),
  );
}

function clusterChanges(cluster: string, one: PrintedCluster, other: PrintedCluster): ConfigChange[] {
  const { backends: before, ...oneRest } = one;
  const { backends: after, ...otherRest } = other;
  return [
    ...keysBetween({ cluster, backend: null }, oneRest as JsonMapping, otherRest as JsonMapping),
    ...pairs(before, after).flatMap(({ name, one, other }): readonly ConfigChange[] => {
      const whole = { cluster, backend: name, key: null };
      if (one === undefined || other === undefined) {
        return [{ ...whole, old: one ?? null, new: other ?? null }];
      }
      return keysBetween({ cluster, backend: name }, one, other);
    }),
  ];
}

function keysBetween(
  place: Pick<ConfigChange, "cluster" | "backend">,
  one: JsonMapping,
  other: JsonMapping,
): ConfigChange[] {
  return Object.keys(other).flatMap((key) => {
    const [old = null, now = null] = [one[key], other[key]];
    return JSON.stringify(old) === JSON.stringify(now) ? [] : [{ ...place, key, old, new: now }];
  });
}

interface Pair<T> {
  readonly name: string;
  readonly one: T | undefined;
  readonly other: T | undefined;
}

/** By name, those that are in the second list first. */
function pairs<T extends JsonMapping | ClusterConfig>(before: readonly T[], after: readonly T[]): Pair<T>[] {
  const byName = (items: readonly T[]) => new Map(items.map((item) => [String(item["name"]), item]));
  const [ones, others] = [byName(before), byName(after)];
  return [...new Set([...others.keys(), ...ones.keys()])].map((name) => (
    { name, one: ones.get(name), other: others.get(name) }
  ));
}

/** A backend of the same name at another address is another machine. */
function shareMoving(one: ClusterConfig, other: ClusterConfig): number {
  const [before, after] = [ownersOf(one), ownersOf(other)];
  const count = Math.max(before.length, after.length);
  if (one.seed !== other.seed || JSON.stringify(one.mask) !== JSON.stringify(other.mask)) {
    return 1 - chanceOfSame(before, after);
  }
  let moving = 0;
  for (let bucket = 0; bucket < count; bucket++) {
    if (at(before, bucket, count) !== at(after, bucket, count)) moving++;
  }
  return moving / count;
}

/** A bucket is a share of the hash's range, so the counts, powers of two, nest. */
function at(owners: readonly string[], bucket: number, count: number): string {
  return owners[Math.floor(bucket * owners.length / count)]!;
}

/** That two maps give a client the same backend when its hash in the one says nothing of that in the other. */
function chanceOfSame(before: readonly string[], after: readonly string[]): number {
  const share = (owners: readonly string[], owner: string) =>
    owners.filter((one) => one === owner).length / owners.length;
  return [...new Set(before)].reduce((sum, owner) => sum + share(before, owner) * share(after, owner), 0);
}

function ownersOf(cluster: ClusterConfig): string[] {
  const indices = new Map(cluster.backends.map((backend, index) => [backend, index]));
  const names = cluster.backends.map(({ name, address }) => `${name} ${address}`);
  return Array.from(
    new ClusterMap(cluster).owners((backend) => indices.get(backend)!),
    (index) => names[index] ?? "",
  );
}

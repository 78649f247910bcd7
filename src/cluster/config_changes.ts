/** What a new configuration changes of an old one, and how many clients meet another backend by it. */

import type * as z from "zod";
import { api } from "../config/api.ts";
import { backend, cluster } from "../config/cluster.ts";
import type { ClusterConfig, Config } from "../config/config.ts";
import { dispatcher } from "../config/dispatcher.ts";
import { fleet } from "../config/fleet.ts";
import { type Json, type JsonMapping, writtenSection } from "../config/print.ts";
import { UsageError } from "../input/errors.ts";
import { finish } from "../table/steps.ts";
import { ClusterMap } from "./cluster_map.ts";

/** One key that has another value. Clusters and backends are compared by their names. */
export interface ConfigChange {
  /** Null: of the dispatcher, the fleet, or the API. */
  readonly cluster: string | null;
  /** Null: of the cluster itself. */
  readonly backend: string | null;
  /** As in a file; `fleet` or `api` stands before theirs. Null: the whole cluster or backend has come or gone. */
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
const FIXED = ["interface", "bridge", "mac", "mtu", "queues", "offloads", "user"];

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
  return finish(changesInSteps(old, now));
}

/** The same in steps: the maps of a large cluster take a while. */
export function* changesInSteps(old: Config, now: Config): Generator<void, ConfigChanges> {
  const changes = keyChangesBetween(old, now);
  const moving: Moving[] = [];
  for (const { name, one, other } of pairs(old.clusters, now.clusters)) {
    if (one === undefined || other === undefined) continue;
    yield;
    moving.push({ cluster: name, share: yield* shareMoving(one, other) });
  }
  return { changes, moving };
}

/** Without what that means for clients. */
export function keyChangesBetween(old: Config, now: Config): ConfigChange[] {
  return [
    ...sectionChanges(NOWHERE, dispatcher, old.dispatcher, now.dispatcher),
    ...pairs(old.clusters, now.clusters).flatMap(clusterChanges),
    ...fleetChanges(old.fleet, now.fleet),
    ...inSection("api", sectionChanges(NOWHERE, api, old.api, now.api)),
  ];
}

/** Of no cluster. */
const NOWHERE = { cluster: null, backend: null };

/** It may come and go as a whole. */
function fleetChanges(one: Config["fleet"], other: Config["fleet"]): ConfigChange[] {
  if (one !== undefined && other !== undefined) {
    return inSection("fleet", sectionChanges(NOWHERE, fleet, one, other));
  }
  return one === other ? [] : [{ ...wholeChange(NOWHERE, fleet, one, other), key: "fleet" }];
}

function inSection(name: string, changes: readonly ConfigChange[]): ConfigChange[] {
  return changes.map((change) => ({ ...change, key: `${name}.${change.key}` }));
}

function clusterChanges({ name, one, other }: Pair<ClusterConfig>): readonly ConfigChange[] {
  const place = { cluster: name, backend: null };
  if (one === undefined || other === undefined) return [wholeChange(place, cluster, one, other)];
  const [before, after] = [one, other].map((whole) => ({ ...whole, backends: [] }));
  return [
    ...sectionChanges(place, cluster, before!, after!),
    ...pairs(one.backends, other.backends).flatMap(({ name: own, one, other }) =>
      one === undefined || other === undefined
        ? [wholeChange({ cluster: name, backend: own }, backend, one, other)]
        : sectionChanges({ cluster: name, backend: own }, backend, one, other)
    ),
  ];
}

type Where = Pick<ConfigChange, "cluster" | "backend">;

function wholeChange(
  where: Where,
  schema: z.ZodType,
  one: object | undefined,
  other: object | undefined,
): ConfigChange {
  const [old, now] = [one, other].map((section) =>
    section === undefined ? null : writtenSection(schema, section)
  );
  return { ...where, key: null, old: old!, new: now! };
}

/** Of two that are the same, as most are, nothing is printed: that would take a while with thousands of backends. */
function sectionChanges(where: Where, schema: z.ZodType, one: object, other: object): ConfigChange[] {
  if (JSON.stringify(one) === JSON.stringify(other)) return [];
  return keysBetween(where, writtenSection(schema, one), writtenSection(schema, other));
}

function keysBetween(
  where: Where,
  one: JsonMapping,
  other: JsonMapping,
): ConfigChange[] {
  return Object.keys(other).flatMap((key) => {
    const [old = null, now = null] = [one[key], other[key]];
    return JSON.stringify(old) === JSON.stringify(now) ? [] : [{ ...where, key, old, new: now }];
  });
}

interface Pair<T> {
  readonly name: string;
  readonly one: T | undefined;
  readonly other: T | undefined;
}

/** By name, those that are in the second list first. */
function pairs<T extends { readonly name: string }>(before: readonly T[], after: readonly T[]): Pair<T>[] {
  const byName = (items: readonly T[]) => new Map(items.map((item) => [item.name, item]));
  const [ones, others] = [byName(before), byName(after)];
  return [...new Set([...others.keys(), ...ones.keys()])].map((name) => (
    { name, one: ones.get(name), other: others.get(name) }
  ));
}

/** A backend of the same name at another address is another machine. */
function* shareMoving(one: ClusterConfig, other: ClusterConfig): Generator<void, number> {
  if (JSON.stringify(mapOf(one)) === JSON.stringify(mapOf(other))) return 0;
  const before = ownersOf(one);
  yield;
  const after = ownersOf(other);
  yield;
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

/** All that says where a client goes. */
function mapOf({ buckets, seed, mask, algorithm, backends }: ClusterConfig): object {
  const members = backends.map(({ name, address, weight, backup }) => [name, address, weight, backup]);
  return { buckets, seed, mask, algorithm, members };
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

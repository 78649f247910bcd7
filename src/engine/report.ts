/** What a dispatcher has done since it started: the sums of its counters. */

import { REASONS } from "../kernel/program/passed_up.ts";
import * as verdict from "../path/verdict.ts";
import type { Resolver } from "../link/resolver.ts";
import type { SharedState } from "../plane/shared_state.ts";
import type { Forwarding } from "./forwarding.ts";
import type { TransitionReport } from "./transitions.ts";

/** What a dispatcher has done since it started. */
export interface Report {
  /** Frames to the device: the sum of all verdicts. */
  readonly received: number;
  /** The same by data-plane worker, which reads them from the device. */
  readonly workers: readonly number[];
  /** What the kernel did before the device: frames that it has dispatched itself, and those that it has passed up, by reason. */
  readonly fastPath: { readonly dispatched: number; readonly passedUp: Readonly<Record<string, number>> };
  /** Frames by verdict; the names are path/verdict.ts. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** Frames dispatched by backend address. */
  readonly dispatched: Readonly<Record<string, number>>;
  /** The octets of these frames, Ethernet headers among them. */
  readonly octets: Readonly<Record<string, number>>;
  /** The same by cluster. */
  readonly clusters: Readonly<Record<string, { readonly frames: number; readonly octets: number }>>;
  /** Frames sent to all backends, by cluster: technique `broadcast`. */
  readonly broadcast: Readonly<Record<string, number>>;
  /** By cluster. */
  readonly transitions: Readonly<Record<string, TransitionReport>>;
  /** Frames that waited for a backend's MAC. */
  readonly kept: { readonly sent: number; readonly dropped: number };
  /** How often a silent neighbor was given more time, because this machine lost frames or was late, or nobody answered. */
  readonly doubted: number;
}

export function reportOf(
  shared: SharedState,
  forwarding: Forwarding,
  { kept, neighbors }: Resolver,
): Report {
  const workers = shared.workers.map((worker) => worker.received());
  const clusters = forwarding.maps.map(({ cluster }) => cluster);
  const addresses = clusters.flatMap(({ backends }) => backends.map(({ address }) => address));
  const byAddress = (count: (neighbor: number) => number) =>
    Object.fromEntries(addresses.map((address) => [address, count(forwarding.neighborOf(address))]));
  return {
    received: workers.reduce((sum, count) => sum + count, shared.fastPath.dispatched),
    workers,
    fastPath: {
      dispatched: shared.fastPath.dispatched,
      passedUp: Object.fromEntries(
        REASONS.map((reason, index) => [reason, shared.fastPath.passedUp[index]!]),
      ),
    },
    verdicts: Object.fromEntries(
      shared.verdicts().map((count, index) => [verdict.NAMES[index]!, count]),
    ),
    dispatched: byAddress((neighbor) => shared.toNeighbor(neighbor).frames),
    octets: byAddress((neighbor) => shared.toNeighbor(neighbor).octets),
    clusters: Object.fromEntries(clusters.map(({ name }, index) => [name, shared.toCluster(index)])),
    broadcast: Object.fromEntries(
      clusters.map(({ name }, index) => [name, shared.toNeighbor(forwarding.groupOf(index)).frames]),
    ),
    transitions: Object.fromEntries(
      clusters.map(({ name }, index) => {
        const transitions = forwarding.transitions.of(index);
        return [name, {
          ...transitions,
          unremembered: transitions.unremembered + shared.unremembered(index),
        }];
      }),
    ),
    kept: { ...kept },
    doubted: neighbors.doubted,
  };
}

/** Machines, and clusters, that are gone and whose numbers are still told: so that reloads without end do not fill the memory. */
export const MOST_GONE = 1000;

/** What was done under two configurations, one after the other; what is in transition is so by the latter. */
export function sumOf(before: Report, now: Report): Report {
  const sum = add(
    {
      ...before,
      dispatched: someOf(before.dispatched, now.dispatched),
      octets: someOf(before.octets, now.octets),
      clusters: someOf(before.clusters, now.clusters),
      broadcast: someOf(before.broadcast, now.broadcast),
      transitions: someOf(before.transitions, now.transitions),
    },
    now,
  ) as Report;
  const transitions = Object.entries(sum.transitions).map(([name, { unremembered }]) => {
    const { buckets = 0, remembered = 0 } = now.transitions[name] ?? {};
    return [name, { buckets, remembered, unremembered }];
  });
  return { ...sum, transitions: Object.fromEntries(transitions) };
}

/** Of what is gone the last ones. */
function someOf<Value>(
  before: Readonly<Record<string, Value>>,
  now: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value>> {
  const gone = Object.keys(before).filter((name) => !(name in now));
  const forgotten = new Set(gone.slice(0, Math.max(0, gone.length - MOST_GONE)));
  return Object.fromEntries(Object.entries(before).filter(([name]) => !forgotten.has(name)));
}

/** Adds numbers; of lists and mappings, what stands at the same place. */
function add(one: unknown, other: unknown): unknown {
  if (typeof one === "number" && typeof other === "number") return one + other;
  if (Array.isArray(one) && Array.isArray(other)) return one.map((item, index) => add(item, other[index]));
  const [ones, others] = [one, other] as Readonly<Record<string, unknown>>[];
  const keys = new Set([...Object.keys(ones!), ...Object.keys(others!)]);
  return Object.fromEntries([...keys].map((key) => {
    const [first, second] = [ones![key], others![key]];
    return [key, first === undefined ? second : second === undefined ? first : add(first, second)];
  }));
}

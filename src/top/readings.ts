/** What the screen shows of a dispatcher: its latest answers, and rates from how they differ from those before. */

import type { Output } from "../api/contract.ts";
import { ratesBetween } from "../api/rates.ts";
import type { BackendStatus } from "../engine/status.ts";
import { isDropped, NAMES } from "../path/verdict.ts";

type Status = Output<"status">;
type Counters = Output<"counters">;

/** Frames each second that a sparkline has room for on the widest screen. */
const MOST_SECONDS = 60;

const DROPS: readonly string[] = NAMES.filter((_, verdict) => isDropped(verdict));

/** A second. Null while there is only one answer. */
export type Rate = number | null;

export interface BackendReading extends BackendStatus {
  /** `CLUSTER/NAME`. */
  readonly id: string;
  /** Of the cluster's buckets, 0 to 1. */
  readonly share: number;
  /** Those of its machine, which may be a backend of several clusters. */
  readonly frames: Rate;
  readonly bits: Rate;
  /** Frames each second, the latest last. */
  readonly history: readonly number[];
}

export interface DropReading {
  readonly name: string;
  readonly rate: Rate;
  readonly total: number;
}

export interface Readings {
  /** Milliseconds since 1970, by the dispatcher. */
  readonly timeMs: number;
  readonly status: Status;
  readonly backends: readonly BackendReading[];
  /** Of all that was dropped for a reason that has occurred, the most at present first. */
  readonly drops: readonly DropReading[];
  /** Read by workers, and dispatched by the kernel. */
  readonly framesIn: Rate;
  /** Of these the kernel's. */
  readonly framesFast: Rate;
  readonly framesDispatched: Rate;
  readonly bitsDispatched: Rate;
  readonly framesDropped: Rate;
  readonly bucketsInTransition: number;
}

export class Meter {
  #before: Counters | undefined;
  #histories = new Map<string, readonly number[]>();

  read(status: Status, counters: Counters): Readings {
    const before = this.#before;
    this.#before = counters;
    const rate = rateSince(before, counters);
    const machines = new Map(
      (before === undefined ? [] : ratesBetween(before, counters)).map((one) => [one.address, one]),
    );
    // Of machines that are gone nothing is kept.
    this.#histories = new Map(
      [...machines].map((
        [address, { framesPerSecond }],
      ) => [address, this.#historyOf(address, framesPerSecond)]),
    );
    const backends = status.clusters.flatMap((cluster) =>
      cluster.backends.map((backend): BackendReading => {
        const rates = machines.get(backend.address);
        return {
          ...backend,
          id: `${cluster.name}/${backend.name}`,
          share: backend.buckets / cluster.buckets,
          frames: rates?.framesPerSecond ?? null,
          bits: rates?.bitsPerSecond ?? null,
          history: this.#histories.get(backend.address) ?? [],
        };
      })
    );
    const drops = dropsOf(counters).map(({ name, total }, index): DropReading => (
      { name, total, rate: before === undefined ? null : rate(dropsOf(before)[index]!.total, total) }
    ));
    return {
      timeMs: Date.parse(counters.time),
      status,
      backends,
      drops: drops.filter(({ total }) => total > 0).sort((a, b) =>
        (b.rate ?? 0) - (a.rate ?? 0) || b.total - a.total
      ),
      framesIn: before === undefined ? null : rate(framesOf(before), framesOf(counters)),
      framesFast: before === undefined
        ? null
        : rate(before.fastPath.dispatched, counters.fastPath.dispatched),
      framesDispatched: sumOf([...machines.values()].map(({ framesPerSecond }) => framesPerSecond)),
      bitsDispatched: sumOf([...machines.values()].map(({ bitsPerSecond }) => bitsPerSecond)),
      framesDropped: sumOf(drops.map(({ rate }) => rate)),
      bucketsInTransition: sum(counters.clusters.map(({ bucketsInTransition }) => bucketsInTransition)),
    };
  }

  #historyOf(address: string, frames: number): readonly number[] {
    return [...(this.#histories.get(address) ?? []).slice(1 - MOST_SECONDS), frames];
  }
}

/** Of two counts. One that has begun anew in between says nothing. */
function rateSince(before: Counters | undefined, now: Counters): (before: number, now: number) => Rate {
  const seconds = before === undefined ? 0 : (Date.parse(now.time) - Date.parse(before.time)) / 1000;
  return (before, now) => seconds > 0 ? Math.max(0, now - before) / seconds : null;
}

/** Each reason, always in the same order. */
function dropsOf({ verdicts, tapDropped, pending }: Counters): { name: string; total: number }[] {
  return [
    ...DROPS.map((name) => ({ name, total: verdicts[name] ?? 0 })),
    { name: "waited for a MAC in vain", total: pending.dropped },
    { name: "the interface's queue was full", total: tapDropped },
  ];
}

function framesOf({ workers, fastPath }: Counters): number {
  return sum(workers) + fastPath.dispatched;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

/** Null when none is known. */
function sumOf(rates: readonly Rate[]): Rate {
  const known = rates.filter((rate) => rate !== null);
  return known.length === 0 ? null : sum(known);
}

/** What was looked at, and what came of it: plain data. */

import type { CounterExample } from "./counter_example.ts";
import type { Row } from "./enumerations.ts";
import type { Nearest } from "./live_set_checks.ts";
import type { Claim } from "./tally.ts";

export interface ClaimReport {
  readonly id: Claim;
  readonly claim: string;
  /** So many, of what `unit` says. */
  readonly asked: number;
  readonly unit: string;
  readonly wrong: number;
  /** The first that was wrong. */
  readonly example: CounterExample | null;
}

/** A backend's part of a live set that was asked for by name. */
export interface ShareReport {
  readonly backend: string;
  readonly buckets: number;
  /** In proportion to its weight, and by how much it may be off; 0 of who may have none. */
  readonly exact: number;
  readonly most: number;
}

export interface ClusterReport {
  readonly cluster: string;
  readonly backends: number;
  readonly buckets: number;
  readonly algorithm: string;
  readonly rows: readonly Readonly<Row>[];
  /** Live sets under which the filters' intervals were looked at, of all that were visited; their time is in that of the rows. */
  readonly filters: { readonly liveSets: number; readonly of: number };
  /** Clients and filters that were asked about, of all filters under these live sets; null where none were. */
  readonly sample: { readonly clients: number; readonly filters: number; readonly of: number } | null;
  readonly claims: readonly ClaimReport[];
  /** The share that came nearest to its bound; null where nobody may have any. */
  readonly nearest: Nearest | null;
  /** The largest part of all buckets that moved when one went down and all others were live, 0 to 1; null where no such pair was seen. */
  readonly mostMoved: number | null;
  /** Of one live set that was asked for; else empty. */
  readonly shares: readonly ShareReport[];
}

export interface Proof {
  /** All was looked at, and nothing was wrong. */
  readonly ok: boolean;
  /** False when it was told to stop before. */
  readonly finished: boolean;
  /** By it the samples are drawn. */
  readonly seed: number;
  readonly seconds: number;
  /** Why the kernel was not asked; null when it was. */
  readonly withoutKernel: string | null;
  readonly clusters: readonly ClusterReport[];
}

/** What a verification found, as plain data. */

import { type Fault, type FaultData, faultData, inOrder } from "../fault/fault.ts";
import type { FaultId } from "../fault/ids.ts";

/** What was found of one backend. */
export interface VerifiedBackend {
  readonly name: string;
  readonly address: string;
  /** Null when the backend did not answer. */
  readonly mac: string | null;
  readonly ok: boolean;
}

/** What was found of all backends of a configuration. */
export interface VerificationReport {
  /** No fault was found. */
  readonly ok: boolean;
  /** Each machine once, however many clusters it serves. */
  readonly backends: readonly VerifiedBackend[];
  readonly faults: readonly Fault[];
  /** Names of the clusters of which no port was tried, because the configuration names no TCP port. */
  readonly untried: readonly string[];
}

/** With these faults nothing can be said of any backend. */
const NOTHING_KNOWN: readonly FaultId[] = ["own-address-taken", "no-other-port"];

/** The report of these faults, in the order in which they should be mended. */
export function reportOf(
  backends: readonly Omit<VerifiedBackend, "ok">[],
  faults: readonly Fault[],
  untried: readonly string[],
): VerificationReport {
  return {
    ok: faults.length === 0,
    backends: backends.map((backend) => ({
      ...backend,
      ok: !faults.some(({ id, backend: at }) => at === backend.name || NOTHING_KNOWN.includes(id)),
    })),
    faults: inOrder(faults),
    untried,
  };
}

/** The report as JSON has it. */
export type ReportData = Omit<VerificationReport, "faults"> & { readonly faults: readonly FaultData[] };

/** The report as JSON has it. */
export function reportData({ ok, backends, faults, untried }: VerificationReport): ReportData {
  return { ok, backends, faults: faults.map(faultData), untried };
}

/** A fault: what is wrong with a machine, what this does, and what mends it. Found on the machine itself or over the network. */

import { type Command, formatCommand } from "../system/programs.ts";
import { type FaultId, FAULTS } from "./ids.ts";

/** What is wrong with a machine, what that does, and what mends it. */
export interface Fault {
  /** The likeliest. */
  readonly id: FaultId;
  /** Other faults that would look the same; empty where the machine itself was looked at. */
  readonly or: readonly FaultId[];
  /** Name of the machine at fault in the configuration; null for this machine, and for one that has no name there. */
  readonly backend: string | null;
  /** MAC of the machine at fault, such as `02:00:00:00:00:11`; null for this machine, and where it is not known. */
  readonly mac: string | null;
  /** The cluster addresses that suffer; empty for all of the configuration. */
  readonly clusters: readonly string[];
  /** What was seen. */
  readonly found: string;
  /** What this does to clients, routers or the dispatcher. */
  readonly why: string;
  /**
   * Commands that mend it, to be run in this order on the machine at fault, as root. A word in capitals is for a person to fill
   * in. Empty where no command can.
   */
  readonly mend: readonly Command[];
  /** What a person must do, or decide before the commands run; null where the commands are all. */
  readonly decide: string | null;
}

/** A fault as JSON and logs have it: its commands are lines for a shell. */
export type FaultData = Omit<Fault, "mend"> & { readonly mend: readonly string[] };

/** The fault as JSON and logs have it. */
export function faultData({ id, or, backend, mac, clusters, found, why, mend, decide }: Fault): FaultData {
  return { id, or, backend, mac, clusters, found, why, mend: mend.map(formatCommand), decide };
}

/** In the order in which they should be mended. */
export function inOrder(faults: readonly Fault[]): Fault[] {
  const order = Object.keys(FAULTS);
  return faults.toSorted((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
}

/** What all faults have in common that were found on the machine itself. */
export const ON_THIS_MACHINE = { or: [], backend: null, mac: null } as const;

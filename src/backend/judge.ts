/** What is wrong with a machine as a backend: from its state alone, without touching it. */

import { findAliasFaults } from "./alias_faults.ts";
import { findArpFaults } from "./arp_faults.ts";
import type { Expected } from "./expected.ts";
import { type Fault, FAULT_IDS } from "./fault.ts";
import { findPathFaults } from "./path_faults.ts";
import type { Snapshot } from "./snapshot.ts";

/** In the order in which they should be mended. */
export function judge(snapshot: Snapshot, expected: Expected): Fault[] {
  return [
    ...findArpFaults(snapshot, expected),
    ...findAliasFaults(snapshot, expected),
    ...findPathFaults(snapshot, expected),
  ].sort((a, b) => FAULT_IDS.indexOf(a.id) - FAULT_IDS.indexOf(b.id));
}

/** What is wrong with a machine as a backend: from a snapshot alone, without touching the machine. */

import { type Fault, inOrder } from "../../fault/fault.ts";
import { findAliasFaults } from "./alias_faults.ts";
import { findArpFaults } from "./arp_faults.ts";
import type { Expected } from "./expected.ts";
import { findFirewallFaults } from "./firewall_faults.ts";
import { findPathFaults } from "./path_faults.ts";
import type { Snapshot } from "./snapshot.ts";

/** In the order in which they should be mended. */
export function findFaults(snapshot: Snapshot, expected: Expected): Fault[] {
  return inOrder([
    ...findArpFaults(snapshot, expected),
    ...findAliasFaults(snapshot, expected),
    ...findPathFaults(snapshot, expected),
    ...findFirewallFaults(snapshot, expected),
  ]);
}

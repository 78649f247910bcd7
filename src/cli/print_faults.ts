/** Faults of a backend, for a person at 3 in the morning. */

import { styleText } from "node:util";
import type { Expected } from "../backend/expected.ts";
import type { Fault } from "../backend/fault.ts";
import { formatCommand } from "../backend/programs.ts";

export function printFaults(faults: readonly Fault[], { clusters }: Expected): void {
  const addresses = clusters.map(({ address }) => address).join(", ");
  if (faults.length === 0) return console.log(`${styleText("green", "ok")}  ${addresses}: no fault found`);
  for (const { id, clusters, found, why, mend, decide } of faults) {
    console.log(`${styleText("red", id)}  ${clusters.join(", ")}`);
    console.log(`  found  ${found}`);
    console.log(`  why    ${why}`);
    for (const command of mend) console.log(`  mend   ${formatCommand(command)}`);
    if (decide !== undefined) console.log(`  left   ${decide}`);
  }
  console.log(`${faults.length} ${faults.length === 1 ? "fault" : "faults"} of ${addresses}`);
}

/** As --json prints a fault. */
export function faultData({ id, clusters, found, why, mend, decide }: Fault): object {
  return { id, clusters, found, why, mend: mend.map(formatCommand), decide: decide ?? null };
}

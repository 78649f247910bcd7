/** Faults, for a person at 3 in the morning: the same form wherever they are printed. */

import { styleText } from "node:util";
import type { Fault } from "../fault/fault.ts";
import { formatCommand } from "../system/programs.ts";

/** `machine`: where to run the commands, if neither the fault names it nor it is this one. */
export function describeFault(fault: Fault, machine = fault.backend ?? fault.mac ?? "this machine"): string {
  const { id, or, backend, mac, clusters, found, why, mend, decide } = fault;
  const names = [id, ...or].map((name) => styleText("red", name)).join(" or ");
  return [
    `${names}  ${[backend ?? mac, ...clusters].filter((word) => word !== null).join(", ")}`,
    `  found  ${found}`,
    `  why    ${why}`,
    ...mend.map((command) => `  mend   ${formatCommand(command)}`),
    ...(mend.length === 0 ? [] : [`  where  on ${machine}, as root`]),
    ...(decide === null ? [] : [`  left   ${decide}`]),
  ].join("\n");
}

/** What was found of a machine that serves these cluster addresses. */
export function describeFaults(faults: readonly Fault[], clusters: readonly string[]): string {
  const addresses = clusters.join(", ");
  if (faults.length === 0) return `${styleText("green", "ok")}  ${addresses}: no fault found`;
  const described = faults.map((fault) => describeFault(fault));
  return [...described, `${countFaults(faults.length)} of ${addresses}`].join("\n\n");
}

export function countFaults(count: number): string {
  return count === 1 ? "1 fault" : `${count} faults`;
}

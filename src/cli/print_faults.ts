/** Faults and warnings, for a person at 3 in the morning: the same form wherever they are printed. */

import { styleText } from "node:util";
import type { Warning } from "../config/warnings.ts";
import { type Fault, type FaultData, faultData } from "../fault/fault.ts";
import { wrap } from "./wrap.ts";

/** `machine`: where to run the commands, if neither the fault names it nor it is this one. */
export function describeFault(fault: Fault, machine?: string): string {
  return describeFaultData(faultData(fault), machine);
}

/** The same of a fault as JSON and logs have it. */
export function describeFaultData(
  { id, or, backend, mac, clusters, found, why, mend, decide }: FaultData,
  machine = backend ?? mac ?? "this machine",
): string {
  const names = [id, ...or].map((name) => styleText("red", name)).join(" or ");
  return [
    `${names}  ${[backend ?? mac, ...clusters].filter((word) => word !== null).join(", ")}`,
    line("found", found),
    line("why", why),
    // In one line each, however long: a shell is to read them.
    ...mend.map((command) => `  mend   ${command}`),
    ...(mend.length === 0 ? [] : [line("where", `on ${machine}, as root`)]),
    ...(decide === null ? [] : [line("left", decide)]),
  ].join("\n");
}

export function describeWarning({ id, file, line: row, column, key, found, why, decide }: Warning): string {
  return [
    `${styleText("yellow", id)}  ${key}`,
    line("where", `${file}:${row}:${column}`),
    line("found", found),
    line("why", why),
    line("left", decide),
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

function line(label: string, text: string): string {
  return `  ${label.padEnd(5)}  ${wrap(text, " ".repeat(9))}`;
}

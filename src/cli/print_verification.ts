/** What a verification found, for a person at 3 in the morning. */

import { styleText } from "node:util";
import type { Fault, VerificationReport } from "../control/verification_report.ts";
import { formatTable } from "./table.ts";

export function describeVerification({ backends, faults }: VerificationReport): string {
  const rows = backends.map(({ name, address, mac }) => {
    const count = faults.filter(({ backend }) => backend === name).length;
    const result = count === 0 ? "ok" : count === 1 ? "1 fault" : `${count} faults`;
    return [name, address, mac ?? "none", result];
  });
  const total = faults.length === 0
    ? styleText("green", "no fault found")
    : faults.length === 1
    ? "1 fault"
    : `${faults.length} faults`;
  return [formatTable(["backend", "address", "MAC", "result"], rows), ...faults.map(describeFault), total]
    .join("\n\n");
}

function describeFault({ id, or, backend, mac, cluster, found, why, mend, decide }: Fault): string {
  const names = [id, ...or].map((name) => styleText("red", name)).join(" or ");
  const machine = backend ?? mac;
  return [
    `${names}  ${[machine, cluster].filter((word) => word !== null).join(", ")}`,
    `  found  ${found}`,
    `  why    ${why}`,
    ...mend.map((command) => `  mend   ${command}`),
    ...(mend.length === 0 || machine === null ? [] : [`  where  on ${machine}, as root`]),
    ...(decide === null ? [] : [`  left   ${decide}`]),
  ].join("\n");
}

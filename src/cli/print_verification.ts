/** What a verification found, for a person at 3 in the morning. */

import { styleText } from "node:util";
import type { VerificationReport } from "../verify/report.ts";
import { countFaults, describeFault } from "./print_faults.ts";
import { formatTable } from "./table.ts";
import { wrap } from "./wrap.ts";

export function describeVerification({ backends, faults, untried }: VerificationReport): string {
  const rows = backends.map(({ name, address, mac, ok }) => {
    const count = faults.filter(({ backend }) => backend === name).length;
    const result = ok ? "ok" : count === 0 ? "not known" : countFaults(count);
    return [name, address, mac ?? "none", result];
  });
  const table = formatTable(["backend", "address", "MAC", "result"], rows);
  const total = faults.length === 0 ? styleText("green", "no fault found") : countFaults(faults.length);
  const gaps = untried.map((cluster) =>
    wrap(
      `no port tried of cluster ${cluster}: its configuration names no TCP port under \`ports\`, so a dead server would not be found`,
      "  ",
    )
  );
  return [table, ...faults.map((fault) => describeFault(fault)), ...gaps, total].join("\n\n");
}

/**
 * Adds up the results of several runs of the suite and prints `N passed, N failed, N skipped` as the last line.
 *
 *     sum_results.ts FAILED FILE...      FAILED is 1 when another check has failed
 */

import { existsSync, readFileSync } from "node:fs";

const [otherChecks, ...files] = process.argv.slice(2);
const sum = { passed: 0, failed: 0, skipped: 0 };
for (const file of files) {
  if (!existsSync(file)) {
    console.error(`A run of the suite left no results: ${file}`);
    sum.failed++;
    continue;
  }
  const result = JSON.parse(readFileSync(file, "utf8")) as Record<string, number>;
  sum.passed += result["numPassedTests"]!;
  // A file that cannot be loaded fails without any test of it.
  sum.failed += Math.max(result["numFailedTests"]!, result["numFailedTestSuites"]! > 0 ? 1 : 0);
  sum.skipped += result["numPendingTests"]! + result["numTodoTests"]!;
}
if (otherChecks !== "0") console.error("A check other than the suite failed: see above");
if (sum.skipped > 0) console.error(`${sum.skipped} tests were skipped; the suite says why at its start`);
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
const isCi = process.env["CI"] === "true";
process.exitCode = otherChecks !== "0" || sum.failed > 0 || sum.passed === 0 || (isCi && sum.skipped > 0)
  ? 1
  : 0;

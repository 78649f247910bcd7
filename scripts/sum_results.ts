/**
 * Adds up the results of several runs of the suite. Prints the ten slowest tests, what was skipped, and as the last line
 * `N passed, N failed, N skipped`.
 *
 *     sum_results.ts FAILED FILE...      FAILED is 1 when another check has failed
 */

import { existsSync, readFileSync } from "node:fs";
import { basename, relative } from "node:path";

/** What the JSON reporter writes, as far as it is read here. */
interface Results {
  readonly numFailedTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      /** In milliseconds. */
      readonly duration?: number | null;
    }[];
  }[];
}

const SLOWEST = 10;

const [otherChecks, ...files] = process.argv.slice(2);
const sum = { passed: 0, failed: 0 };
/** Files of the tests that were skipped. */
const skipped: string[] = [];
const times: { readonly name: string; readonly ms: number }[] = [];

for (const path of files) {
  const runtime = basename(path, ".json");
  if (!existsSync(path)) {
    console.error(`A run of the suite left no results: ${path}`);
    sum.failed++;
    continue;
  }
  const { numFailedTestSuites, testResults } = JSON.parse(readFileSync(path, "utf8")) as Results;
  let failed = 0;
  for (const { name, assertionResults } of testResults) {
    const file = relative(".", name);
    for (const { fullName, status, duration } of assertionResults) {
      if (status === "passed") sum.passed++;
      else if (status === "failed") failed++;
      else skipped.push(`${file} (${runtime})`);
      times.push({ name: `${file} (${runtime}): ${fullName}`, ms: duration ?? 0 });
    }
  }
  // A file that cannot be loaded fails without any test of it.
  sum.failed += Math.max(failed, numFailedTestSuites > 0 ? 1 : 0);
}

if (times.length > SLOWEST) {
  console.log("The slowest tests, in seconds:");
  for (const { name, ms } of times.sort((a, b) => b.ms - a.ms).slice(0, SLOWEST)) {
    console.log(`${(ms / 1000).toFixed(1).padStart(7)}  ${name}`);
  }
}
if (otherChecks !== "0" && sum.failed === 0) console.error("A check other than a test failed: see above");
if (skipped.length > 0) {
  console.error("Skipped, and the suite says why at its start:");
  for (const [file, tests] of Map.groupBy(skipped, (file) => file)) {
    console.error(`${String(tests.length).padStart(7)}  ${file}`);
  }
}
console.log(`${sum.passed} passed, ${sum.failed} failed, ${skipped.length} skipped`);
const isCi = process.env["CI"] === "true";
process.exitCode = otherChecks !== "0" || sum.failed > 0 || sum.passed === 0 || (isCi && skipped.length > 0)
  ? 1
  : 0;

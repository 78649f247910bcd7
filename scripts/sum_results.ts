/**
 * Adds up the results of several runs of the suite. Prints the ten slowest tests, what was skipped, what failed and why, and as
 * the last line `N passed, N failed, N skipped`.
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
      readonly failureMessages?: readonly string[];
    }[];
    /** Why the file could not be loaded. */
    readonly message?: string;
  }[];
}

const SLOWEST = 10;
/** Of what a failed test says, the first lines: what was expected, and where. The whole stands above. */
const LINES_OF_FAILURE = 12;

const [otherChecks, ...files] = process.argv.slice(2);
const sum = { passed: 0, failed: 0 };
/** Files of the tests that were skipped. */
const skipped: string[] = [];
const failures: string[] = [];
const times: { readonly name: string; readonly ms: number }[] = [];

const firstLines = (text: string) =>
  text.split("\n").filter((line) => !/node_modules|<anonymous>/.test(line)).slice(0, LINES_OF_FAILURE).map((
    line,
  ) => `         ${line}`);

for (const path of files) {
  const runtime = basename(path, ".json");
  if (!existsSync(path)) {
    console.error(`A run of the suite left no results: ${path}`);
    sum.failed++;
    continue;
  }
  const { numFailedTestSuites, testResults } = JSON.parse(readFileSync(path, "utf8")) as Results;
  let failed = 0;
  for (const { name, assertionResults, message } of testResults) {
    const file = relative(".", name);
    if (message) failures.push(`${file} (${runtime})`, ...firstLines(message));
    for (const { fullName, status, duration, failureMessages = [] } of assertionResults) {
      if (status === "passed") sum.passed++;
      else if (status === "failed") {
        failed++;
        failures.push(`${file} (${runtime}): ${fullName}`, ...failureMessages.flatMap(firstLines));
      } else skipped.push(`${file} (${runtime})`);
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
if (failures.length > 0) console.log(["Failed:", ...failures].join("\n"));
console.log(`${sum.passed} passed, ${sum.failed} failed, ${skipped.length} skipped`);
const isCi = process.env["CI"] === "true";
process.exitCode = otherChecks !== "0" || sum.failed > 0 || sum.passed === 0 || (isCi && skipped.length > 0)
  ? 1
  : 0;

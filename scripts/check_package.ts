/** Prints what publint and attw find wrong with a package of npm, whose tarball is the argument, and ends with status 1 if they do. */

import { readFileSync } from "node:fs";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

/** How it can be imported: there is nothing for `require`, nor for a TypeScript that knows no `exports`. */
const WAYS = ["node16-esm", "bundler"];

const data = Uint8Array.from(readFileSync(process.argv[2]!));
const { messages, pkg } = await publint({ pack: { tarball: data.buffer }, strict: true });
const faults = messages.map((message) => formatMessage(message, pkg) ?? message.code);
const analysis = await checkPackage(createPackageFromTarballData(data));
if (analysis.types === false) faults.push("there are no types");
else {
  for (const problem of analysis.problems) {
    if (!("resolutionKind" in problem) || WAYS.includes(problem.resolutionKind)) {
      faults.push(JSON.stringify(problem));
    }
  }
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;

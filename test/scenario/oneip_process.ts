/** Runs the commands `oneip` that come on standard input, each a JSON list of arguments on a line, and prints each result as JSON. */

import { createInterface } from "node:readline";
import { oneip } from "../cli/oneip.ts";

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await oneip(...JSON.parse(line) as string[])));
}

/**
 * Prints what a configuration, whose path is the argument, has that runs programs, a word each: `exec` for such a probe, `onEvent` for
 * such a command.
 */

import { readFileSync } from "node:fs";
import { parseConfig } from "../src/config/config.ts";
import { hasProgramProbes } from "../src/health/needs.ts";

const [file = ""] = process.argv.slice(2);
const config = parseConfig(readFileSync(file, "utf8"), file, "");
if (hasProgramProbes(config)) console.log("exec");
if (config.dispatcher.onEvent !== undefined) console.log("onEvent");

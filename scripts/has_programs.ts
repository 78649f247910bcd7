/** Ends with status 0 when a configuration, whose path is the argument, has a probe that runs a program. */

import { readFileSync } from "node:fs";
import { parseConfig } from "../src/config/config.ts";
import { hasPrograms } from "../src/health/needs.ts";

const [file = ""] = process.argv.slice(2);
process.exitCode = hasPrograms(parseConfig(readFileSync(file, "utf8"), file, "")) ? 0 : 1;

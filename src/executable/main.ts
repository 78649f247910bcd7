/** The single executable: the command `oneip`, and the runtime of the programs that a lab's lines start. */

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { constants, Script } from "node:vm";
import { RUN_FILE } from "./installation.ts";

if (process.argv[2] === RUN_FILE) {
  const file = resolve(process.argv[3] ?? "");
  process.argv.splice(1, 3, file);
  // An import from here would find only what is built in.
  const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  const load = new Script("(url) => import(url)", { importModuleDynamically }).runInThisContext();
  await load(pathToFileURL(file).href);
} else {
  await import("../main.ts");
}

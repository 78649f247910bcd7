/** All that is wrong with a topology and with what it names, without making anything. */

import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import * as z from "zod";
import { loadConfig } from "../config/load.ts";
import { readInSteps } from "../input/document.ts";
import { InputError, type Mistake } from "../input/errors.ts";
import { finish } from "../table/steps.ts";
import { own } from "./levels.ts";
import { parseTopology, type Topology } from "./topology.ts";

/** Throws InputError with every mistake: of the topology, or, where that is right, of its dispatchers' configurations. */
export function validate(file: string): Topology {
  const text = readFileSync(file, "utf8");
  const topology = parseTopology(text, file);
  const { contents, placeOf } = finish(readInSteps(text, file, { schema: z.unknown(), checks: [] }));
  const mistakes: Mistake[] = [];
  const seen = new Set<string>();
  for (const { name, startupConfig } of topology.nodes) {
    // A name with a variable of the shell is that of a file which lines of exec make.
    if (startupConfig === undefined || startupConfig.includes("$")) continue;
    const config = resolve(dirname(file), startupConfig);
    if (seen.has(config)) continue;
    seen.add(config);
    if (!existsSync(config)) {
      const place = placeOf(own(contents, name, "startup-config")!.path);
      mistakes.push({
        ...place,
        message: `There is no such file, found "${startupConfig}", name one relative to the topology`,
      });
      continue;
    }
    try {
      loadConfig(config);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      mistakes.push(...error.mistakes.map((mistake) => ({ file: config, ...mistake })));
    }
  }
  if (mistakes.length > 0) throw new InputError(file, mistakes);
  return topology;
}

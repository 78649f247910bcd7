/** A configuration read as the page reads it, for stand_ins.test.ts, which bundles this as the page is bundled. */

import { parseInSteps } from "../../src/config/config.ts";
import { warningsOf } from "../../src/config/warnings.ts";
import { configData } from "../../src/config/print.ts";
import { finish } from "../../src/table/steps.ts";

/** All that comes of it, as JSON: what it means, with its defaults, or the mistakes. */
export function checked(text: string): string {
  try {
    const { config, read } = finish(parseInSteps(text, "oneip.yaml", "machine"));
    return JSON.stringify([configData(config), warningsOf(config, read)]);
  } catch (error) {
    return String(error);
  }
}

Object.assign(globalThis, { checked });

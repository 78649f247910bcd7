/** A configuration that is typed into the page, read as `oneip check` reads it. */

import { type Config, parseInSteps } from "../../config/config.ts";
import { type Warning, warningsOf } from "../../config/warnings.ts";
import { InputError, type Mistake } from "../../input/errors.ts";
import type { Slices } from "./slices.ts";

/** Nobody types more. */
export const MOST_CHARACTERS = 200_000;

export interface Checked {
  /** Undefined where there are mistakes. */
  readonly config: Config | undefined;
  readonly mistakes: readonly Mistake[];
  /** What is legal but unwise. */
  readonly warnings: readonly Warning[];
}

/** Undefined when nobody wants to know any more. `machine`: what makes the default MAC its own. */
export async function checkConfig(
  text: string,
  machine: string,
  slices: Slices,
): Promise<Checked | undefined> {
  if (text.length > MOST_CHARACTERS) {
    const message = `The configuration is too long for this page, found ${text.length} characters, ` +
      `use ${MOST_CHARACTERS} at most, or oneip check`;
    return { config: undefined, mistakes: [{ line: 1, column: 1, message }], warnings: [] };
  }
  try {
    const steps = parseInSteps(text, machine, machine);
    for (;;) {
      const { done, value } = steps.next();
      if (done) {
        const { config, read } = value;
        return { config, mistakes: [], warnings: warningsOf(config, read) };
      }
      if (slices.isOver && !await slices.next()) return undefined;
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { config: undefined, mistakes: error.mistakes, warnings: [] };
  }
}

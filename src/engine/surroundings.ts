/** What an engine is given from outside: the machine it is on, or another one that a simulator or a test makes. */

import { readFileSync } from "node:fs";
import type { Config } from "../config/config.ts";
import type { Attachment } from "../plane/attachment.ts";
import { TapAttachment } from "../plane/tap_attachment.ts";
import { type Clock, REAL_CLOCK } from "../system/clock.ts";
import { MACHINE_RANDOM, type Random } from "../system/random.ts";

/** In place of a TAP, and of what the machine has. */
export interface Surroundings {
  /** What joins it to the link. Default: the configuration's TAP, with its workers. */
  readonly attachment?: Attachment;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Default: the machine's. */
  readonly random?: Random;
  /** The text of a file that the configuration names. Default: of the machine's file. */
  readonly readText?: (file: string) => string;
}

/** With the machine's where there is nothing else. */
export function completed(config: Config, surroundings: Surroundings): Required<Surroundings> {
  return {
    attachment: surroundings.attachment ?? new TapAttachment(config.dispatcher),
    clock: surroundings.clock ?? REAL_CLOCK,
    random: surroundings.random ?? MACHINE_RANDOM,
    readText: surroundings.readText ?? ((file) => readFileSync(file, "utf8")),
  };
}

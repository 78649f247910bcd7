/** Whether the kernel takes its share of the path, as people are told. */

import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import * as ifreq from "../device/ifreq.ts";
import type { Engine } from "../engine/engine.ts";
import { UsageError } from "../input/errors.ts";

/** Throws UsageError when the fast path is to be on an interface that is not there. */
export function requireUplink({ dispatcher: { fastPath } }: Config): void {
  if (typeof fastPath === "string" || ifreq.index(fastPath.interface) !== 0) return;
  throw new UsageError(
    `dispatcher.fastPath.interface: there is no interface "${fastPath.interface}" here; use the one by which frames come in`,
  );
}

/** A line when it does not although it may. */
export function tellOfFastPath(engine: Engine, { dispatcher: { fastPath } }: Config, log: Logger): void {
  const { interface: attachedTo, why } = engine.fastPath;
  if (attachedTo !== null || fastPath === "off") return;
  log.warn({ why }, "no fast path: this process forwards every frame itself");
}

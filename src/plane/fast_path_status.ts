/** Whether the kernel is to have a share in the path, and whether it has one. */

import { TapError } from "../device/tap_error.ts";

/** `auto`: where it can be had. `on`: an error where it cannot. Or on the uplink, an error where it cannot. */
export type FastPathSetting = "auto" | "on" | "off" | {
  readonly attach: "uplink";
  readonly interface: string;
};

/** Is the fast path at work, and where? */
export interface FastPathStatus {
  /** The interface that it is attached to; null: it is not at work. */
  readonly interface: string | null;
  /** Why not, and what would help; null while it is at work. */
  readonly why: string | null;
}

/** Throws TapError where the setting does not allow to do without, and it is not at work. */
export function requireFastPath(
  setting: FastPathSetting,
  { interface: attachedTo, why }: FastPathStatus,
): void {
  if (setting === "auto" || setting === "off" || attachedTo !== null) return;
  throw new TapError(`dispatcher.fastPath: ${why}; with auto the dispatcher does without`);
}

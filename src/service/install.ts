/** Puts the unit in place, and takes it away again. Whatever is not ours is left alone. */

import { lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UsageError } from "../input/errors.ts";
import { MARK, type UnitOptions, unitText } from "./unit.ts";

const UNIT = "etc/systemd/system/oneip.service";
/** What `systemctl enable` makes. */
const ENABLED = "etc/systemd/system/multi-user.target.wants/oneip.service";

/** Where the unit is; whether it was changed. */
export interface Installed {
  readonly path: string;
  readonly changed: boolean;
}

/** Below `root`. Throws, and changes nothing, when there is one that is not ours. */
export function install(root: string, options: UnitOptions): Installed {
  const path = join(root, UNIT);
  for (const [what, value] of Object.entries({ program: options.program, config: options.config })) {
    // deno-lint-ignore no-control-regex
    if (/[\0-\x1f]/.test(value)) {
      throw new UsageError(`The path of the ${what} has a control character: ${JSON.stringify(value)}`);
    }
  }
  const text = unitText(options);
  const before = textOf(path);
  if (before === text) return { path, changed: false };
  if (before !== undefined) requireOurs(path, before, "was not overwritten");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return { path, changed: true };
}

/** None there is no fault. Throws, and changes nothing, when there is one that is not ours, or that is enabled. */
export function uninstall(root: string): Installed {
  const path = join(root, UNIT);
  const before = textOf(path);
  if (before === undefined) return { path, changed: false };
  requireOurs(path, before, "was not removed");
  if (lstatSync(join(root, ENABLED), { throwIfNoEntry: false }) !== undefined) {
    throw new Error(`${path} is enabled and was not removed; first: systemctl disable --now oneip`);
  }
  rmSync(path);
  return { path, changed: true };
}

/** Undefined where nothing is. */
function textOf(path: string): string | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  return found.isFile() ? readFileSync(path, "utf8") : "";
}

function requireOurs(path: string, text: string, what: string): void {
  if (text.startsWith(MARK)) return;
  throw new Error(
    `${path} ${what}: it does not begin with the line "${MARK.trim()}", so it is somebody else's; move it away`,
  );
}

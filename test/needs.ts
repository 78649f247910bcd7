/** What a test needs of the machine. A test that cannot have it is skipped, and CI fails on a skip. */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Only what needs neither root nor namespaces: `scripts/test --quick`. */
export const isQuick = process.env["ONEIP_TEST_QUICK"] === "true";
const hasRoot = process.getuid?.() === 0 && !isQuick;
const hasTun = existsSync("/dev/net/tun");

if (isQuick) console.warn("Tests with network namespaces or a TAP are left out: --quick");
else if (!hasRoot) console.warn("Tests with network namespaces are skipped: they need root");
else if (!hasTun) console.warn("Tests with a TAP are skipped: there is no /dev/net/tun");

/** True when there is no root, so no network namespaces. */
export function needsRoot(): boolean {
  return !hasRoot;
}

/** True when there can be no TAP. */
export function needsTap(): boolean {
  return !hasRoot || !hasTun;
}

/** True when there is no root who could become an ordinary user, or the system gives such a user no namespaces. */
export function needsUserNamespace(): boolean {
  if (!hasRoot) return true;
  const words = [
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    "unshare",
    "--user",
    "--map-root-user",
    "--net",
    "true",
  ];
  const { status, stderr } = spawnSync("setpriv", words, { encoding: "utf8" });
  if (status !== 0) console.warn(`Tests with labs of ordinary users are skipped: ${stderr}`);
  return status !== 0;
}

/** How often a test tries what is random or repeated, or how large it makes what is large: `--quick` is content with a sixteenth. */
export function roundsOf(count: number): number {
  return isQuick ? Math.ceil(count / 16) : count;
}

/** True when there is no tmux, which `scripts/test` installs, but not with `--quick`. */
export function needsTmux(): boolean {
  const folders = process.env["PATH"]?.split(":") ?? [];
  return isQuick && !folders.some((folder) => existsSync(join(folder, "tmux")));
}

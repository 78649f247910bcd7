/**
 * An ordinary user of this machine: a number that no other process has, without groups and capabilities, with a folder of its own for what
 * it runs. Root of a test becomes that user; files of the machine stay as they are.
 */

import { chownSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Result, run, type RunOptions } from "../src/system/programs.ts";
import { ROOT } from "./runtime.ts";

/** Whether the user may open /dev/net/tun. By the machine it depends, and mode 0666 is what udev gives it. */
export type Tun = "open" | "closed" | "missing";

/** The device is another one at the same place, which nobody else sees. */
const TUN_LINES: Readonly<Record<Tun, string>> = {
  open: "mount -t tmpfs oneip /dev/net; mknod -m 0666 /dev/net/tun c 10 200",
  closed: "mount -t tmpfs oneip /dev/net; mknod -m 0600 /dev/net/tun c 10 200",
  missing: "mount -t tmpfs oneip /dev/net",
};

const BECOME = 'exec setpriv --reuid="$uid" --regid="$uid" --clear-groups --inh-caps=-all "$@"';

export class OrdinaryUser {
  readonly uid: number;
  /** Its XDG_RUNTIME_DIR. */
  readonly folder: string;

  /** `index`: which one of this process. */
  constructor(index = 0) {
    this.uid = 2_000_000 + process.pid * 4 + index;
    this.folder = mkdtempSync(join(tmpdir(), "oneip-user-"));
    chownSync(this.folder, this.uid, this.uid);
  }

  /** The words that run a program as this user. */
  command(words: readonly string[], tun?: Tun): string[] {
    const lines = [tun === undefined ? "" : TUN_LINES[tun], reachCheckout(), BECOME].join("\n");
    const env = [`XDG_RUNTIME_DIR=${this.folder}`, `HOME=${this.folder}`];
    return ["env", ...env, `uid=${this.uid}`, "unshare", "--mount", "sh", "-ec", lines, "sh", ...words];
  }

  run(words: readonly string[], { tun, ...options }: RunOptions & { tun?: Tun } = {}): Promise<Result> {
    return run(this.command(words, tun), options);
  }

  /** Numbers of its processes, without those that have ended and wait for their parent. */
  processes(): number[] {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
      try {
        return statSync(`/proc/${pid}`).uid === this.uid && readdirSync(`/proc/${pid}/fd`).length > 0;
      } catch {
        return false; // It has ended meanwhile.
      }
    });
  }

  /** Whatever it still runs, and its folder. */
  remove(): void {
    for (const pid of this.processes()) process.kill(pid, "SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Lines that show the checkout to a user at its place where a folder above it, such as /root, is closed to others. */
function reachCheckout(): string {
  const above: string[] = [];
  for (let path = dirname(ROOT); path !== "/"; path = dirname(path)) above.unshift(path);
  const closed = above.find((path) => (statSync(path).mode & 1) === 0);
  if (closed === undefined) return "";
  return `mount --rbind "${ROOT}" /mnt; mount -t tmpfs -o mode=0755 oneip "${closed}"; mkdir -p "${ROOT}"; mount --move /mnt "${ROOT}"; cd "$PWD"`;
}

/** What a dispatcher gives up once its TAP is open: it is then an ordinary user's process that may do one thing more. */

import { chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import {
  type Account,
  CAP_BPF,
  CAP_NET_ADMIN,
  CAP_NET_BIND_SERVICE,
  keepOnly,
  ownUser,
} from "../device/privileges.ts";
import type { Config } from "../config/config.ts";
import { UsageError } from "../input/errors.ts";

const ACCOUNTS = "/etc/passwd";

/** Of the user that the configuration names; undefined when there is none, or this process is that user. Throws UsageError. */
export function accountOf(user: string | undefined): Account | undefined {
  if (user === undefined) return undefined;
  const account = accountIn(readFileSync(ACCOUNTS, "utf8"), user);
  if (account === undefined) {
    throw new UsageError(
      `dispatcher.user: there is no user "${user}" in ${ACCOUNTS}; make it with: useradd --system ${user}`,
    );
  }
  const uid = ownUser();
  if (uid === account.uid) return undefined;
  if (uid !== 0) {
    throw new UsageError(
      `dispatcher.user: only root can become user "${user}"; start it as root or as that user`,
    );
  }
  return account;
}

/** passwd(5): name, password, user's number, group's number, ... */
export function accountIn(accounts: string, user: string): Account | undefined {
  for (const line of accounts.split("\n")) {
    const [name, , uid = "", gid = ""] = line.split(":");
    if (name === user && /^\d+$/.test(uid) && /^\d+$/.test(gid)) {
      return { uid: Number(uid), gid: Number(gid) };
    }
  }
  return undefined;
}

/** Those that only root, or who has CAP_NET_BIND_SERVICE, may listen at; net.ipv4.ip_unprivileged_port_start in ip-sysctl.rst. */
const PRIVILEGED_PORTS = 1024;

/** Gives up all that is not needed any more. `control`: where the control socket will be, which a takeover must find as well. */
export function giveUp({ dispatcher, fleet, api }: Config, control: string): void {
  const account = accountOf(dispatcher.user);
  if (account !== undefined) leaveFolder(control, account);
  // Such a port is opened later, and at a takeover and a reload as well.
  const mayListen = api.listen.some(({ port }) => port < PRIVILEGED_PORTS);
  // A reload loads another program: the plan is a part of it.
  const groups = fleet?.bird === undefined ? [] : groupsFor(fleet.bird.socket);
  keepOnly([CAP_NET_ADMIN, CAP_BPF, ...(mayListen ? [CAP_NET_BIND_SERVICE] : [])], account, groups);
}

/** Without CAP_DAC_OVERRIDE not even root may write to BIRD's socket, which belongs to the user and the group of BIRD. */
function groupsFor(socket: string): number[] {
  for (const path of [socket, dirname(socket)]) {
    const gid = statSync(path, { throwIfNoEntry: false })?.gid;
    if (gid !== undefined) return gid === 0 ? [] : [gid];
  }
  return [];
}

/** The folder of the control socket becomes that user's, if nobody else has something there. Else there is no socket, and the log says so. */
function leaveFolder(control: string, { uid, gid }: Account): void {
  const folder = dirname(control);
  const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid: owner, mode } = lstatSync(folder);
  const isRoots = owner === 0 && (mode & 0o077) === 0;
  const isOurs = made !== undefined ||
    isRoots && readdirSync(folder).every((name) => name.startsWith(basename(control)));
  if (isOurs) chownSync(folder, uid, gid);
}

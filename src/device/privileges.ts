/**
 * What this process may do beyond an ordinary one (capabilities(7)), and as whom. Capabilities belong to a thread, and a thread has those
 * of the one that started it. So they are given up before the workers are started. A user belongs to a process: the C library
 * changes that of all threads, and the kernel takes the capabilities of those that do not ask to keep them.
 */

import { describeErrno } from "./errno.ts";
import { libc } from "./libc.ts";

/** Listens at ports below 1024. */
export const CAP_NET_BIND_SERVICE = 10;
/** Sets up network interfaces. */
export const CAP_NET_ADMIN = 12;
/** Loads programs into the kernel (Linux 5.8). */
export const CAP_BPF = 39;

const PR_SET_KEEPCAPS = 8;
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;

/** More than any kernel has. */
const CAPABILITIES = 64;

/** struct __user_cap_header_struct: version 3 (4), thread (4), 0 for the calling one. */
const HEADER = new Uint8Array(Uint32Array.of(0x20080522, 0).buffer);

/** Twice struct __user_cap_data_struct, for capabilities 0 to 31 and 32 to 63: effective (4), permitted (4), inheritable (4). */
const DATA_WORDS = 6;

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The user that this process is, by number. The runtime's own question wants a permission on Deno. */
export function ownUser(): number {
  return libc.geteuid();
}

/**
 * The calling thread, and all that it starts from now on, threads and programs, has these capabilities at most, and can get no others;
 * programs get none, but for those of root, who get these. With an account the whole process becomes that user, with that group; root
 * and that user are in these further groups alone. It cannot be undone. Throws when it cannot be done.
 */
export function keepOnly(
  capabilities: readonly number[],
  account?: Account,
  groups: readonly number[] = [],
): void {
  for (let capability = 0; capability < CAPABILITIES; capability++) {
    // Without CAP_SETPCAP whoever has started this process has bounded it, or has not.
    if (!capabilities.includes(capability)) prctl(PR_CAPBSET_DROP, capability);
  }
  if (account !== undefined) become(account, groups);
  else if (groups.length > 0 && ownUser() === 0) haveGroups([0, ...groups]);
  const data = new Uint32Array(DATA_WORDS);
  const octets = new Uint8Array(data.buffer);
  orFail(libc.capget(HEADER, octets), "ask for the capabilities");
  for (const half of [0, 1]) {
    const kept = capabilities.filter((capability) => capability >> 5 === half)
      .reduce((mask, capability) => mask | 1 << (capability & 31), 0);
    const permitted = data[half * 3 + 1]! & kept;
    data.set([permitted, permitted, 0], half * 3);
  }
  orFail(libc.capset(HEADER, octets), "give up capabilities");
  orFail(prctl(PR_SET_NO_NEW_PRIVS, 1), "give up new privileges");
}

function become({ uid, gid }: Account, groups: readonly number[]): void {
  orFail(prctl(PR_SET_KEEPCAPS, 1), "keep capabilities");
  haveGroups([gid, ...groups]);
  orFail(libc.setresgid(gid, gid, gid), `become group ${gid}`);
  orFail(libc.setresuid(uid, uid, uid), `become user ${uid}`);
}

function haveGroups(groups: readonly number[]): void {
  const octets = new Uint8Array(Uint32Array.from(groups).buffer);
  orFail(libc.setgroups(groups.length, octets), `have the groups ${groups.join(", ")} alone`);
}

function prctl(option: number, argument: number): number {
  return libc.prctl(option, argument, 0, 0, 0);
}

function orFail(result: number, what: string): void {
  if (result < 0) throw new Error(`Cannot ${what}: ${describeErrno(libc.errno())}`);
}

/** Undoes what set-up did by its record, and nothing else: what somebody has changed since then stays. */

import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { deleteAddress } from "../../fault/remedies.ts";
import { hostLength, isIpv6 } from "../../wire/address.ts";
import { aliasesOf, hasHostMask } from "../check/alias_faults.ts";
import { type Command, runChecked } from "../../system/programs.ts";
import { isOurs } from "./persist.ts";
import {
  afterReboot,
  isEmpty,
  readStart,
  type Records,
  type RemovedAlias,
  type SetupRecord,
} from "./record.ts";
import type { Snapshot } from "../check/snapshot.ts";

export interface TeardownPlan {
  /** The alias first, so that it is never there without the silence. */
  readonly commands: readonly Command[];
  readonly files: readonly string[];
  /** What set-up had changed and what stays all the same, with the reason. */
  readonly notes: readonly string[];
}

/** What is to be undone for a cluster address; undefined where no set-up is recorded. Changes nothing. */
export function planTeardown(
  snapshot: Snapshot,
  cluster: string,
  records: Records,
): TeardownPlan | undefined {
  const written = records.of(cluster);
  if (written === undefined) return undefined;
  const start = readStart();
  const record = afterReboot(written, start);
  if (isEmpty(record)) {
    const notes = ["the machine has started anew since its set-up: what set-up had changed is gone"];
    return { commands: [], files: [], notes };
  }
  const others = records.besides(cluster).map((other) => afterReboot(other, start));
  const { commands, notes } = undoSysctls(snapshot, record, others);
  const [shared, own] = partition(record.files, (file) => others.some(({ files }) => files.includes(file)));
  const [ours, replaced] = partition(own.filter((file) => existsSync(file)), isOurs);
  return {
    commands: [...undoAliases(snapshot, record), ...commands],
    files: ours,
    notes: [
      ...notes,
      ...shared.map((file) => `${file} stays: another cluster address needs it`),
      ...replaced.map((file) => `${file} stays: somebody has replaced it since set-up`),
    ],
  };
}

/** Carries the plan out, and calls `progress` before each command. Throws CommandError. */
export async function applyTeardown(
  { commands, files }: TeardownPlan,
  cluster: string,
  records: Records,
  progress: (command: Command) => void,
): Promise<void> {
  for (const command of commands) {
    progress(command);
    await runChecked(command);
  }
  for (const file of files) {
    rmSync(file);
    const folder = dirname(file);
    if (folder.endsWith(".network.d") && readdirSync(folder).length === 0) rmdirSync(folder);
  }
  records.remove(cluster);
}

function undoAliases(snapshot: Snapshot, { cluster, added, removed }: SetupRecord): Command[] {
  const present = aliasesOf(snapshot, cluster).filter((alias) => alias.interface.isQuiet);
  const isPresent = present.some((alias) => hasHostMask(alias) && alias.interface.name === "lo");
  return [
    ...(added && isPresent ? [deleteAddress(cluster, hostLength(cluster), "lo")] : []),
    ...removed.filter((alias) =>
      !present.some((one) =>
        one.prefixLength === alias.prefixLength && one.scope === alias.scope &&
        one.interface.name === alias.interface
      )
    ).map((alias) => restoreAlias(cluster, alias)),
  ];
}

function restoreAlias(cluster: string, { prefixLength, scope, interface: name }: RemovedAlias): Command {
  const words = ["ip", "address", "add", `${cluster}/${prefixLength}`, "dev", name];
  return isIpv6(cluster) ? words : [...words, "scope", scope];
}

function undoSysctls(snapshot: Snapshot, { sysctls }: SetupRecord, others: readonly SetupRecord[]) {
  const commands: Command[] = [];
  const notes: string[] = [];
  for (const { name, before, after } of sysctls) {
    const now = snapshot.sysctls.get(name);
    if (others.some((other) => other.sysctls.some((one) => one.name === name))) {
      notes.push(`${name} stays ${now}: another cluster address needs it`);
    } else if (now === after) commands.push(["sysctl", "-w", `${name}=${before}`]);
    else if (now !== before) {
      notes.push(
        `${name} is ${now}, neither ${before} as before set-up nor ${after} as set-up left it: it stays`,
      );
    }
  }
  return { commands, notes };
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

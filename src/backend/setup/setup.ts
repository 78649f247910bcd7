/** Makes a machine a backend: silence first, so that it never answers for the cluster address, then the alias. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { FaultId } from "../../fault/ids.ts";
import { addAlias, ARP_SILENCE } from "../../fault/remedies.ts";
import { UsageError } from "../../input/errors.ts";
import { type Command, runChecked } from "../../system/programs.ts";
import { isIpv6 } from "../../wire/address.ts";
import { aliasesOf, hasHostMask } from "../check/alias_faults.ts";
import type { Expected } from "../check/expected.ts";
import { findFaults } from "../check/find_faults.ts";
import type { Snapshot } from "../check/snapshot.ts";
import { isOurs, type Manager, type PersistFile, persistFiles } from "./persist.ts";
import {
  afterReboot,
  isEmpty,
  readStart,
  type Records,
  type RemovedAlias,
  type SetupRecord,
} from "./record.ts";

/** The faults that set-up mends. The others are for a person, or for `check --fix`. */
const SET_UP: readonly FaultId[] = [
  "arp-ignore",
  "arp-announce",
  "alias-missing",
  "alias-mask",
  "alias-scope",
];

export interface SetupPlan {
  readonly commands: readonly Command[];
  /** The files that are not there yet, or say something else. */
  readonly files: readonly PersistFile[];
  readonly records: readonly SetupRecord[];
}

export interface SetupOptions {
  readonly records: Records;
  readonly persist: Manager | undefined;
  /** The folder below which the files of `persist` go; "/" but for tests. */
  readonly root: string;
}

/** A sysctl that set-up changes. */
type SysctlChange = SetupRecord["sysctls"][number];

/** What is still to be done on this machine. Changes nothing. Throws UsageError for a file of somebody else in the way. */
export function planSetup(snapshot: Snapshot, expected: Expected, options: SetupOptions): SetupPlan {
  const { persist, root } = options;
  const faults = findFaults(snapshot, expected).filter(({ id }) => SET_UP.includes(id));
  const commands = faults.flatMap(({ mend }) => mend);
  const changes = sysctlChanges(commands, snapshot);
  const silence = silenceAfter(changes, snapshot);
  const start = readStart();
  const known = options.records.all().map((record) => afterReboot(record, start));
  const each = expected.clusters.map(({ address: cluster }) => {
    const files = persist === undefined ? [] : persistFiles(persist, cluster, silence, root);
    const before = known.find((record) => record.cluster === cluster);
    const record: SetupRecord = {
      cluster,
      start,
      // What another cluster address has changed, this one needs too: the last to go restores it.
      sysctls: isIpv6(cluster) ? [] : firstOfEachName([
        ...(before?.sysctls ?? []),
        ...known.flatMap(({ sysctls }) => sysctls),
        ...changes,
      ]),
      removed: before?.removed ?? removedAliases(commands, snapshot, cluster),
      added: (before?.added ?? false) || commands.some((command) => isSame(command, addAlias(cluster))),
      files: [...new Set([...(before?.files ?? []), ...files.map(({ path }) => path)])],
    };
    return { files, record };
  });
  const files = each.flatMap(({ files }) => files);
  files.forEach(refuseForeign);
  return {
    commands,
    files: files.filter((file, index) => isNew(file, files.slice(0, index))),
    records: each.map(({ record }) => record).filter((record) => !isEmpty(record)),
  };
}

/**
 * Carries the plan out, and calls `progress` before each command. The records are written first: whatever interrupts this,
 * teardown knows what to look for. Throws CommandError.
 */
export async function applySetup(
  { commands, files, records }: SetupPlan,
  options: SetupOptions,
  progress: (command: Command) => void,
): Promise<void> {
  for (const record of records) options.records.save(record);
  for (const { path, text } of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  for (const command of commands) {
    progress(command);
    await runChecked(command);
  }
}

function sysctlChanges(commands: readonly Command[], { sysctls }: Snapshot): SysctlChange[] {
  return commands.filter(([program]) => program === "sysctl").flatMap((command) => command.slice(2)).map(
    (word) => {
      const [name = "", after] = word.split("=");
      return { name, before: sysctls.get(name) ?? 0, after: Number(after) };
    },
  );
}

/** The silence as "name=value", with the stricter values that the machine has or gets. */
function silenceAfter(changes: readonly SysctlChange[], { sysctls }: Snapshot): string[] {
  return Object.entries(ARP_SILENCE).map(([name, least]) => {
    const value = changes.find((change) => change.name === name)?.after ?? sysctls.get(name) ?? 0;
    return `${name}=${Math.max(least, value)}`;
  });
}

/** The wrong aliases of a cluster address, if the commands delete them. */
function removedAliases(commands: readonly Command[], snapshot: Snapshot, cluster: string): RemovedAlias[] {
  const isDeleted = commands.some(([, , verb, prefix]) =>
    verb === "del" && prefix?.split("/")[0] === cluster
  );
  if (!isDeleted) return [];
  return aliasesOf(snapshot, cluster).filter((alias) =>
    alias.interface.isQuiet && (!hasHostMask(alias) || !isIpv6(cluster) && alias.scope !== "host")
  ).map(({ prefixLength, scope, interface: { name } }) => ({ prefixLength, scope, interface: name }));
}

function firstOfEachName(changes: readonly SysctlChange[]): SysctlChange[] {
  return changes.filter(({ name }, index) => changes.findIndex((other) => other.name === name) === index);
}

function isSame(a: Command, b: Command): boolean {
  return a.join(" ") === b.join(" ");
}

function refuseForeign({ path }: PersistFile): void {
  if (existsSync(path) && !isOurs(path)) {
    throw new UsageError(
      `"${path}" is there, and oneip did not write it; move it away, or set up without --persist`,
    );
  }
}

function isNew({ path, text }: PersistFile, before: readonly PersistFile[]): boolean {
  if (before.some((file) => file.path === path)) return false;
  return !existsSync(path) || readFileSync(path, "utf8") !== text;
}

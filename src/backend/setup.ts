/** Makes a machine a backend: silence first, so that there is no moment in which it answers for the cluster address; then the alias. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "../input/errors.ts";
import { isIpv6 } from "../wire/address.ts";
import { addAlias, aliasesOf, hasHostMask } from "./alias_faults.ts";
import type { Expected } from "./expected.ts";
import type { FaultId } from "./fault.ts";
import { judge } from "./judge.ts";
import { HEAD, type Manager, type PersistFile, persistFiles } from "./persist.ts";
import { type Command, runProgram } from "./programs.ts";
import { isEmpty, outliving, Records, type RemovedAlias, type SetupRecord } from "./record.ts";
import { readBootId, type Snapshot } from "./snapshot.ts";

/** What set-up is for. Other faults are for a person, or for `check --fix`. */
const SET_UP: readonly FaultId[] = [
  "arp-ignore",
  "arp-announce",
  "alias-missing",
  "alias-mask",
  "alias-scope",
];

/** The least that keeps Linux silent: "all" counts for every interface, also one that comes later. */
const SILENCE = { "net.ipv4.conf.all.arp_ignore": 1, "net.ipv4.conf.all.arp_announce": 2 };

export interface SetupPlan {
  readonly commands: readonly Command[];
  /** Those that are not there yet. */
  readonly files: readonly PersistFile[];
  readonly records: readonly SetupRecord[];
}

export interface SetupOptions {
  readonly records: Records;
  readonly persist: Manager | undefined;
  /** Below which the files of `persist` go. */
  readonly root: string;
}

/** What is to be done on this machine; nothing that is there already. Changes nothing. */
export function planSetup(snapshot: Snapshot, expected: Expected, options: SetupOptions): SetupPlan {
  const commands = judge(snapshot, expected).filter(({ id }) => SET_UP.includes(id)).flatMap(({ mend }) =>
    mend
  );
  const sysctls = commands.filter(([program]) => program === "sysctl").flatMap((command) => command.slice(2));
  const silence = Object.entries(SILENCE).map(([name, least]) => {
    const planned = sysctls.find((word) => word.startsWith(`${name}=`))?.split("=")[1];
    return `${name}=${Math.max(least, Number(planned ?? snapshot.sysctls.get(name) ?? 0))}`;
  });
  const bootId = readBootId();
  const known = options.records.all().map((record) => outliving(record, bootId));
  const files: PersistFile[] = [];
  const records: SetupRecord[] = [];
  for (const { address } of expected.clusters) {
    const own = options.persist === undefined
      ? []
      : persistFiles(options.persist, address, silence, options.root);
    files.push(...own);
    const before = known.find((record) => record.cluster === address);
    const removed = isWorked(commands, address) ? wrongAliases(snapshot, address) : [];
    const record = {
      cluster: address,
      bootId,
      sysctls: isIpv6(address) ? [] : byName([
        // What another cluster address has changed, this one needs too: the last to go restores it.
        ...(before?.sysctls ?? []),
        ...known.flatMap((other) => other.sysctls),
        ...sysctls.map((word) => {
          const [name = "", after] = word.split("=");
          return { name, before: snapshot.sysctls.get(name) ?? 0, after: Number(after) };
        }),
      ]),
      removed: before?.removed ?? removed,
      added: (before?.added ?? false) || commands.some((command) => isSame(command, addAlias(address))),
      files: [...new Set([...(before?.files ?? []), ...own.map(({ path }) => path)])],
    };
    if (!isEmpty(record)) records.push(record);
  }
  files.forEach(refuseForeign);
  return { commands, files: files.filter((file, index) => isNew(file, files.slice(0, index))), records };
}

/** Does it. The records come first: whatever interrupts this, teardown knows what to look for. */
export function applySetup(
  { commands, files, records }: SetupPlan,
  options: SetupOptions,
  progress: (command: Command) => void,
): void {
  for (const record of records) options.records.save(record);
  for (const { path, text } of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  for (const command of commands) {
    progress(command);
    runProgram(command);
  }
}

/** Does a command delete this alias, with whatever mask? */
function isWorked(commands: readonly Command[], cluster: string): boolean {
  return commands.some(([, , verb, prefix]) => verb === "del" && prefix?.split("/")[0] === cluster);
}

function wrongAliases(snapshot: Snapshot, cluster: string): RemovedAlias[] {
  return aliasesOf(snapshot, cluster).filter((alias) =>
    alias.interface.isQuiet && (!hasHostMask(alias) || !isIpv6(cluster) && alias.scope !== "host")
  ).map(({ prefixLength, scope, interface: { name } }) => ({ prefixLength, scope, interface: name }));
}

function byName<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return items.filter(({ name }, index) => items.findIndex((item) => item.name === name) === index);
}

function isSame(a: Command, b: Command): boolean {
  return a.join(" ") === b.join(" ");
}

function refuseForeign({ path }: PersistFile): void {
  if (existsSync(path) && !readFileSync(path, "utf8").startsWith(HEAD)) {
    throw new UsageError(`"${path}" is there and not oneip's own; move it away, or set up without --persist`);
  }
}

function isNew({ path, text }: PersistFile, before: readonly PersistFile[]): boolean {
  if (before.some((file) => file.path === path)) return false;
  return !existsSync(path) || readFileSync(path, "utf8") !== text;
}

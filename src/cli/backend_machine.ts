/** What `backend check`, `setup` and `teardown` do on this machine, and what they print. */

import type { Expected } from "../backend/check/expected.ts";
import { firewallNotes } from "../backend/check/firewall_faults.ts";
import { findFaults } from "../backend/check/find_faults.ts";
import { mendFaults } from "../backend/check/mend.ts";
import { takeSnapshot } from "../backend/check/snapshot.ts";
import { type Manager, persistNote } from "../backend/setup/persist.ts";
import { defaultFolder, Records } from "../backend/setup/record.ts";
import { applySetup, planSetup, type SetupOptions, type SetupPlan } from "../backend/setup/setup.ts";
import { applyTeardown, planTeardown } from "../backend/setup/teardown.ts";
import { faultData } from "../fault/fault.ts";
import { formatCommand } from "../system/programs.ts";
import { expectedOf, type ExpectedOptions, parseAddresses } from "./backend_expected.ts";
import { describeFaults } from "./print_faults.ts";

interface Printing {
  readonly json?: true | undefined;
}

export async function checkMachine(options: ExpectedOptions & Printing & { fix: boolean }): Promise<void> {
  const { fix, json } = options;
  const say = sayerOf(options);
  const snapshot = await takeSnapshot();
  const expected = expectedOf(options, snapshot);
  const found = findFaults(snapshot, expected);
  const mended = fix ? await mendFaults(found, expected, (command) => say(formatCommand(command))) : [];
  const faults = mended.length > 0 ? findFaults(await takeSnapshot(), expected) : found;
  const clusters = addressesOf(expected);
  const notes = firewallNotes(snapshot, expected);
  if (json) printJson({ clusters, mended: mended.map(faultData), faults: faults.map(faultData), notes });
  for (const note of notes) say(`note: ${note}`);
  say(describeFaults(faults, clusters));
  if (faults.length > 0) process.exitCode = 1;
}

interface SetUpOptions extends ExpectedOptions, Printing {
  readonly dryRun: boolean;
  readonly persist: Manager | undefined;
  readonly root: string;
  /** Folder of the records, if not the default one. */
  readonly state?: string | undefined;
}

export async function setUpMachine(options: SetUpOptions): Promise<void> {
  const { dryRun, persist, root, state = defaultFolder(), json } = options;
  const say = sayerOf(options);
  const snapshot = await takeSnapshot();
  const expected = expectedOf(options, snapshot);
  const target = { records: new Records(state), persist, root };
  const plan = planSetup(snapshot, expected, target);
  const note = persist && persistNote(persist, root);
  const notes = [...(note === undefined ? [] : [note]), ...firewallNotes(snapshot, expected)];
  await followPlan(plan, target, dryRun, say);
  for (const text of notes) say(`note: ${text}`);

  const faults = dryRun ? [] : findFaults(await takeSnapshot(), expected);
  if (json) {
    const commands = plan.commands.map(formatCommand);
    printJson({ commands, files: plan.files.map(({ path }) => path), notes, faults: faults.map(faultData) });
  }
  if (!dryRun) say(describeFaults(faults, addressesOf(expected)));
  if (faults.length > 0) process.exitCode = 1;
}

async function followPlan(plan: SetupPlan, target: SetupOptions, dryRun: boolean, say: Sayer): Promise<void> {
  for (const { path } of plan.files) say(`write ${path}`);
  if (dryRun) { for (const command of plan.commands) say(formatCommand(command)); }
  else await applySetup(plan, target, (command) => say(formatCommand(command)));
  if (plan.commands.length + plan.files.length === 0) say("nothing to do: it is set up already");
}

interface TearDownOptions extends Printing {
  readonly cluster: readonly string[];
  readonly dryRun: boolean;
  /** Folder of the records, if not the default one. */
  readonly state?: string | undefined;
}

export async function tearDownMachine(options: TearDownOptions): Promise<void> {
  const { cluster, dryRun, state = defaultFolder(), json } = options;
  const say = sayerOf(options);
  const records = new Records(state);
  const done: object[] = [];
  for (const address of parseAddresses(cluster)) {
    const plan = planTeardown(await takeSnapshot(), address, records) ??
      { commands: [], files: [], notes: [`no set-up of ${address} is recorded in ${state}`] };
    if (dryRun) { for (const command of plan.commands) say(formatCommand(command)); }
    else await applyTeardown(plan, address, records, (command) => say(formatCommand(command)));
    for (const file of plan.files) say(`remove ${file}`);
    for (const note of plan.notes) say(`note: ${note}`);
    done.push({ cluster: address, ...plan, commands: plan.commands.map(formatCommand) });
  }
  if (json) printJson(done);
}

type Sayer = (text: string) => void;

/** With --json only JSON is printed, at the end. */
function sayerOf({ json }: Printing): Sayer {
  return json ? () => {} : (text) => console.log(text);
}

function printJson(data: unknown): void {
  console.log(JSON.stringify(data, null, 2));
}

function addressesOf({ clusters }: Expected): string[] {
  return clusters.map(({ address }) => address);
}

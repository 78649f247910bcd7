/** Tear-down of files: only what set-up wrote goes. */

import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { persistFiles } from "../../../src/backend/setup/persist.ts";
import { readStart, Records } from "../../../src/backend/setup/record.ts";
import { applyTeardown, planTeardown } from "../../../src/backend/setup/teardown.ts";
import { CLUSTER, machine } from "../check/machine.ts";

let folder = "";
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "oneip-teardown-")));
afterEach(() => rmSync(folder, { recursive: true }));

/** Tears down a set-up of one file, into whose place `replace` puts something else. The notes, and whether the file is left. */
async function tearDown(
  replace: (path: string) => void,
): Promise<{ notes: readonly string[]; stays: boolean }> {
  const [file] = persistFiles("sysctl.d", CLUSTER, ["net.ipv4.conf.all.arp_ignore=1"], folder);
  const { path, text } = file!;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  const records = new Records(join(folder, "state"));
  records.save({
    cluster: CLUSTER,
    start: readStart(),
    sysctls: [],
    removed: [],
    added: false,
    files: [path],
  });
  replace(path);
  const plan = planTeardown(machine(), CLUSTER, records)!;
  await applyTeardown(plan, CLUSTER, records, () => {});
  expect(records.all()).toEqual([]);
  return { notes: plan.notes.map((note) => note.replace(path, "FILE")), stays: existsSync(path) };
}

const replaced = { notes: ["FILE stays: somebody has replaced it since set-up"], stays: true };

test.each([
  ["nothing", () => {}, { notes: [], stays: false }],
  ["text of an administrator", (path: string) => writeFileSync(path, "net.ipv4.ip_forward=1\n"), replaced],
  ["a folder", (path: string) => (rmSync(path), mkdirSync(path)), replaced],
  ["a link to something else", (path: string) => (rmSync(path), symlinkSync("/dev/null", path)), replaced],
  ["nothing at all: it is gone", (path: string) => rmSync(path), { notes: [], stays: false }],
])("a file into whose place came %s", async (_, replace, want) => {
  expect(await tearDown(replace)).toEqual(want);
});

/** A file gets another text, whole or not at all. */

import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { replaceFile } from "../../src/system/replace_file.ts";
import { runChecked } from "../../src/system/programs.ts";
import { needsRoot } from "../needs.ts";
import { runTs } from "../runtime.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "oneip-replace-"));
  file = join(folder, "oneip.yaml");
  writeFileSync(file, "one\n");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("the new text has the mode of before, and the text of before has a name", () => {
  chmodSync(file, 0o640);
  expect(replaceFile(file, "two\n")).toBe(`${file}.before`);
  expect(replaceFile(file, "three\n")).toBe(`${file}.before`);
  expect([readFileSync(file, "utf8"), readFileSync(`${file}.before`, "utf8")]).toEqual(["three\n", "two\n"]);
  expect(statSync(file).mode & 0o7777).toBe(0o640);
  expect(readdirSync(folder).sort()).toEqual(["oneip.yaml", "oneip.yaml.before"]);
});

test("a name that leads to the file goes on to lead there", () => {
  const link = join(folder, "link.yaml");
  symlinkSync("oneip.yaml", link);
  replaceFile(link, "two\n");
  expect(readFileSync(file, "utf8")).toBe("two\n");
  expect(readFileSync(link, "utf8")).toBe("two\n");
});

test.skipIf(needsRoot())("the owner stays", () => {
  chownSync(file, 1234, 1235);
  replaceFile(file, "two\n");
  const { uid, gid } = statSync(file);
  expect([uid, gid]).toEqual([1234, 1235]);
});

test.skipIf(needsRoot())(
  "a full disk, a read-only one, a file that is mounted by itself: it is as it was, and why is said",
  async () => {
    const folders = ["full", "readonly", "mounted"].map((name) => join(folder, name));
    for (const one of folders) mkdirSync(one);
    const [full, readonly, mounted] = folders as [string, string, string];
    const shell = [
      `mount -t tmpfs -o size=16k oneip ${full}`,
      `mount -t tmpfs oneip ${readonly}`,
      ...folders.map((one) => `cp ${file} ${one}`),
      `mount -o remount,ro ${readonly}`,
      `mount --bind ${mounted}/oneip.yaml ${mounted}/oneip.yaml`,
      `exec "$@"`,
    ].join(" && ");
    const probe = runTs("test/system/replace_file_probe.ts");
    const said = await runChecked(["unshare", "--mount", "sh", "-c", shell, "sh", ...probe, ...folders]);
    const as = (one: string, why: string) => ({
      said: `Cannot write ${one}/oneip.yaml, which is as it was: ${why}`,
      files: ["oneip.yaml"],
      text: "one\n",
    });
    expect(JSON.parse(said)).toEqual([
      as(full, "no space is left on the disk"),
      as(readonly, "its file system is read-only"),
      as(mounted, "it is mounted by itself, as into a container: mount its folder"),
    ]);
  },
);

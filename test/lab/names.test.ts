/** What cannot be a lab's name is refused before anything happens. */

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, UsageError } from "oneip";
import { labName } from "../../src/lab/find.ts";
import { isLabName, uniqueLabName } from "../../src/lab/topology.ts";
import { oneip } from "../cli/oneip.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-names-"));
const victim = join(folder, "victim");
const topology = join(folder, "names.yaml");

beforeAll(() => {
  mkdirSync(victim);
  writeFileSync(topology, "name: names\ntopology: {nodes: {a: {}}}\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

const WORDS = {
  "a path to elsewhere": relative("/run/oneip/lab", victim),
  "an absolute path": victim,
  "the folder of all labs": ".",
  "its parent": "..",
  "nothing": "",
  "a folder below a lab's": "zz/a",
  "a hidden word": ".zz",
  "a dotted word, as a lab's mark is one": "zz.a",
  "a pattern of grep": "zz.*",
  "a pattern of the shell": "zz*",
  "a long option": "--foo",
  "a short option": "-n",
  "two words": "zz other",
  "two lines": "zz\nother",
  "a name with a line's end": "zz\n",
  "capitals": "ZZ",
  "32 letters": "z".repeat(32),
};

describe.each(Object.entries(WORDS))("%s", (_, word) => {
  const refusal = `A lab cannot have this name, found ${JSON.stringify(word)}, use lower-case letters, `;

  test("is refused by the library", async () => {
    await expect(Lab.up(topology, { name: word })).rejects.toThrow(refusal);
    await expect(Lab.down(word)).rejects.toThrow(refusal);
    expect(() => Lab.open(word)).toThrow(refusal);
    expect(() => labName(word)).toThrow(UsageError);
    expect(existsSync(victim)).toBe(true);
  });
});

test.each([
  ["down", "--", WORDS["a path to elsewhere"]],
  ["down", ""],
  ["down", "."],
  ["down", "--", "--foo"],
  ["up", topology, "--name", ".."],
  ["up", topology, "--name", "-n"],
  ["exec", "zz.*", "a", "true"],
  ["shell", "../x", "a"],
])("oneip lab %s %s %s %s", async (...words) => {
  const { status, stderr } = await oneip("lab", ...words);
  expect(stderr).toContain("A lab cannot have this name, found ");
  expect(status).toBe(2);
  expect(existsSync(victim)).toBe(true);
});

test.each([
  ["a lab's name", "name: ../victim\ntopology: {nodes: {a: {}}}\n", '"name" is wrong, found "../victim"'],
  [
    "a node's name",
    "name: names\ntopology: {nodes: {../x: {}}}\n",
    '../x" is wrong, found a mapping, for a name use letters, digits',
  ],
])("%s in a topology", async (_, text, refusal) => {
  const file = join(folder, "wrong.yaml");
  writeFileSync(file, text);
  await expect(Lab.up(file)).rejects.toThrow(refusal);
  expect(() => labName(file)).toThrow(refusal);
  expect(existsSync(victim)).toBe(true);
});

test.each([["down", "--foo"], ["down", "-n"], ["exec", "-n", "a", "true"]])(
  "oneip lab %s %s: an option that is not there",
  async (...words) => {
    const { status, stderr } = await oneip("lab", ...words);
    expect(stderr).toContain("unknown option");
    expect(status).toBe(2);
  },
);

test("a name of 31 letters, digits and dashes is one", () => {
  expect(labName(`z-9${"z".repeat(28)}`)).toHaveLength(31);
});

test("a topology's labs have names of their own, which are names", () => {
  const names = Array.from({ length: 1000 }, () => uniqueLabName("routing"));
  expect(new Set(names).size).toBe(1000);
  expect([...names, uniqueLabName("a".repeat(31))].every(isLabName)).toBe(true);
});

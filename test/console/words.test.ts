/** Which command a line means, and what could come next. */

import { expect, test } from "vitest";
import type { ConsoleCommand } from "../../src/console/commands.ts";
import { inFull, nextWords, wordsOf } from "../../src/console/words.ts";

const action = () => {};
const backend = {
  label: "backend",
  description: "backend",
  names: () => Promise.resolve(["web1", "web2", "db1"]),
};

const COMMANDS: Record<string, ConsoleCommand> = {
  show: {
    action,
    description: "what it does",
    subcommands: {
      backends: { action, description: "each backend" },
      buckets: { action, description: "each bucket", parameters: [{ label: "cluster", optional: true }] },
      status: { action, description: "the state" },
    },
  },
  drain: { action, parameters: [backend, { label: "now", words: ["now"], optional: true }] },
  weight: { action, parameters: [backend, { label: "weight" }] },
  explain: { action, parameters: [{ label: "address", rest: true }] },
  quit: { action, aliases: ["exit"] },
  technique: { action, parameters: [{ label: "technique", words: ["route", "broadcast"], optional: true }] },
};

test.each([
  ["sh ba", "show backends"],
  ["s s", "show status"],
  ["  show   bu web ", "show buckets web"],
  ["dr web1 n", "drain web1 now"],
  ['drain "web/web1"', "drain web/web1"],
  ["e 2001:db8::7 198.51.100.7", "explain 2001:db8::7 198.51.100.7"],
  ["t", "technique"],
  ["q", "quit"],
  ["exit", "quit"],
  ["t b", "technique broadcast"],
  ["help", "help"],
  ["help sh ba", "help show backends"],
])("%s is %s", (line, full) => {
  expect(inFull(wordsOf(line), COMMANDS).join(" ")).toBe(full);
});

test.each([
  ["shwo", '"shwo" is no command; use show, drain, weight, explain, quit or technique'],
  ["show b", '"show b" could be several; use show backends or show buckets'],
  ["show", "show what? Use show backends, show buckets or show status"],
  ["show status now", '"now" is too much; use show status'],
  ["drain", "Which backend? Use drain BACKEND [now]"],
  ["weight web1", "Which weight? Use weight BACKEND WEIGHT"],
  ["drain web1 later", '"later" will not do; use drain BACKEND [now], with now'],
  ["drain web1 now now", '"now" is too much; use drain BACKEND [now]'],
  ["explain", "Which address? Use explain ADDRESS..."],
  ["help shwo", '"shwo" is no command; use show, drain, weight, explain, quit or technique'],
])("%s is refused: %s", (line, message) => {
  expect(() => inFull(wordsOf(line), COMMANDS)).toThrow(message);
});

test.each([
  ["", ["show", "drain", "weight", "explain", "quit", "technique", "help"]],
  ["s", ["show"]],
  ["sh ", ["backends", "buckets", "status"]],
  ["show b", ["backends", "buckets"]],
  ["dr ", ["web1", "web2", "db1"]],
  ["drain we", ["web1", "web2"]],
  ["drain web1 ", ["now"]],
  ["technique r", ["route"]],
  ["help ", ["show", "drain", "weight", "explain", "quit", "technique"]],
  ["help show ", ["backends", "buckets", "status"]],
  ["explain ", []],
  ["show status ", []],
  ["nothing ", []],
])("after %j come %j", async (line, next) => {
  expect((await nextWords(line.split(" "), COMMANDS)).map(([word]) => word)).toEqual(next);
});

test("while nobody answers there are no names", async () => {
  const silent = {
    drain: { action, parameters: [{ ...backend, names: () => Promise.reject(new Error()) }] },
  };
  expect(await nextWords(["drain", ""], silent)).toEqual([]);
});

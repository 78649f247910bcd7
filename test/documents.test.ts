/** The generated documents: they are current, and what they show is right. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { afterAll, describe, expect, test } from "vitest";
import type * as z from "zod";
import { commandsDocument } from "../src/cli/document.ts";
import { oneipProgram } from "../src/cli/program.ts";
import { configuration } from "../src/config/config.ts";
import { configurationDocument } from "../src/config/document.ts";
import { EXAMPLE } from "../src/config/example.ts";
import { type DeclaredKey, itemOf, keysOf } from "../src/config/key.ts";
import { run } from "../src/system/programs.ts";
import { oneip } from "./cli/oneip.ts";
import { ROOT, runTs } from "./runtime.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-documents-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([["configuration.md", configurationDocument], ["commands.md", commandsDocument]])(
  "docs/%s is current; else run scripts/docs",
  async (file, document) => {
    const isCurrent = readFileSync(join(ROOT, "docs", file), "utf8") === await document();
    expect(isCurrent, `docs/${file} is not what the source says: run scripts/docs`).toBe(true);
  },
);

test("the library's pages have a sentence for each export and each member of a class, and no dead link", async () => {
  const { stderr } = await run([...runTs("scripts/api_docs.ts"), join(folder, "api")]);
  expect(stderr).toBe("");
});

test("oneip check takes the whole file of docs/configuration.md", async () => {
  const file = join(folder, "oneip.yaml");
  writeFileSync(file, EXAMPLE);
  expect(await oneip("check", "-c", file)).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("cluster web"),
  });
});

describe("every key", () => {
  const below = (schema: z.ZodType): DeclaredKey[] =>
    (keysOf(itemOf(schema) ?? schema) ?? []).flatMap((key) => [key, ...below(key.schema)]);

  test("has a description in sentences", () => {
    for (const { name, description } of below(configuration)) {
      expect(description, name).toMatch(/^[A-Z0-9`].*\.$/);
    }
  });

  test("takes its own examples", () => {
    for (const { name, schema, examples } of below(configuration)) {
      for (const example of examples) expect(schema.safeParse(example).error, name).toBeUndefined();
    }
  });
});

describe("every command", () => {
  const below = (command: Command): Command[] => [command, ...command.commands.flatMap(below)];
  const isShown = (command: Command) =>
    command.commands.length === 0 &&
    command.parent!.createHelp().visibleCommands(command.parent!).includes(command);
  const commands = async () =>
    below(await oneipProgram() as unknown as Command).filter((one) => one.parent !== null && isShown(one));

  const helpOf = (command: Command) => {
    let help = "";
    command.configureOutput({ writeOut: (text) => help += text });
    command.outputHelp();
    return help;
  };

  test("has an example in its help", async () => {
    for (const command of await commands()) expect(helpOf(command)).toMatch(/^Examples?:\n {2}.*oneip /m);
  });

  test("takes the examples of its help", async () => {
    const examples = (await commands()).flatMap((command) =>
      helpOf(command).match(/(?<=^ {2}.*)\boneip [^|>\n]+/gm) ?? []
    );
    expect(examples.length).toBeGreaterThan(20);
    for (const example of examples) {
      const words = example.match(/"[^"]*"|\S+/g)!.slice(1).map((word) => word.replaceAll('"', ""));
      const program = await oneipProgram(words[0]) as unknown as Command;
      const called: string[] = [];
      for (const command of below(program)) {
        if (command.commands.length === 0) command.action(() => void called.push(command.name()));
      }
      await program.parseAsync(words, { from: "user" });
      expect(called, example).toHaveLength(1);
    }
  });
});

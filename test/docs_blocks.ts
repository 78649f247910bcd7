/**
 * The documents, taken apart: their blocks, and the marks that say how a test runs each of them. A mark is an HTML comment right
 * before the block, so that a reader does not see it.
 *
 *     <!-- on: dispatcher -->                    the commands run there, and succeed
 *     <!-- on: web1, status: 1 -->               and end with this status
 *     <!-- on: dispatcher, until: running -->    they are left running once they have printed this
 *     <!-- file: oneip.yaml -->                  a file of the checkout: there already with this text, or written for what follows
 *     <!-- file: /etc/a.conf, on: web1 -->       a file of that machine
 *     <!-- part of: src/config/cluster.ts -->    lines that stand in that file
 *     <!-- prints -->                            what the block before has printed; "…" stands for anything
 *     <!-- not run: REASON -->                   commands that no test can run
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./runtime.ts";

/** Made from the source, where another test holds them current. */
const GENERATED = ["docs/configuration.md", "docs/commands.md"];

export interface Block {
  /** `docs/labs.md:12`. */
  readonly place: string;
  /** `sh`, `yaml`, ...; empty for a drawing or what something prints. */
  readonly language: string;
  readonly text: string;
  /** What stands in the mark, by key; undefined without one. */
  readonly mark: Readonly<Record<string, string>> | undefined;
}

/** Paths from the checkout: all that people write. */
export function documents(): string[] {
  const docs = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md")).map((name) =>
    `docs/${name}`
  );
  return ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...docs].filter((file) =>
    !GENERATED.includes(file)
  );
}

export function textOf(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** A block in a list is indented, with its mark. */
const FENCE = /^( *)```(\w*)$/;
const MARK = /^ *<!-- (.*) -->$/;

export function blocksOf(file: string): Block[] {
  const blocks: Block[] = [];
  const lines = textOf(file).split("\n");
  for (let at = 0; at < lines.length; at++) {
    const [, indent = "", language] = FENCE.exec(lines[at]!) ?? [];
    if (language === undefined) continue;
    const end = lines.indexOf(`${indent}\`\`\``, at + 1);
    const mark = MARK.exec(lines[at - 1] ?? "")?.[1];
    blocks.push({
      place: `${file}:${at + 1}`,
      language,
      text: lines.slice(at + 1, end).map((line) => `${line.slice(indent.length)}\n`).join(""),
      mark: mark === undefined ? undefined : parseMark(mark),
    });
    at = end;
  }
  return blocks;
}

/** A reason may have commas. */
function parseMark(text: string): Record<string, string> {
  const parts = text.startsWith("not run: ") ? [text] : text.split(", ");
  return Object.fromEntries(parts.map((part) => {
    const [key = "", ...value] = part.split(": ");
    return [key, value.join(": ")];
  }));
}

/** What the text of a `prints` block matches. A line of only "…" stands for any lines. */
export function printsPattern(text: string): RegExp {
  const lines = text.trimEnd().split("\n").map((line) =>
    line === "…"
      ? "[^]*"
      : line.trimEnd().split("…").map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join(".*")
  );
  return new RegExp(lines.join("[ \\t]*\\n"));
}

/** What a shell completes behind `oneip lab`: names of topologies, of labs that are up, of their nodes and interfaces. */

import { readdirSync, readFileSync } from "node:fs";
import type { RootCommand } from "@bomb.sh/tab";
import { labName } from "../lab/find.ts";
import { readRecord, recordedNames } from "../lab/record.ts";
import { shippedTopologies } from "../lab/shipped.ts";
import { parseTopology } from "../lab/topology.ts";

/** By argument, as the commands name it. `lab` is the word that stands behind the command. */
const NAMES: Readonly<Record<string, (lab: string) => string[]>> = {
  lab: recordedNames,
  topology: () => [
    ...recordedNames(),
    ...shippedTopologies(),
    ...readdirSync(".").filter((file) => /\.ya?ml$/.test(file)),
  ],
  node: (lab) => [...readRecord(labName(lab))?.nodes ?? []],
  "node:interface": endsOf,
};

function endsOf(lab: string): string[] {
  const record = readRecord(labName(lab));
  if (record === undefined) return [];
  const { nodes } = parseTopology(readFileSync(record.file, "utf8"), record.file);
  return nodes.flatMap(({ name, interfaces }) => interfaces.map((one) => `${name}:${one.name}`));
}

/** `words` are what has been typed behind `oneip`. What cannot be read offers nothing. */
export function completeLabs(root: RootCommand, words: () => readonly string[]): void {
  for (const [path, command] of root.commands) {
    if (!path.startsWith("lab ")) continue;
    for (const [name, argument] of command.arguments) {
      const names = NAMES[name];
      if (names === undefined) continue;
      argument.handler = (complete) => {
        const [, , lab = ""] = words().filter((word) => !word.startsWith("-"));
        try {
          for (const found of new Set(names(lab))) complete(found, "");
        } catch {
          // A person who types has no use for the reason.
        }
      };
    }
  }
}

/** What a person means by a topology or a lab on the command line. */

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UsageError } from "../input/errors.ts";
import { parseTopology } from "./topology.ts";

const SHIPPED = fileURLToPath(new URL("../../netns/", import.meta.url));

/** A file, or the name of a topology that comes with the project. Throws UsageError when it is neither. */
export function topologyFile(word: string): string {
  if (existsSync(word)) return word;
  if (existsSync(shippedFile(word))) return shippedFile(word);
  throw new UsageError(
    `There is no topology "${word}": neither a file of that name nor ${SHIPPED}${word}.yaml`,
  );
}

/** Which lab is meant: a name, or a topology, whose name and nodes it then has. */
export function whichLab(word: string): { name: string; nodes: readonly string[] } {
  if (!word.endsWith(".yaml") && !existsSync(shippedFile(word))) return { name: word, nodes: [] };
  const file = topologyFile(word);
  const { name, nodes } = parseTopology(readFileSync(file, "utf8"), file);
  return { name, nodes: nodes.map((node) => node.name) };
}

function shippedFile(word: string): string {
  return /^[\w-]+$/.test(word) ? `${SHIPPED}${word}.yaml` : "";
}

/** What a person means by a topology or a lab on the command line. */

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UsageError } from "../input/errors.ts";
import { parseTopology } from "./topology.ts";

const SHIPPED = fileURLToPath(new URL("../../netns/", import.meta.url));

/** A file, or the name of a topology that comes with the project. Throws UsageError when it is neither. */
export function topologyFile(word: string): string {
  if (existsSync(word)) return word;
  const shipped = `${SHIPPED}${word}.yaml`;
  if (/^[\w-]+$/.test(word) && existsSync(shipped)) return shipped;
  throw new UsageError(`There is no topology "${word}": neither a file of that name nor ${shipped}`);
}

/** A lab's name: the word itself, or the name that stands in the topology file. */
export function labName(word: string): string {
  if (!word.endsWith(".yaml")) return word;
  const file = topologyFile(word);
  return parseTopology(readFileSync(file, "utf8"), file).name;
}

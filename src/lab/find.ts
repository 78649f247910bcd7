/** What a person means by a topology or a lab on the command line. */

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UsageError } from "../input/errors.ts";
import { checkLabName, parseTopology } from "./topology.ts";

const SHIPPED = fileURLToPath(new URL("../../netns/", import.meta.url));

/** A file, or the name of a topology that comes with the project. Throws UsageError when it is neither. */
export function topologyFile(word: string): string {
  if (existsSync(word)) return word;
  if (existsSync(shippedFile(word))) return shippedFile(word);
  throw new UsageError(
    `There is no topology "${word}": neither a file of that name nor ${SHIPPED}${word}.yaml`,
  );
}

/** The name of the lab that is meant: by its name, or by its topology. Throws UsageError when it can be neither. */
export function labName(word: string): string {
  if (word.endsWith(".yaml") || existsSync(shippedFile(word))) {
    const file = topologyFile(word);
    return parseTopology(readFileSync(file, "utf8"), file).name;
  }
  checkLabName(word);
  return word;
}

function shippedFile(word: string): string {
  return /^[\w-]+$/.test(word) ? `${SHIPPED}${word}.yaml` : "";
}

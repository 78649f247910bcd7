/** The topologies that come along. */

import { existsSync, readdirSync } from "node:fs";
import { basename } from "node:path";
import { UsageError } from "../input/errors.ts";
import { ownFile } from "../system/installation.ts";

/** Where the topology of this name would be; empty for what can be no name. */
export function shippedFile(name: string): string {
  return /^[\w-]+$/.test(name) ? ownFile(`netns/${name}.yaml`) : "";
}

/** A file, or the name of a topology that comes along. Throws UsageError when it is neither. */
export function topologyFile(word: string): string {
  if (existsSync(word)) return word;
  if (existsSync(shippedFile(word))) return shippedFile(word);
  throw new UsageError(
    `There is no topology "${word}": neither a file of that name nor ${ownFile("netns/")}${word}.yaml`,
  );
}

/** The names of the topologies that come with the project. */
export function shippedTopologies(): string[] {
  return readdirSync(ownFile("netns/")).filter((file) => /^[\w-]+\.yaml$/.test(file)).map((file) =>
    basename(file, ".yaml")
  );
}

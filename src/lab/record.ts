/** The traces of the labs that are up: a folder each, with its record, the programs' logs and process numbers. */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../input/errors.ts";
import { isMarkOf } from "./namespaces.ts";
import { isLabName } from "./topology.ts";
import { ownUid, stateFolder } from "./user.ts";

/** What a lab is known by while it is up. */
export interface LabRecord {
  readonly name: string;
  /** Absolute path of the topology. */
  readonly file: string;
  readonly nodes: readonly string[];
  /** What its processes and namespaces carry (namespaces.ts). */
  readonly mark: string;
}

/** The folder of a lab. The name must have been checked: the folder will be removed with all that is in it. */
export function folderOf(name: string): string {
  return join(stateFolder(), name);
}

/** What the program of a node prints. */
export function logFileOf(name: string, node: string): string {
  return join(folderOf(name), `${node}.log`);
}

/**
 * Takes the name before anything else is made, so that the lab can be found and removed from here on. Throws UsageError when
 * a lab of that name is up, and Error, with nothing left, when it cannot be written.
 */
export function writeRecord(record: LabRecord): void {
  mkdirSync(stateFolder(), { recursive: true, mode: ownUid() === 0 ? 0o755 : 0o700 });
  try {
    mkdirSync(folderOf(record.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw upAlready(record.name);
  }
  try {
    writeFileSync(join(folderOf(record.name), "lab.json"), JSON.stringify(record));
  } catch (error) {
    removeFolder(record.name);
    throw new Error(`Cannot write to ${stateFolder()}, where labs are recorded: ${(error as Error).message}`);
  }
}

export function upAlready(name: string): UsageError {
  return new UsageError(
    `A lab "${name}" is up already; remove it with "oneip lab down ${name}" or choose a --name`,
  );
}

/** Undefined when there is none, or nothing of use in it. */
export function readRecord(name: string): LabRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(join(folderOf(name), "lab.json"), "utf8")) as LabRecord;
    return isMarkOf(name, record.mark) && Array.isArray(record.nodes) ? record : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Removes the folder of a lab that is gone. */
export function removeFolder(name: string): void {
  rmSync(folderOf(name), { recursive: true, force: true });
}

/** Names of the labs that are up, or were left half made by a crash. */
export function recordedNames(): string[] {
  try {
    return readdirSync(stateFolder()).filter(isLabName).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return []; // No lab was ever up.
    throw error;
  }
}

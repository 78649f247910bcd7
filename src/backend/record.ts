/** What set-up changed for a cluster address, kept so that teardown restores what was there before. One file each. */

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { UsageError } from "../input/errors.ts";

const sysctlSchema = z.strictObject({ name: z.string(), before: z.int(), after: z.int() });

/** Of the cluster address, or one of its masks. */
const aliasSchema = z.strictObject({ prefixLength: z.int(), scope: z.string(), interface: z.string() });

const recordSchema = z.strictObject({
  cluster: z.string(),
  /** Without files that bring them back, the changes are gone when the machine has started anew. */
  bootId: z.string(),
  sysctls: z.array(sysctlSchema),
  /** Those that were there and had to go. */
  removed: z.array(aliasSchema),
  /** Set-up gave the machine the alias as it should be. */
  added: z.boolean(),
  /** Files written, absolute. */
  files: z.array(z.string()),
});

export type SetupRecord = z.output<typeof recordSchema>;
export type RemovedAlias = z.output<typeof aliasSchema>;

/** The records of a folder. */
export class Records {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Throws UsageError for a file that is no record. */
  all(): SetupRecord[] {
    return this.#names().map((name) => {
      const path = join(this.#folder, name);
      try {
        return recordSchema.parse(JSON.parse(readFileSync(path, "utf8")));
      } catch {
        throw new UsageError(
          `"${path}" is no record of a set-up; move it away, and undo by hand what "oneip backend check" finds`,
        );
      }
    });
  }

  of(cluster: string): SetupRecord | undefined {
    return this.all().find((record) => record.cluster === cluster);
  }

  /** Those of other cluster addresses: what they name must stay. */
  besides(cluster: string): SetupRecord[] {
    return this.all().filter((record) => record.cluster !== cluster);
  }

  /** Whole or not at all. */
  save(record: SetupRecord): void {
    mkdirSync(this.#folder, { recursive: true });
    const path = this.#path(record.cluster);
    writeFileSync(`${path}.new`, JSON.stringify(record, null, 2) + "\n");
    renameSync(`${path}.new`, path);
  }

  remove(cluster: string): void {
    rmSync(this.#path(cluster), { force: true });
  }

  #path(cluster: string): string {
    return join(this.#folder, `${cluster}.json`);
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder).filter((name) => name.endsWith(".json")).sort();
    } catch {
      return []; // Nothing was ever set up.
    }
  }
}

/**
 * What of it has outlived the last start of the machine: the kernel forgets, files do not. All files keep the sysctls; those of
 * sysctl.d do not keep the alias.
 */
export function outliving(record: SetupRecord, bootId: string): SetupRecord {
  if (record.bootId === bootId) return record;
  const keepsAlias = record.files.some((file) => !file.includes("/sysctl.d/"));
  return {
    ...record,
    sysctls: record.files.length > 0 ? record.sysctls : [],
    added: keepsAlias && record.added,
    removed: keepsAlias ? record.removed : [],
  };
}

/** Nothing is left to undo. */
export function isEmpty({ sysctls, added, removed, files }: SetupRecord): boolean {
  return !added && sysctls.length + removed.length + files.length === 0;
}

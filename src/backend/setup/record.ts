/** What set-up changed for a cluster address, kept in a file for each so that teardown restores what was there before. */

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { namespaceCookie } from "../../device/namespace_cookie.ts";
import { UsageError } from "../../input/errors.ts";
import { isMachinesOwn, namespaceNumber } from "../../system/network_namespace.ts";

const sysctlSchema = z.strictObject({ name: z.string(), before: z.int(), after: z.int() });

/** An alias that set-up removed. */
const aliasSchema = z.strictObject({ prefixLength: z.int(), scope: z.string(), interface: z.string() });

const recordSchema = z.strictObject({
  cluster: z.string(),
  /** The start (`readStart`) after which set-up ran. After another start only what files bring back is left. */
  start: z.string(),
  sysctls: z.array(sysctlSchema),
  /** Aliases of the cluster address with a wrong mask or scope. */
  removed: z.array(aliasSchema),
  /** Set-up added the right alias. */
  added: z.boolean(),
  /** Absolute paths of the files that set-up wrote. */
  files: z.array(z.string()),
});

export type SetupRecord = z.output<typeof recordSchema>;
export type RemovedAlias = z.output<typeof aliasSchema>;

/**
 * Where the records of this network namespace are. Those of the machine's own outlive a restart, as what files bring back does.
 * Any other namespace does not, and may be a node of a lab: then its records go with the lab (lab/namespaces.ts).
 */
export function defaultFolder(): string {
  return isMachinesOwn() ? "/var/lib/oneip" : `/run/oneip/${namespaceNumber()}.backend`;
}

/** Changes with each start of the machine, and of the network namespace. */
export function readStart(): string {
  return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}.${namespaceCookie()}`;
}

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
          `"${path}" is not a record of a set-up; move it away, and undo by hand what "oneip backend check" finds`,
        );
      }
    });
  }

  of(cluster: string): SetupRecord | undefined {
    return this.all().find((record) => record.cluster === cluster);
  }

  /** The records of other cluster addresses. What they name must stay. */
  besides(cluster: string): SetupRecord[] {
    return this.all().filter((record) => record.cluster !== cluster);
  }

  /** Writes the whole record or nothing. */
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
 * What is left of a set-up after the machine or its network namespace may have started anew: the kernel forgets, and files bring it back. All files bring
 * the sysctls back; all but those of sysctl.d also the alias.
 */
export function afterReboot(record: SetupRecord, start: string): SetupRecord {
  if (record.start === start) return record;
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

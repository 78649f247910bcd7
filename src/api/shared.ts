/** What the dispatchers of a fleet share by etcd, when one of them starts. */

import { loadConfig, loadWithWarnings } from "../config/load.ts";
import type { Config } from "../config/config.ts";
import type { Warning } from "../config/warnings.ts";
import { openEtcd } from "../fleet/etcd/open.ts";
import { readSnapshot, type SharedText } from "../fleet/etcd/snapshot.ts";
import { hasProgramProbes } from "../health/needs.ts";
import type { Source } from "../input/document.ts";
import { UsageError } from "../input/errors.ts";
import type { Clock } from "../system/clock.ts";
import { within } from "../system/within.ts";

/** No start waits longer for etcd. */
const LONGEST_MS = 3000;

/** By what a mistake in it is named. */
export function sourceOf(shared: SharedText | undefined): Source | undefined {
  return shared && { text: shared.text, name: nameOf(shared.revision) };
}

export function nameOf(revision: number): string {
  return `etcd's revision ${revision}`;
}

/** Throws UsageError for what no dispatcher takes from etcd. `file`: its own. */
export function requireShareable(config: Config, file: string): void {
  if (hasProgramProbes(config)) {
    throw new UsageError(
      "What is shared has a probe of type exec: who may write to etcd could run any program on all dispatchers; use another type",
    );
  }
  const own = loadConfig(file).clusters.map(({ name }) => name);
  const shared = config.clusters.map(({ name }) => name);
  if (own.some((name) => shared.includes(name))) return;
  throw new UsageError(
    `What is shared has none of the clusters of ${file} (it has ${shared.join(", ")}, the file ${
      own.join(", ")
    }): ` +
      `perhaps two fleets have one prefix in etcd; give each its own with fleet.etcd.prefix, or correct the file`,
  );
}

export interface LoadedForStart {
  readonly config: Config;
  readonly warnings: readonly Warning[];
  readonly shared: SharedText | undefined;
  /** Why it starts by the clusters of its file, though it has a fleet. */
  readonly without: string | undefined;
}

/** The file's configuration, with what the fleet shares if that can be had. Throws as for a file alone. */
export async function loadForStart(file: string, clock: Clock): Promise<LoadedForStart> {
  const own = loadWithWarnings(file);
  const etcd = own.config.fleet?.etcd;
  if (etcd === undefined) return { ...own, shared: undefined, without: undefined };
  const opened = openEtcd(etcd, clock);
  try {
    const late = `etcd has not answered within ${LONGEST_MS} ms`;
    const snapshot = readSnapshot(opened.etcd, opened.keys, undefined);
    const { configuration: shared } = await within(clock, LONGEST_MS, snapshot, late);
    if (shared === undefined) return { ...own, shared, without: "nobody has pushed a configuration yet" };
    const loaded = loadWithWarnings(file, sourceOf(shared));
    requireShareable(loaded.config, file);
    return { ...loaded, shared, without: undefined };
  } catch (error) {
    return { ...own, shared: undefined, without: (error as Error).message };
  } finally {
    opened.close();
  }
}

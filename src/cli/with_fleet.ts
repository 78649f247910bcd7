/** What a command does with what a fleet shares by etcd: the file says which fleet, and what it would share. */

import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { requireShareable, sourceOf } from "../api/shared.ts";
import { changesBetween, type ConfigChanges } from "../cluster/config_changes.ts";
import type { Config } from "../config/config.ts";
import { loadConfig, loadWithWarnings } from "../config/load.ts";
import { RefusedError, UnreachableError } from "../fleet/etcd/etcd.ts";
import { type Opened, openEtcd } from "../fleet/etcd/open.ts";
import { push, readShared, type Shared, sharedPartOf } from "../fleet/etcd/shared_config.ts";
import type { SharedText } from "../fleet/etcd/snapshot.ts";
import { UsageError } from "../input/errors.ts";
import { REAL_CLOCK } from "../system/clock.ts";

/** Throws UsageError when the file names no etcd, or etcd does not answer or refuses. */
export async function withFleet<T>(file: string, work: (fleet: SharedFleet) => Promise<T>): Promise<T> {
  const config = loadConfig(file);
  const etcd = config.fleet?.etcd;
  if (etcd === undefined) {
    throw new UsageError(`${file} names no etcd, so it shares nothing: add fleet.etcd (docs/etcd.md)`);
  }
  const opened = openEtcd(etcd, REAL_CLOCK);
  try {
    return await work(new SharedFleet(file, config, opened));
  } catch (error) {
    if (error instanceof UnreachableError || error instanceof RefusedError) {
      throw new UsageError(error.message);
    }
    throw error;
  } finally {
    opened.close();
  }
}

export class SharedFleet {
  readonly file: string;
  readonly prefix: string;
  readonly #config: Config;
  readonly #opened: Opened;

  constructor(file: string, config: Config, opened: Opened) {
    this.file = file;
    this.prefix = opened.keys.prefix;
    this.#config = config;
    this.#opened = opened;
  }

  read(): Promise<Shared> {
    return readShared(this.#opened.etcd, this.#opened.keys);
  }

  /** What the file would share. */
  text(): string {
    return sharedPartOf(readFileSync(this.file, "utf8"));
  }

  /** From what is shared, if anything is, to what the file says. Throws InputError with the mistakes of what is shared. */
  changesFrom(shared: SharedText | undefined): ConfigChanges {
    if (shared === undefined) return changesBetween({ ...this.#config, clusters: [] }, this.#config);
    const { config } = loadWithWarnings(this.file, sourceOf(shared));
    return changesBetween(config, this.#config);
  }

  /** The new revision. Throws UsageError, and writes nothing, when no dispatcher would take it, or something else is there than `over`. */
  async push(text: string, { over, note, shared }: PushOptions): Promise<number> {
    const { config } = loadWithWarnings(this.file, { text, name: note ?? this.file });
    requireShareable(config, this.file);
    const replaced = shared.current?.revision ?? null;
    if (over === undefined) this.#requireSameFleet(config, shared.current);
    const by = `${process.env["SUDO_USER"] ?? process.env["USER"] ?? "root"}@${hostname()}`;
    const request = {
      text,
      by: note === undefined ? by : `${by}, ${note}`,
      at: new Date(REAL_CLOCK.sinceEpoch()).toISOString(),
      over: over ?? replaced,
    };
    return await push(this.#opened.etcd, this.#opened.keys, request, shared.history);
  }

  #requireSameFleet(config: Config, shared: SharedText | undefined): void {
    if (shared === undefined) return;
    let there: string[];
    try {
      there = loadWithWarnings(this.file, sourceOf(shared)).config.clusters.map(({ name }) => name);
    } catch {
      return; // What is there is no configuration, and nobody goes by it.
    }
    if (config.clusters.some(({ name }) => there.includes(name))) return;
    throw new UsageError(
      `What is shared at ${this.prefix} has other clusters (${
        there.join(", ")
      }) and none of ${this.file}: perhaps it is another ` +
        `fleet's; give this one its own fleet.etcd.prefix, or say --over ${shared.revision} to replace it`,
    );
  }
}

interface PushOptions {
  /** The revision that it may replace; undefined: the one that was read, if it is of the same fleet. */
  readonly over: number | undefined;
  /** What else the history is to say. */
  readonly note?: string;
  readonly shared: Shared;
}

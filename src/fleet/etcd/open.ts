/** A client of the etcd that a configuration names, with what stands in its files. */

import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { EtcdConfig } from "../../config/config.ts";
import { UsageError } from "../../input/errors.ts";
import type { Clock } from "../../system/clock.ts";
import { Etcd } from "./etcd.ts";
import { Keys } from "./keys.ts";
import { type Post, Poster } from "./post.ts";

export interface Opened {
  readonly etcd: Etcd;
  readonly keys: Keys;
  close(): void;
}

/** Throws UsageError when a file cannot be read. `by`: another way to etcd than the network. */
export function openEtcd(config: EtcdConfig, clock: Clock, by?: Post): Opened {
  const { endpoints, prefix, user, passwordFile, ca, certificate, key } = config;
  const account = user === undefined || passwordFile === undefined
    ? undefined
    : { user, password: () => contentsOf("passwordFile", passwordFile).replace(/\r?\n$/, "") };
  const poster = new Poster({
    ca: ca && contentsOf("ca", ca),
    certificate: certificate && contentsOf("certificate", certificate),
    key: key && contentsOf("key", key),
  });
  const etcd = new Etcd(endpoints, account, by ?? poster.post, clock);
  return { etcd, keys: new Keys(prefix), close: () => poster.close() };
}

/** By what the other dispatchers know this one. */
export function nameIn({ name }: EtcdConfig): string {
  return name ?? hostname();
}

function contentsOf(key: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(
      `fleet.etcd.${key}: cannot read "${file}": ${(error as NodeJS.ErrnoException).code ?? error}`,
    );
  }
}

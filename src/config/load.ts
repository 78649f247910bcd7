/** A configuration from its file. */

import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { namespaceName } from "../device/namespace.ts";
import { InputError, UsageError } from "../input/errors.ts";
import type { Source } from "../input/document.ts";
import { finish } from "../table/steps.ts";
import { type ClusterConfig, type Config, parseInSteps } from "./config.ts";
import { type Warning, warningsOf } from "./warnings.ts";

/** Throws InputError for its mistakes, and UsageError when the file cannot be read. */
export function loadConfig(file: string): Config {
  return loadWithWarnings(file).config;
}

/** A configuration, and what is unwise in it. */
export interface Loaded {
  readonly config: Config;
  readonly warnings: readonly Warning[];
}

export function loadWithWarnings(file: string, shared?: Source): Loaded {
  return finish(loadInSteps(file, shared));
}

/** In steps, for who has other work in between. */
export function loadInSteps(file: string, shared?: Source): Generator<void, Loaded> {
  return loadTextInSteps(readConfig(file), file, shared);
}

/** What the file would mean if it said this, and a fleet shared that. */
export function* loadTextInSteps(text: string, file: string, shared?: Source): Generator<void, Loaded> {
  const { config, read } = yield* parseInSteps(text, file, machine(), shared);
  return { config: withFilesFrom(dirname(file), config), warnings: warningsOf(config, read) };
}

/** The paths of files are relative to that of the configuration. */
function withFilesFrom(folder: string, config: Config): Config {
  const withFiles = (health: ClusterConfig["health"]) =>
    health?.map((probe) => probe.ca === undefined ? probe : { ...probe, ca: resolve(folder, probe.ca) });
  const clusters = config.clusters.map((cluster) => ({
    ...cluster,
    health: withFiles(cluster.health),
    backends: cluster.backends.map((backend) => ({ ...backend, health: withFiles(backend.health) })),
  }));
  const { vrrp } = config.dispatcher;
  const dispatcher = vrrp?.peer === undefined ? config.dispatcher : {
    ...config.dispatcher,
    vrrp: { ...vrrp, peer: { ...vrrp.peer, keyFile: resolve(folder, vrrp.peer.keyFile) } },
  };
  const { tokenFile, tls } = config.api;
  const api = {
    ...config.api,
    tokenFile: tokenFile && resolve(folder, tokenFile),
    tls: tls && { certificate: resolve(folder, tls.certificate), key: resolve(folder, tls.key) },
  };
  const path = (file: string | undefined) => file && resolve(folder, file);
  const etcd = config.fleet?.etcd;
  const fleet = config.fleet && {
    ...config.fleet,
    etcd: etcd && {
      ...etcd,
      passwordFile: path(etcd.passwordFile),
      ca: path(etcd.ca),
      certificate: path(etcd.certificate),
      key: path(etcd.key),
    },
  };
  return { ...config, dispatcher, clusters, fleet, api };
}

/** A configuration from values that were given one by one. Throws UsageError for what is wrong with them. */
export function configOf(values: object): Config {
  return finish(configOfInSteps(values));
}

export function* configOfInSteps(values: object): Generator<void, Config> {
  try {
    return (yield* parseInSteps(JSON.stringify(values), "", machine())).config;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new UsageError(error.mistakes.map(({ message }) => message).join("\n"));
  }
}

/** What stands for a file that is open already. Deno opens nothing below /dev without the permission for all. */
const OPEN_ALREADY = /^(?:-|\/dev\/stdin|\/dev\/fd\/(\d+))$/;

function readConfig(file: string): string {
  const open = OPEN_ALREADY.exec(file);
  try {
    return readFileSync(open === null ? file : Number(open[1] ?? 0), "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT"
      ? "there is no such file"
      : code === "EISDIR"
      ? "it is a folder; give the file"
      : code ?? (error as Error).message;
    throw new UsageError(`Cannot read the configuration "${file}": ${why}`);
  }
}

/** What makes the default MAC this machine's own, and this namespace's, where it has a name. */
function machine(): string {
  return [machineId(), namespaceName() ?? []].flat().join(" ");
}

/** machine-id(5), or the host name where there is none. */
function machineId(): string {
  try {
    return readFileSync("/etc/machine-id", "utf8").trim();
  } catch {
    return hostname();
  }
}

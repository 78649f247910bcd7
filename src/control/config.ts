/**
 * The configuration: what a YAML file may say, and what it means. Every mistake is found in one go and reported with its
 * place in the file. `parseConfig` does no I/O.
 */

import { createHash } from "node:crypto";
import { readDocument } from "../input/document.ts";
import { type Mac, parseCidr, parseIpv4, parseMac } from "../wire/address.ts";
import type { Algorithm } from "../table/bucket_map.ts";
import { type ConfigInput, configSchema, knownKeys } from "./config_schema.ts";
import { reportNonsense } from "./config_sense.ts";

/** Addresses are int32. */
export interface Config {
  readonly dispatcher: {
    readonly interface: string;
    readonly bridge: string | undefined;
    readonly mac: Mac;
    readonly mtu: number;
    readonly addresses: readonly { readonly address: number; readonly prefixLength: number }[];
    readonly gateway: number | undefined;
  };
  readonly clusters: readonly ClusterConfig[];
}

export interface ClusterConfig {
  readonly name: string;
  readonly addresses: readonly number[];
  readonly buckets: number;
  readonly seed: number;
  readonly algorithm: Algorithm;
  readonly noBackend: "reject" | "last-resort";
  readonly backends: readonly BackendConfig[];
}

export interface BackendConfig {
  readonly name: string;
  readonly address: number;
  readonly weight: number;
}

/**
 * Text of a configuration file to its meaning. `machine` is what makes the default MAC this machine's own.
 * Throws InputError with every mistake.
 */
export function parseConfig(text: string, file: string, machine: string): Config {
  return toConfig(
    readDocument(text, file, { schema: configSchema, knownKeys, judge: reportNonsense }),
    machine,
  );
}

function toConfig(input: ConfigInput, machine: string): Config {
  const { interface: name, bridge, mac, mtu, addresses, gateway } = input.dispatcher;
  return {
    dispatcher: {
      interface: name,
      bridge,
      mac: mac === undefined ? stableMac(machine, name) : parseMac(mac)!,
      mtu,
      addresses: addresses.map((text) => parseCidr(text)!),
      gateway: gateway === undefined ? undefined : parseIpv4(gateway)!,
    },
    clusters: input.clusters.map((cluster) => ({
      name: cluster.name,
      addresses: cluster.addresses.map((text) => parseIpv4(text)!),
      buckets: cluster.buckets,
      seed: cluster.seed | 0,
      algorithm: cluster.algorithm,
      noBackend: cluster.noBackend,
      backends: cluster.backends.map(({ name, address, weight }) => ({
        name,
        address: parseIpv4(address)!,
        weight,
      })),
    })),
  };
}

/** Locally administered, unicast, and the same at every start, so that routers need not learn anew. */
function stableMac(machine: string, interfaceName: string): Mac {
  const digest = createHash("sha256").update(`oneip ${machine} ${interfaceName}`).digest();
  return { high: (digest.readUInt16BE(0) & 0xfcff) | 0x0200, low: digest.readInt32BE(2) };
}

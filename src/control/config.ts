/**
 * The configuration: what a YAML file may say, and what it means. Every mistake is found in one go and reported with its
 * place in the file. `parseConfig` does no I/O.
 */

import { createHash } from "node:crypto";
import { readDocument } from "../input/document.ts";
import { type Cidr, type Mac, parseCidr, parseIp, parseMac } from "../wire/address.ts";
import type { Algorithm } from "../table/bucket_map.ts";
import type { Port, RateLimits } from "../path/plan.ts";
import { type ConfigInput, configSchema, knownKeys, parseDuration, parsePort } from "./config_schema.ts";
import { reportNonsense } from "./config_sense.ts";

/** Addresses are canonical text. */
export interface Config {
  readonly dispatcher: {
    readonly interface: string;
    readonly bridge: string | undefined;
    readonly mac: Mac;
    readonly vlan: number | undefined;
    readonly mtu: number;
    readonly addresses: readonly Cidr[];
    /** At most one of each family. */
    readonly gateways: readonly string[];
    readonly routes: readonly { readonly prefix: Cidr; readonly via: string }[];
    readonly announce: { readonly count: number; readonly intervalMs: number; readonly refreshMs: number };
    readonly rateLimits: RateLimits;
    readonly queues: number;
    readonly offloads: boolean;
    /** What becomes of a fault that the verification at the start finds; later ones are logged, unless it is off. */
    readonly verify: "warn" | "refuse" | "off";
  };
  readonly clusters: readonly ClusterConfig[];
}

export interface ClusterConfig {
  readonly name: string;
  readonly addresses: readonly string[];
  /** Who chooses the backend: the dispatcher, or each backend for itself. */
  readonly technique: "route" | "broadcast";
  /** Destination MAC of the frames that all backends get: broadcast or multicast. */
  readonly group: Mac;
  /** The technique when the dispatcher is gone; undefined: none. */
  readonly fallback: "broadcast" | undefined;
  readonly agent: AgentConfig | undefined;
  readonly buckets: number;
  readonly seed: number;
  readonly algorithm: Algorithm;
  readonly mask: { readonly ipv4: number; readonly ipv6: number };
  /** Undefined: all are open. */
  readonly ports: readonly Port[] | undefined;
  readonly closed: "reject" | "drop";
  readonly noBackend: "reject" | "last-resort";
  readonly backends: readonly BackendConfig[];
}

/** Have the backends of this cluster filters, so that frames may come to all of them? */
export function mayBroadcast({ technique, fallback }: ClusterConfig): boolean {
  return technique === "broadcast" || fallback === "broadcast";
}

/** Of the agents by which backends watch each other. */
export interface AgentConfig {
  /** UDP. */
  readonly port: number;
  /** File with the key that all backends share. */
  readonly keyFile: string;
  /** Between two heartbeats. */
  readonly intervalMs: number;
}

export interface BackendConfig {
  readonly name: string;
  readonly address: string;
  readonly weight: number;
  /** Of the way to it; the link's or less. */
  readonly mtu: number;
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

function toConfig({ dispatcher, clusters }: ConfigInput, machine: string): Config {
  const { mac, gateway = [], routes, announce, mtu } = dispatcher;
  return {
    dispatcher: {
      interface: dispatcher.interface,
      bridge: dispatcher.bridge,
      mac: mac === undefined ? stableMac(machine, dispatcher.interface) : parseMac(mac)!,
      vlan: dispatcher.vlan,
      mtu,
      addresses: dispatcher.addresses.map((text) => parseCidr(text)!),
      gateways: [gateway].flat().map((text) => parseIp(text)!),
      routes: routes.map(({ prefix, via }) => ({ prefix: parseCidr(prefix, 0)!, via: parseIp(via)! })),
      announce: {
        count: announce.count,
        intervalMs: parseDuration(announce.interval)!,
        refreshMs: parseDuration(announce.refresh)!,
      },
      rateLimits: dispatcher.rateLimits,
      queues: dispatcher.queues,
      offloads: dispatcher.offloads,
      verify: dispatcher.verify,
    },
    clusters: clusters.map((cluster) => ({
      name: cluster.name,
      addresses: cluster.addresses.map((text) => parseIp(text)!),
      technique: cluster.technique,
      group: parseMac(cluster.group)!,
      fallback: cluster.fallback,
      agent: cluster.agent === undefined ? undefined : {
        port: cluster.agent.port,
        keyFile: cluster.agent.keyFile,
        intervalMs: parseDuration(cluster.agent.interval)!,
      },
      buckets: cluster.buckets,
      seed: cluster.seed | 0,
      algorithm: cluster.algorithm,
      mask: cluster.mask,
      ports: cluster.ports?.map((text) => parsePort(text)!),
      closed: cluster.closed,
      noBackend: cluster.noBackend,
      backends: cluster.backends.map((backend) => ({
        name: backend.name,
        address: parseIp(backend.address)!,
        weight: backend.weight,
        mtu: Math.min(mtu, backend.mtu ?? mtu),
      })),
    })),
  };
}

/** Locally administered, unicast, and the same at every start, so that routers need not learn anew. */
function stableMac(machine: string, interfaceName: string): Mac {
  const digest = createHash("sha256").update(`oneip ${machine} ${interfaceName}`).digest();
  return { high: (digest.readUInt16BE(0) & 0xfcff) | 0x0200, low: digest.readInt32BE(2) };
}

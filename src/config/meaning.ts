/**
 * What a configuration means, as a type that is written down: from the schemas alone, tools would have to work it out anew each time, and
 * those of registries refuse to. The keys are explained where they are declared, and in docs/configuration.md; config.ts has the checker
 * hold both to the same.
 */

import type { Cidr, Mac } from "../wire/address.ts";
import type { Endpoint } from "../wire/endpoint.ts";
import type { Port } from "../wire/port.ts";

/** What a file means. Addresses are canonical text, durations milliseconds; what the file leaves out has its default. */
export interface Config {
  readonly dispatcher: DispatcherConfig;
  readonly clusters: readonly ClusterConfig[];
  readonly fleet: FleetConfig | undefined;
  readonly api: ApiConfig;
}

/** The dispatcher itself: its interface, its place on the link, and what it does there. */
export interface DispatcherConfig {
  readonly interface: string;
  readonly bridge: string | undefined;
  readonly mac: Mac;
  readonly vlan: number | undefined;
  readonly mtu: number;
  readonly addresses: readonly Cidr[];
  readonly gateways: readonly string[];
  readonly routes: readonly { readonly prefix: Cidr; readonly via: string }[];
  readonly announce: { readonly count: number; readonly intervalMs: number; readonly refreshMs: number };
  readonly vrrp: PairConfig | undefined;
  readonly rateLimits: {
    readonly timeExceeded: number;
    readonly unreachable: number;
    readonly tooBig: number;
    readonly parameterProblem: number;
    readonly reset: number;
  };
  readonly queues: number;
  readonly onEvent: readonly string[] | undefined;
  readonly fastPath: "auto" | "on" | "off" | { readonly attach: "uplink"; readonly interface: string };
  readonly user: string | undefined;
  readonly verify: "refuse" | "warn" | "off";
  readonly offloads: boolean;
}

/** Two dispatchers of which one is active (docs/pair.md). */
export interface PairConfig {
  readonly id: number;
  readonly addresses: readonly Cidr[];
  readonly priority: number;
  readonly intervalMs: number;
  readonly preempt: boolean;
  readonly peer: { readonly address: string; readonly port: number; readonly keyFile: string } | undefined;
  readonly checksum: "pseudo-header" | "rfc";
}

/** A cluster: its addresses, its backends, and how clients are shared out among them. */
export interface ClusterConfig {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly technique: "route" | "broadcast";
  readonly group: Mac;
  readonly fallback: "broadcast" | undefined;
  readonly agent: AgentConfig | undefined;
  readonly buckets: number;
  readonly seed: number;
  readonly algorithm: "maglev" | "rendezvous" | "modulo";
  readonly mask: { readonly ipv4: number; readonly ipv6: number };
  readonly ports: readonly Port[] | undefined;
  readonly closed: "reject" | "drop";
  readonly noBackend: "last-resort" | "reject";
  readonly transition: {
    readonly udp: "follow" | "stay";
    readonly idleMs: number;
    readonly mostMs: number;
    readonly connections: number;
  };
  readonly health: readonly Probe[] | undefined;
  readonly minimum: number | undefined;
  readonly slowStartMs: number | undefined;
  readonly flaps: number;
  readonly backends: readonly BackendConfig[];
}

/** The filters of a cluster's backends, and what they tell each other (docs/broadcast.md). */
export interface AgentConfig {
  readonly port: number;
  readonly keyFile: string;
  readonly intervalMs: number;
}

/** A server of a cluster. */
export interface BackendConfig {
  readonly name: string;
  readonly address: string;
  readonly weight: number;
  readonly backup: boolean;
  readonly mtu: number;
  readonly health: readonly Probe[] | undefined;
}

/** One probe. Durations are milliseconds; `port` is undefined where the service ports are meant. */
export interface Probe {
  readonly type: "icmp" | "tcp" | "http" | "https" | "dns" | "udp" | "exec";
  readonly port: number | undefined;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly rise: number;
  readonly fall: number;
  readonly method: "GET" | "HEAD" | "OPTIONS" | "POST";
  readonly path: string;
  readonly host: string | undefined;
  readonly status: readonly StatusRange[];
  readonly body: string | undefined;
  readonly serverName: string | undefined;
  readonly ca: string | undefined;
  readonly insecure: boolean;
  readonly send: string | undefined;
  readonly expect: string | undefined;
  readonly query: string | undefined;
  readonly record: "A" | "AAAA" | "MX" | "NS" | "SOA" | "TXT";
  readonly answer: string | undefined;
  readonly command: readonly string[] | undefined;
}

/** Statuses of HTTP, both included. */
export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

/** Several dispatchers at once (docs/fleet.md). */
export interface FleetConfig {
  readonly bird: { readonly socket: string; readonly drainMs: number } | undefined;
  readonly etcd: EtcdConfig | undefined;
}

/** Where a fleet shares what it must agree on (docs/etcd.md). */
export interface EtcdConfig {
  readonly endpoints: readonly string[];
  readonly prefix: string;
  readonly name: string | undefined;
  readonly user: string | undefined;
  readonly passwordFile: string | undefined;
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

/** Where the API listens besides its socket, and for whom (docs/api.md). */
export interface ApiConfig {
  readonly listen: readonly Endpoint[];
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  readonly tokenFile: string | undefined;
}

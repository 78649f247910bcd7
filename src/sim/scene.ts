/**
 * A scene: the machines of a world, the links between them, and the files that they read. Plain data, so that it can be written down,
 * sent in an address, and started again: the same scene with the same schedule (action.ts) is the same world, octet for octet.
 */

import type { Settings } from "../impairment/settings.ts";

/** What a world begins with. */
export interface Scene {
  /** Everything random in the world follows from it. */
  readonly seed: number;
  /** Texts by name: configurations, and the files with keys that these name (`vrrp.keyFile`, `agent.keyFile`). */
  readonly files: Readonly<Record<string, string>>;
  /** The machines by their names. */
  readonly nodes: Readonly<Record<string, SceneNode>>;
  readonly links: readonly SceneLink[];
}

/** A machine of any kind. */
export type SceneNode = SceneSwitch | SceneRouter | SceneHost | SceneBackend | SceneDispatcher | SceneEtcd;

/** Learns which MAC is behind which port. */
export interface SceneSwitch {
  readonly kind: "switch";
}

/** Forwards by its routes, the longest prefix first. */
export interface SceneRouter {
  readonly kind: "router";
  /** By the name of the port, which a link gives it. */
  readonly ports: Readonly<Record<string, ScenePort>>;
  /** Besides those to its own links. */
  readonly routes?: readonly SceneRoute[];
}

/** A way to a network. Several next hops have equal cost: a hash of the flow chooses. */
export interface SceneRoute {
  /** Such as 10.0.0.100/32. */
  readonly to: string;
  readonly via: readonly string[];
}

/** Where a machine is joined to a link. */
export interface ScenePort {
  /** Such as 10.0.0.1/24. */
  readonly addresses: readonly string[];
  /** Default: made from the node's and the port's name. */
  readonly mac?: string;
  /** Default: 1500. */
  readonly mtu?: number;
}

/** A machine with one port: a client, or whoever else is there. It answers echo; clients connect and ask by actions. */
export interface SceneHost extends ScenePort {
  readonly kind: "client" | "host";
  /** One of a family at most. */
  readonly gateways?: readonly string[];
  /** TCP and UDP ports that answer each request. Default: none. */
  readonly servers?: readonly SceneServer[];
}

/** A server behind the cluster address, which it has on its loopback. */
export interface SceneBackend extends ScenePort {
  readonly kind: "backend";
  readonly gateways?: readonly string[];
  /** The cluster addresses that it has on its loopback. */
  readonly loopback: readonly string[];
  /** It answers no ARP and no neighbor discovery for what it has on its loopback, and never says it as a sender. Default: true. */
  readonly isSilent?: boolean;
  /** Default: TCP and UDP port 80. */
  readonly servers?: readonly SceneServer[];
  /** With technique broadcast: the filter and, where the cluster has agents, its agent. */
  readonly filter?: {
    /** The name of a file: the configuration, of which the filter takes the cluster. */
    readonly config: string;
    readonly cluster: string;
    /** The backend's name there. Default: the node's name. */
    readonly backend?: string;
  };
}

/** Answers what comes to a port: see server.ts. */
export interface SceneServer {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
}

/** A dispatcher: the real engine, with the addresses, MAC and peers of its configuration. */
export interface SceneDispatcher {
  readonly kind: "dispatcher";
  /** The name of a file. */
  readonly config: string;
  /** It does not run when the world begins: `heal` starts it. */
  readonly isOff?: boolean;
}

/** What the dispatchers of a fleet share. They reach it past the links. It is not in the page (fleet.ts). */
export interface SceneEtcd {
  readonly kind: "etcd";
}

/** Joins two nodes. */
export interface SceneLink {
  /** `NODE`, or `NODE:PORT`. A port without a name is eth0, and a switch numbers its own. */
  readonly ends: readonly [string, string];
  /** Default: the two nodes' names in this order with a dash in between, such as client1-router. */
  readonly name?: string;
  /** Of both directions. Default: 50 µs and nothing lost. */
  readonly settings?: Partial<Settings>;
}

/** By what actions name it. */
export function linkName({ name, ends }: SceneLink): string {
  return name ?? ends.map((end) => end.split(":")[0]).join("-");
}

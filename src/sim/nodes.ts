/** The machines of a scene, made and joined. */

import type { Logger } from "pino";
import { UsageError } from "../input/errors.ts";
import { SeededRandom } from "./seeded_random.ts";
import { ofName } from "../table/hash.ts";
import type { VirtualClock } from "../system/virtual_clock.ts";
import { DispatcherNode } from "./dispatcher_node.ts";
import { startEngine, type StartProcess } from "./dispatcher_process.ts";
import type { EtcdNode } from "./etcd_node.ts";
import { HostNode } from "./host_node.ts";
import { loggerTo } from "./log.ts";
import { RouterNode } from "./router_node.ts";
import { SwitchNode } from "./switch_node.ts";
import type { Judged } from "./port_device.ts";
import type { Link } from "./net/link.ts";
import type { Network } from "./net/network.ts";
import type { Port } from "./net/port.ts";
import type { WorldNode } from "./node.ts";
import { linkName, type Scene, type SceneBackend, type SceneHost, type SceneNode } from "./scene.ts";
import type { Texts } from "./texts.ts";
import type { Watchers } from "./watchers.ts";

/** What differs between a world of dispatchers alone and one whose dispatchers have an etcd (fleet.ts). */
export interface Kinds {
  readonly startProcess: StartProcess;
  etcd?(name: string, time: VirtualClock): EtcdNode;
  /** When the world stops. */
  stop?(): void;
}

/** Ends of links name a port behind a colon; a backend may have its cluster's name before its own, with a dash in between. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$/;

export const USUAL_KINDS: Kinds = { startProcess: startEngine };

/** What all machines of a world share. */
export interface Shared {
  readonly time: VirtualClock;
  readonly texts: Texts;
  readonly watchers: Watchers;
}

/** Throws UsageError for what a scene says wrongly, and InputError for mistakes in a configuration. */
export function nodesOf(scene: Scene, kinds: Kinds, shared: Shared): ReadonlyMap<string, WorldNode> {
  const etcds = Object.entries(scene.nodes).filter(([, { kind }]) => kind === "etcd").map(([name]) => {
    if (kinds.etcd !== undefined) return kinds.etcd(name, shared.time);
    throw new UsageError(`"${name}" is an etcd, which this world cannot have; start it with startFleet`);
  });
  if (etcds.length > 1) throw new UsageError("A scene has one etcd at most");
  const nodes = new Map<string, WorldNode>();
  for (const [name, node] of Object.entries(scene.nodes)) {
    if (!NAME.test(name)) {
      throw new UsageError(
        `A node is named "${name}"; use up to 127 letters, digits and . _ - with a letter or a digit first`,
      );
    }
    const means = { ...shared, name, seed: ofName(`${scene.seed}:${name}`), etcd: etcds[0], kinds };
    nodes.set(name, nodeOf(node, means));
  }
  return nodes;
}

interface Means extends Shared {
  readonly name: string;
  /** Of this machine alone, so that one more of them changes nothing for the others. */
  readonly seed: number;
  readonly etcd: EtcdNode | undefined;
  readonly kinds: Kinds;
}

function nodeOf(node: SceneNode, means: Means): WorldNode {
  switch (node.kind) {
    case "etcd":
      return means.etcd!;
    case "dispatcher":
      return dispatcherOf(node.config, means);
    case "switch":
      return new SwitchNode(means.name, means.time);
    case "router":
      return new RouterNode(node, means.name, means.time, means.seed);
    case "client":
    case "host":
    case "backend":
      return hostOf(node, means);
  }
}

function hostOf(scene: SceneHost | SceneBackend, means: Means): HostNode {
  const { name, seed, texts, time, watchers } = means;
  return new HostNode(scene, {
    ...{ name, seed, texts, time },
    random: new SeededRandom(seed),
    log: logOf(means),
    events: {
      connection: (event) => watchers.tell("connection", event),
      echo: (event) => watchers.tell("echo", event),
    },
  });
}

function dispatcherOf(file: string, means: Means): DispatcherNode {
  const { name, seed, texts, time, watchers, etcd, kinds } = means;
  const judged: Judged = (octets, verdict, sent) =>
    watchers.tell("judged", name, octets, verdict, sent, time.nowUs);
  const node = new DispatcherNode({
    ...{ name, file, texts, time, etcd },
    random: new SeededRandom(seed),
    startProcess: kinds.startProcess,
    log: logOf(means),
    judged: () => watchers.isJudging ? judged : undefined,
  });
  if (node.config.fleet?.etcd !== undefined && etcd === undefined) {
    throw new UsageError(`"${name}" has fleet.etcd, and the scene has no etcd; add a node {kind: etcd}`);
  }
  return node;
}

function logOf({ name, time, watchers }: Means): Logger {
  return loggerTo((level, fields, msg) =>
    watchers.log({ atUs: time.nowUs, node: name, level, msg, ...fields })
  );
}

/** Joins the nodes as the scene says. */
export function linksOf(
  scene: Scene,
  nodes: ReadonlyMap<string, WorldNode>,
  network: Network,
): ReadonlyMap<string, Link> {
  const links = new Map<string, Link>();
  for (const link of scene.links) {
    const name = linkName(link);
    if (links.has(name)) {
      throw new UsageError(`Two links are named "${name}"; give one of them a name of its own`);
    }
    const [one, other] = link.ends.map((end) => portAt(end, nodes)) as [Port, Port];
    links.set(name, network.join(one, other, link.settings));
  }
  return links;
}

function portAt(end: string, nodes: ReadonlyMap<string, WorldNode>): Port {
  const [name = "", wanted] = end.split(":");
  const node = nodes.get(name);
  if (node === undefined) {
    throw new UsageError(
      `A link ends at "${end}", and there is no node "${name}"; there are ${[...nodes.keys()].join(", ")}`,
    );
  }
  const port = node.portFor(wanted);
  if (port === undefined) {
    throw new UsageError(
      `A link ends at "${end}"; "${name}" has the ports ${[...node.ports.keys()].join(", ")}`,
    );
  }
  if (port.carry !== undefined) throw new UsageError(`Two links end at "${end}"; a port has one`);
  return port;
}

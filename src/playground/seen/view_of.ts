/** Looks at a world: all that the page shows of it at this moment. */

import type { Buckets } from "../../engine/buckets.ts";
import type { BackendStatus } from "../../engine/status.ts";
import type { ClusterConfig } from "../../config/config.ts";
import { probesOf } from "../../config/health.ts";
import type { DispatcherNode } from "../../sim/dispatcher_node.ts";
import { HostNode } from "../../sim/host_node.ts";
import type { Interface } from "../../sim/net/interface.ts";
import type { Link } from "../../sim/net/link.ts";
import type { WorldNode } from "../../sim/node.ts";
import { RouterNode } from "../../sim/router_node.ts";
import { linkName, type Scene, type SceneBackend, type SceneNode } from "../../sim/scene.ts";
import type { World } from "../../sim/world.ts";
import { formatMac } from "../../wire/address.ts";
import { formatEndpoint } from "../../wire/endpoint.ts";
import type { Chronicle } from "./chronicle.ts";
import {
  type ConnectionView,
  type DispatcherView,
  type LinkView,
  type MachineView,
  stateOf,
  type View,
} from "./view.ts";

/** How the names of connections begin that clients keep until they are told. */
export const KEPT = "c";

/** Of each client. */
const MOST_CONNECTIONS = 10;

const USUAL_MTU = 1500;
const USUAL_PORT = 80;

export function viewOf(world: World, chronicle: Chronicle): View {
  const node = world.dispatchers.find(({ engine }) => engine !== undefined) ?? world.dispatchers[0];
  const cluster = node?.config.clusters[0];
  const dispatcher = node?.engine === undefined ? undefined : dispatcherView(node, world.scene, chronicle);
  return {
    machines: machinesOf(world, dispatcher, chronicle),
    links: [...world.links].map(([name, link]) => linkView(world, name, link)),
    connections: connectionsOf(world, chronicle),
    asking: chronicle.asking,
    dispatcher,
    buckets: cluster === undefined
      ? undefined
      : dispatcher?.cluster?.technique === "broadcast"
      ? bucketsTaken(world, cluster)
      : node?.engine?.buckets(cluster.name),
    targets: cluster?.addresses ?? [],
    port: cluster?.ports?.find(({ protocol }) => protocol === "tcp")?.port ?? USUAL_PORT,
  };
}

/** With the technique broadcast: what the backends' filters take. Where two take the same, a colour of its own says so. */
function bucketsTaken(world: World, { name, buckets, backends }: ClusterConfig): Buckets {
  const names = backends.map(({ name }) => name);
  const hosts = names.map((backend) => world.nodes.get(backend));
  const taken = hosts.map((host) => host instanceof HostNode && host.isRunning ? host.taken : undefined);
  const owners = Array.from({ length: buckets }, (_, bucket) => {
    const first = taken.findIndex((set) => set?.has(bucket));
    return taken.findLastIndex((set) => set?.has(bucket)) === first ? first : names.length;
  });
  return { cluster: name, epoch: 0, backends: [...names, "two owners"], owners, inTransition: [] };
}

function dispatcherView(node: DispatcherNode, scene: Scene, chronicle: Chronicle): DispatcherView {
  const engine = node.engine!;
  const { verdicts, transitions } = engine.report();
  const moving = Object.values(transitions);
  const [cluster] = node.config.clusters;
  const { config } = scene.nodes[node.name] as Extract<SceneNode, { readonly kind: "dispatcher" }>;
  return {
    name: node.name,
    config: chronicle.config ?? scene.files[config] ?? "",
    cluster: engine.status().clusters[0],
    algorithm: cluster?.algorithm ?? "",
    hasHealth: cluster !== undefined &&
      cluster.backends.some((backend) => probesOf(cluster, backend).length > 0),
    neighbors: engine.neighbors(),
    verdicts,
    bucketsInTransition: moving.reduce((sum, { buckets }) => sum + buckets, 0),
    connectionsRemembered: moving.reduce((sum, { remembered }) => sum + remembered, 0),
  };
}

function machinesOf(
  world: World,
  dispatcher: DispatcherView | undefined,
  chronicle: Chronicle,
): MachineView[] {
  const nodes = [...world.nodes.values()].filter(({ kind }) => kind !== "etcd");
  const who = new Map(
    nodes.flatMap((node) => [...node.ports.values()].map(({ mac }) => [macText(mac), node.name])),
  );
  const statuses = dispatcher?.cluster?.backends ?? [];
  const backends = nodes.filter(({ kind }) => kind === "backend");
  const usual = usualLoopback(world.scene);
  return nodes.map((node) => {
    const { name, kind } = node;
    const interfaces = interfacesOf(node);
    const addresses = interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address));
    const backend = kind === "backend" && node instanceof HostNode
      ? backendOf(world.scene, node, backends.indexOf(node), { usual, statuses, chronicle })
      : undefined;
    const said = noteOf(node, backend);
    return {
      name,
      kind: kind as MachineView["kind"],
      state: !node.isRunning ? "off" : "isFrozen" in node && node.isFrozen === true ? "frozen" : "on",
      note: said ?? addresses[0] ?? "",
      isWrong: said !== undefined,
      addresses,
      mac: kind === "switch" ? "" : [...node.ports.values()].map(({ mac }) => macText(mac)).join(", "),
      links: world.scene.links.filter(({ ends }) => ends.some((end) => end.split(":")[0] === name)).map(
        linkName,
      ),
      knows: interfaces.flatMap(({ neighbors }) =>
        neighbors.all.filter(({ macHigh, macLow, state }) =>
          (macHigh !== 0 || macLow !== 0) && state !== "failed"
        )
          .map(({ address, macHigh, macLow }) => {
            const mac = formatMac(macHigh, macLow);
            return { address, mac, who: who.get(mac) ?? (mac === "ff:ff:ff:ff:ff:ff" ? "everyone" : mac) };
          })
      ),
      ...(backend && { backend }),
    };
  });
}

type BackendPart = NonNullable<MachineView["backend"]>;

function backendOf(
  scene: Scene,
  node: HostNode,
  index: number,
  { usual, statuses, chronicle }: {
    readonly usual: readonly string[];
    readonly statuses: readonly BackendStatus[];
    readonly chronicle: Chronicle;
  },
): BackendPart {
  const { loopback, isSilent, agent } = node;
  const { servers = [], filter } = scene.nodes[node.name] as SceneBackend;
  return {
    index,
    loopback,
    usualLoopback: usual,
    isSilent,
    servers: servers.map(({ protocol, port }) => ({
      protocol,
      port,
      isOpen: !chronicle.closed.has(`${node.name}:${port}`),
    })),
    status: statuses.find(({ name }) => name === node.name),
    agent: filter === undefined
      ? undefined
      : { isRunning: agent !== undefined, live: agent?.live.join(", ") ?? "" },
  };
}

/** What most backends have there. */
function usualLoopback(scene: Scene): readonly string[] {
  return Object.values(scene.nodes).flatMap((node) =>
    node.kind === "backend" && node.loopback.length > 0 ? [node.loopback] : []
  )[0] ?? [];
}

/** What is not as it should be. */
function noteOf(node: WorldNode, backend: BackendPart | undefined): string | undefined {
  if (!node.isRunning) return "off";
  if ("isFrozen" in node && node.isFrozen === true) return "frozen";
  if (backend === undefined) return undefined;
  if (backend.loopback.length === 0) return "lacks the address";
  if (!backend.isSilent) return "answers ARP";
  if (backend.servers.some(({ isOpen }) => !isOpen)) return "port closed";
  if (backend.status?.administration.state === "draining") return "draining";
  if (backend.agent?.isRunning === false) return "no agent";
  return undefined;
}

function linkView(world: World, name: string, { ends, lanes }: Link): LinkView {
  const settings = [lanes[0].settings, lanes[1].settings] as const;
  const ports = ends.filter(({ node }) => interfacesOf(world.node(node)).length > 0)
    .map(({ node, name: port }) => ({ node, port }));
  const mtu = mtuOf(world, name);
  const [loss, reorder] = [
    Math.max(...settings.map(({ loss }) => loss)),
    Math.max(...settings.map(({ reorder }) => reorder)),
  ];
  const isOneWay = settings.some(({ down }) => down === true) && stateOf(settings) !== "down";
  const label = [
    loss > 0 ? `loses ${Math.round(100 * loss)} %` : "",
    reorder > 0 ? `${Math.round(100 * reorder)} % overtaken` : "",
    mtu < USUAL_MTU ? `MTU ${mtu}` : "",
    isOneWay ? "one way only" : "",
  ].filter((text) => text !== "").join(", ");
  return { name, ends: [ends[0].node, ends[1].node], settings, ports, mtu, state: stateOf(settings), label };
}

/** The largest packet that both ends of a link take. */
export function mtuOf(world: World, link: string): number {
  const ends = world.link(link).ends.map(({ node, name }) =>
    interfacesOf(world.node(node)).find((one) => one.name === name)?.mtu ?? USUAL_MTU
  );
  return Math.min(...ends);
}

function interfacesOf(node: WorldNode): readonly Interface[] {
  return node instanceof HostNode || node instanceof RouterNode ? node.host.ip.interfaces : [];
}

/** Those that are kept, and the latest of the others. */
function connectionsOf(world: World, { acceptedBy }: Chronicle): ConnectionView[] {
  return [...world.nodes.values()].flatMap((node) => {
    if (!(node instanceof HostNode)) return [];
    const all = node.connections;
    return all.filter(({ name }, index) => name.startsWith(KEPT) || index >= all.length - MOST_CONNECTIONS)
      .map(({ name, from, fromPort, to, port, state, by }) => {
        const own = formatEndpoint({ address: from, port: fromPort });
        return {
          ...{ client: node.name, name, from: own, to: formatEndpoint({ address: to, port }), state },
          by: by ?? acceptedBy.get(own),
          isKept: name.startsWith(KEPT),
        };
      });
  });
}

function macText({ high, low }: { readonly high: number; readonly low: number }): string {
  return formatMac(high, low);
}

/**
 * The networks in which lessons play: clients, each with a link of its own to the router, and the link of the dispatcher and the backends.
 *
 *     client1 ─┐                    dispatcher
 *     client2 ─┼─ router ── lan ──┬─ web1   each with 10.0.0.100 on its loopback
 *     client3 ─┘                  └─ web2
 */

import type { Settings } from "../../impairment/settings.ts";
import { linkName, type Scene, type SceneLink, type SceneNode } from "../../sim/scene.ts";

export const CLUSTER = "10.0.0.100";
export const PORT = 80;

/** The name of its file. */
export const CONFIG = "oneip.yaml";
const ROUTER = "10.0.0.1";

export interface Wish {
  readonly clients: number;
  readonly backends: number;
  /** Keys of the cluster, besides its name, addresses, ports and backends. */
  readonly cluster?: readonly string[];
  /** A router more between the clients and the other one. */
  readonly hasEdge?: boolean;
  /** Changes of machines by their names. */
  readonly nodes?: Readonly<Record<string, Partial<SceneNode>>>;
  /** Settings of links by their names. */
  readonly links?: Readonly<Record<string, Partial<Settings>>>;
  readonly seed?: number;
}

export function webScene(
  { clients, backends, cluster = [], hasEdge = false, nodes: changes = {}, links: settings = {}, seed = 1 }:
    Wish,
): Scene {
  const names = (kind: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${kind}${index + 1}`);
  const clientNames = names("client", clients);
  const backendNames = names("web", backends);
  const outer = hasEdge ? "edge" : "router";
  const wans = Object.fromEntries(
    clientNames.map((name, index) => [name, { addresses: [`${wanAddress(index, 1)}/28`] }]),
  );
  const nodes: Record<string, SceneNode> = {
    ...Object.fromEntries(clientNames.map((name, index) => [name, {
      kind: "client",
      addresses: [`${wanAddress(index, 7)}/28`],
      gateways: [wanAddress(index, 1)],
    }])),
    ...(hasEdge
      ? {
        edge: {
          kind: "router",
          ports: { ...wans, inner: { addresses: ["192.0.2.1/30"] } },
          routes: [{ to: "10.0.0.0/24", via: ["192.0.2.2"] }],
        },
      }
      : {}),
    router: {
      kind: "router",
      ports: {
        ...(hasEdge ? { outer: { addresses: ["192.0.2.2/30"] } } : wans),
        lan: { addresses: [`${ROUTER}/24`] },
      },
      ...(hasEdge ? { routes: [{ to: "0.0.0.0/0", via: ["192.0.2.1"] }] } : {}),
    },
    lan: { kind: "switch" },
    dispatcher: { kind: "dispatcher", config: CONFIG },
    ...Object.fromEntries(backendNames.map((name, index) => [name, {
      kind: "backend",
      addresses: [`${backendAddress(index)}/24`],
      gateways: [ROUTER],
      loopback: [CLUSTER],
      servers: [{ protocol: "tcp", port: PORT }, { protocol: "udp", port: PORT }],
    }])),
  };
  for (const [name, change] of Object.entries(changes)) {
    nodes[name] = { ...nodes[name], ...change } as SceneNode;
  }
  const links: SceneLink[] = [
    ...clientNames.map((name): SceneLink => ({ ends: [name, `${outer}:${name}`] })),
    ...(hasEdge ? [{ ends: ["edge:inner", "router:outer"] } as const] : []),
    { ends: ["router:lan", "lan"] },
    { ends: ["lan", "dispatcher"] },
    ...backendNames.map((name): SceneLink => ({ ends: ["lan", name] })),
  ];
  return { seed, files: { [CONFIG]: configOf(backendNames, cluster) }, nodes, links: links.map(set) };

  function set(link: SceneLink): SceneLink {
    const wanted = settings[linkName(link)];
    return wanted === undefined ? link : { ...link, settings: wanted };
  }
}

function configOf(backends: readonly string[], cluster: readonly string[]): string {
  return `dispatcher:
  interface: oneip0
  mac: 02:00:00:00:00:02
  addresses: [10.0.0.2/24]
  gateway: ${ROUTER}
clusters:
  - name: web
    addresses: [${CLUSTER}]
    ports: [${PORT}/tcp, ${PORT}/udp]
    buckets: 1024
${cluster.map((line) => `    ${line}\n`).join("")}    backends:
${backends.map((name, index) => `      - { name: ${name}, address: ${backendAddress(index)} }\n`).join("")}`;
}

/** A network of sixteen addresses for each client. */
function wanAddress(client: number, host: number): string {
  return `198.51.${100 + (client >>> 4)}.${16 * (client & 15) + host}`;
}

function backendAddress(index: number): string {
  return `10.0.0.${11 + index}`;
}

/** Where there is no lesson. */
export const FREE = webScene({ clients: 4, backends: 4, cluster: ["health: [{type: tcp, interval: 2s}]"] });

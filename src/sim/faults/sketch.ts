/** What kind of cluster a trial has: a few words and numbers that follow from the seed, so that a simpler one can be tried, and its scene. */

import type { Scene, SceneLink, SceneNode, SceneRouter } from "../scene.ts";
import { Draws } from "./draws.ts";

export const SHAPES = ["route", "broadcast", "switching", "pair", "halves", "fleet"] as const;

/**
 * route: one dispatcher. broadcast: the backends choose, with agents. switching: a dispatcher whose technique can be changed, with agents.
 * pair: two dispatchers, of which one is active. halves: a pair, and backends that choose, half of them at a switch and a router of their own.
 * fleet: several dispatchers, with an etcd, among which the router chooses by a hash.
 */
export type Shape = typeof SHAPES[number];

export interface Sketch {
  readonly seed: number;
  readonly shape: Shape;
  readonly families: "IPv4" | "IPv6" | "both";
  readonly clusters: number;
  readonly backends: number;
  readonly clients: number;
  readonly algorithm: "maglev" | "rendezvous" | "modulo";
  readonly buckets: number;
  readonly health: "none" | "icmp" | "tcp";
  /** Of the probes, milliseconds. */
  readonly intervalMs: number;
  readonly fall: number;
  /** Of VRRP, milliseconds. */
  readonly advertiseMs: number;
  /** Of agents, milliseconds. */
  readonly beatMs: number;
  /** Dispatchers, where they are a fleet. */
  readonly fleet: number;
  /** The two of a pair tell each other what they share. */
  readonly isShared: boolean;
  /** Of the backends' links, so that a probe's answer is under way for a while. */
  readonly delayMs: number;
  /** Seconds; 0: at once. */
  readonly slowStart: number;
}

const WITH_AGENTS: ReadonlySet<Shape> = new Set(["broadcast", "switching", "halves"]);

const PURPOSE = 1;

export function sketchFrom(seed: number): Sketch {
  const draws = Draws.of(seed, PURPOSE);
  const shape = draws.pick([...SHAPES, "route", "pair"] as const);
  const hasAgents = WITH_AGENTS.has(shape);
  const algorithm = draws.pick(
    ["maglev", "maglev", "rendezvous", hasAgents ? "rendezvous" : "modulo"] as const,
  );
  return {
    seed,
    shape,
    families: draws.pick(["IPv4", "IPv4", "IPv6", "both"]),
    clusters: hasAgents ? 1 : draws.pick([1, 1, 2]),
    backends: hasAgents ? draws.between(3, 4) : draws.between(2, 5),
    clients: draws.between(2, 5),
    algorithm,
    buckets: draws.pick([64, 256, 1024]),
    health: draws.pick(["none", "icmp", "tcp", "tcp"]),
    intervalMs: draws.pick([1000, 2000, 5000]),
    fall: draws.between(1, 3),
    advertiseMs: draws.pick([100, 500, 1000]),
    beatMs: draws.pick([250, 1000, 1000]),
    isShared: !draws.oneOf(4),
    delayMs: draws.pick(hasAgents ? [0, 0, 30] : [0, 30, 100]),
    slowStart: algorithm === "modulo" || !draws.oneOf(4) ? 0 : 10,
    fleet: draws.between(2, 3),
  };
}

/** One thing less of a sketch each; of these the ones that still fail are tried further. */
export function simpler(sketch: Sketch): Sketch[] {
  const { backends, clients } = sketch;
  const least = hasAgents(sketch) ? 3 : 2;
  const wanted: Partial<Sketch>[] = [
    { shape: "route" },
    { clusters: 1 },
    { families: "IPv4" },
    { backends: Math.max(least, backends - 1) },
    { clients: 1 },
    { clients: Math.max(1, clients - 1) },
    { health: "none" },
    { algorithm: "maglev" },
    { buckets: 64 },
    { slowStart: 0 },
    { fleet: 2 },
    { delayMs: 0 },
    { fall: 3 },
  ];
  return wanted.map((change) => ({ ...sketch, ...change }))
    .filter((one) => JSON.stringify(one) !== JSON.stringify(sketch));
}

export const PORT = 80;

/** By number, from 0. */
export const backendName = (index: number) => `web${index + 1}`;
export const clientName = (index: number) => `client${index + 1}`;
export const dispatcherName = (index: number) => `lb${index + 1}`;
const clusterName = (index: number) => index === 0 ? "web" : `web-${index + 1}`;

export function dispatchersOf(sketch: Sketch): number {
  if (sketch.shape === "fleet") return sketch.fleet;
  return isPair(sketch) ? 2 : 1;
}

export function isPair({ shape }: Pick<Sketch, "shape">): boolean {
  return shape === "pair" || shape === "halves";
}

export function hasAgents({ shape }: Pick<Sketch, "shape">): boolean {
  return WITH_AGENTS.has(shape);
}

/** The backends always choose for themselves. */
export function isBroadcast({ shape }: Pick<Sketch, "shape">): boolean {
  return shape === "broadcast" || shape === "halves";
}

/** The switch of a machine, by its number among its kind. */
function switchOf({ shape }: Sketch, index: number): "lan" | "lan2" {
  return shape === "halves" && index % 2 === 1 ? "lan2" : "lan";
}

/** The switch of a dispatcher or a backend, by its name. */
export function switchBeside(sketch: Sketch, node: string): string {
  return switchOf(sketch, Number(/\d+$/.exec(node)![0]) - 1);
}

/** Between the two switches. */
export const BETWEEN = "lan-lan2";

function familiesOf({ families }: Sketch, ipv4: string, ipv6: string): string[] {
  return [...(families === "IPv6" ? [] : [ipv4]), ...(families === "IPv4" ? [] : [ipv6])];
}

/** The cluster addresses of all clusters, or of one. */
export function clusterAddresses(sketch: Sketch, cluster?: number): string[] {
  const numbers = cluster === undefined ? [...Array(sketch.clusters).keys()] : [cluster];
  return numbers.flatMap((number) =>
    familiesOf(sketch, `10.0.0.${100 + number}`, `2001:db8::${100 + number}`)
  );
}

/** The next hop of routers for the cluster addresses. */
function nextHops(sketch: Sketch): string[] {
  const hosts = isPair(sketch) ? [4] : OWN_HOSTS.slice(0, dispatchersOf(sketch));
  return hosts.flatMap((host) => familiesOf(sketch, `10.0.0.${host}`, `2001:db8::${host}`));
}

/** The last parts of the dispatchers' addresses. */
const OWN_HOSTS = [2, 3, 5];

/** Of the routers, behind both switches: the same parts on both links. */
const ROUTER_HOSTS = { lan: 1, lan2: 8 };

function gateways(sketch: Sketch, index: number): string[] {
  const host = ROUTER_HOSTS[switchOf(sketch, index)];
  return familiesOf(sketch, `10.0.0.${host}`, `2001:db8::${host}`);
}

function wanGateways(sketch: Sketch, index: number): string[] {
  const host = ROUTER_HOSTS[switchOf(sketch, index)];
  return familiesOf(sketch, `192.0.2.${host}`, `2001:db8:1::${host}`);
}

/** The configuration of a dispatcher, and of the agents. `weights` by backend: 1 where there is none. */
export function configOf(sketch: Sketch, dispatcher: number, weights: readonly number[] = []): string {
  const { shape, seed, clusters, algorithm, buckets, health, intervalMs, fall, slowStart } = sketch;
  const own = OWN_HOSTS[dispatcher]!;
  const other = OWN_HOSTS[1 - dispatcher];
  const probes = health === "none" ? undefined : {
    type: health,
    ...(health === "tcp" ? { port: PORT } : {}),
    interval: `${intervalMs}ms`,
    timeout: `${Math.min(1000, intervalMs)}ms`,
    fall,
  };
  return JSON.stringify({
    dispatcher: {
      interface: "oneip0",
      bridge: "br0",
      mac: `02:00:00:00:00:0${own}`,
      addresses: familiesOf(sketch, `10.0.0.${own}/24`, `2001:db8::${own}/64`),
      gateway: gateways(sketch, dispatcher),
      verify: "off",
      ...(isPair(sketch)
        ? {
          vrrp: {
            id: 51,
            addresses: familiesOf(sketch, "10.0.0.4/24", "2001:db8::4/64"),
            interval: `${sketch.advertiseMs}ms`,
            ...(sketch.isShared
              ? {
                peer: {
                  address: familiesOf(sketch, `10.0.0.${other}`, `2001:db8::${other}`)[0],
                  keyFile: "pair.key",
                },
              }
              : {}),
          },
        }
        : {}),
    },
    ...(shape === "fleet"
      ? { fleet: { etcd: { endpoints: ["http://10.0.0.5:2379"], name: dispatcherName(dispatcher) } } }
      : {}),
    clusters: [...Array(clusters).keys()].map((cluster) => ({
      name: clusterName(cluster),
      addresses: clusterAddresses(sketch, cluster),
      algorithm,
      buckets,
      seed: seed & 0xffff,
      flaps: 1000,
      transition: { connections: 256 },
      ...(isBroadcast(sketch) ? { technique: "broadcast" } : {}),
      ...(shape === "switching" ? { fallback: "broadcast" } : {}),
      ...(hasAgents(sketch) ? { agent: { keyFile: "agent.key", interval: `${sketch.beatMs}ms` } } : {}),
      ...(probes === undefined ? {} : { health: probes }),
      ...(slowStart === 0 ? {} : { slowStart: `${slowStart}s` }),
      backends: [...Array(sketch.backends).keys()].map((backend) => ({
        name: backendName(backend),
        address: sketch.families === "IPv6" ? `2001:db8::${11 + backend}` : `10.0.0.${11 + backend}`,
        ...(weights[backend] === undefined ? {} : { weight: weights[backend] }),
      })),
    })),
  });
}

export function configFile(dispatcher: number): string {
  return `${dispatcherName(dispatcher)}.yaml`;
}

/**
 *     client1 ─┐                        ┌─ lb1, lb2
 *     client2 ─┼─ wan ── router ── lan ─┤
 *     client3 ─┘                        └─ web1, web2, ...
 *
 * In halves:
 *
 *     client1, client3 ── router ─── lan ─── lb1, web1, web3
 *                                     │ lan-lan2
 *     client2, client4 ── router2 ── lan2 ── lb2, web2, web4
 */
export function sceneOf(sketch: Sketch): Scene {
  const nodes: Record<string, SceneNode> = { wan: { kind: "switch" }, lan: { kind: "switch" } };
  const files: Record<string, string> = {
    "pair.key": "a key that the two of a pair share",
    "agent.key": "a key that all the agents share",
  };
  const links: SceneLink[] = [{ ends: ["router:wan", "wan"] }, { ends: ["router:lan", "lan"] }];
  nodes["router"] = routerOf(sketch, "lan");
  if (sketch.shape === "halves") {
    nodes["lan2"] = { kind: "switch" };
    nodes["router2"] = routerOf(sketch, "lan2");
    links.push(
      { name: "router2-wan", ends: ["router2:wan", "wan"] },
      { name: "router2-lan", ends: ["router2:lan", "lan2"] },
      { name: BETWEEN, ends: ["lan", "lan2"] },
    );
  }
  if (sketch.shape === "fleet") nodes["etcd"] = { kind: "etcd" };
  for (let index = 0; index < dispatchersOf(sketch); index++) {
    files[configFile(index)] = configOf(sketch, index);
    nodes[dispatcherName(index)] = { kind: "dispatcher", config: configFile(index) };
    links.push(linkTo(sketch, dispatcherName(index)));
  }
  for (let index = 0; index < sketch.backends; index++) {
    nodes[backendName(index)] = {
      kind: "backend",
      addresses: familiesOf(sketch, `10.0.0.${11 + index}/24`, `2001:db8::${11 + index}/64`),
      gateways: gateways(sketch, index),
      loopback: clusterAddresses(sketch),
      ...(hasAgents(sketch) ? { filter: { config: configFile(0), cluster: clusterName(0) } } : {}),
    };
    links.push({
      ...linkTo(sketch, backendName(index)),
      ...(sketch.delayMs === 0 ? {} : { settings: { delayUs: sketch.delayMs * 1000 } }),
    });
  }
  for (let index = 0; index < sketch.clients; index++) {
    nodes[clientName(index)] = {
      kind: "client",
      addresses: familiesOf(sketch, `192.0.2.${11 + index}/24`, `2001:db8:1::${11 + index}/64`),
      gateways: wanGateways(sketch, index),
    };
    links.push({ ends: [clientName(index), "wan"] });
  }
  return { seed: sketch.seed, files, nodes, links };
}

function routerOf(sketch: Sketch, lan: keyof typeof ROUTER_HOSTS): SceneRouter {
  const host = ROUTER_HOSTS[lan];
  return {
    kind: "router",
    ports: {
      wan: { addresses: familiesOf(sketch, `192.0.2.${host}/24`, `2001:db8:1::${host}/64`) },
      lan: { addresses: familiesOf(sketch, `10.0.0.${host}/24`, `2001:db8::${host}/64`) },
    },
    routes: clusterAddresses(sketch).map((to) => ({
      to: to.includes(":") ? `${to}/128` : `${to}/32`,
      via: nextHops(sketch).filter((via) => via.includes(":") === to.includes(":")),
    })),
  };
}

/** Behind whichever switch it is, its name is the same. */
function linkTo(sketch: Sketch, node: string): SceneLink {
  return { name: `${node}-lan`, ends: [node, switchBeside(sketch, node)] };
}

/** A sketch in one line. */
export function describe(sketch: Sketch): string {
  const { shape, families, clusters, backends, clients, algorithm, buckets, health } = sketch;
  const what = shape === "fleet"
    ? `a fleet of ${sketch.fleet} dispatchers`
    : isPair(sketch)
    ? `a pair of dispatchers${shape === "halves" ? " at two switches" : ""}`
    : `a dispatcher (${shape})`;
  const probes = health === "none"
    ? "no probes"
    : `${health} probes each ${sketch.intervalMs} ms, fall ${sketch.fall}`;
  return `${what}, ${clusters} cluster${
    clusters === 1 ? "" : "s"
  } of ${backends} backends, ${clients} client${
    clients === 1 ? "" : "s"
  }, ${families}, ${algorithm} over ${buckets} buckets, ${probes}`;
}

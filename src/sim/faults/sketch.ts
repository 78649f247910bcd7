/** What kind of cluster a trial has: a few words and numbers that follow from the seed, so that a simpler one can be tried, and its scene. */

import type { Scene, SceneLink, SceneNode } from "../scene.ts";
import { Draws } from "./draws.ts";

export const SHAPES = ["route", "broadcast", "switching", "pair"] as const;

/**
 * route: one dispatcher. broadcast: the backends choose, with agents. switching: a dispatcher whose technique can be changed, with agents.
 * pair: two dispatchers, of which one is active.
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
  /** The two of a pair tell each other what they share. */
  readonly isShared: boolean;
  /** Of the backends' links, so that a probe's answer is under way for a while. */
  readonly delayMs: number;
  /** Seconds; 0: at once. */
  readonly slowStart: number;
}

const PURPOSE = 1;

export function sketchFrom(seed: number): Sketch {
  const draws = Draws.of(seed, PURPOSE);
  const shape = draws.pick([...SHAPES, "route", "pair"] as const);
  const hasAgents = shape === "broadcast" || shape === "switching";
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
  };
}

/** One thing less of a sketch each; of these the ones that still fail are tried further. */
export function simpler(sketch: Sketch): Sketch[] {
  const { shape, backends, clients } = sketch;
  const least = shape === "broadcast" || shape === "switching" ? 3 : 2;
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

export function dispatchersOf({ shape }: Sketch): number {
  return shape === "pair" ? 2 : 1;
}

export function hasAgents({ shape }: Sketch): boolean {
  return shape === "broadcast" || shape === "switching";
}

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
  const host = sketch.shape === "pair" ? 4 : 2;
  return familiesOf(sketch, `10.0.0.${host}`, `2001:db8::${host}`);
}

const GATEWAYS = (sketch: Sketch) => familiesOf(sketch, "10.0.0.1", "2001:db8::1");
const WAN_GATEWAYS = (sketch: Sketch) => familiesOf(sketch, "192.0.2.1", "2001:db8:1::1");

/** The configuration of a dispatcher, and of the agents. `weights` by backend: 1 where there is none. */
export function configOf(sketch: Sketch, dispatcher: number, weights: readonly number[] = []): string {
  const { shape, seed, clusters, algorithm, buckets, health, intervalMs, fall, slowStart } = sketch;
  const [own, other] = dispatcher === 0 ? [2, 3] : [3, 2];
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
      gateway: GATEWAYS(sketch),
      verify: "off",
      ...(shape === "pair"
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
    clusters: [...Array(clusters).keys()].map((cluster) => ({
      name: clusterName(cluster),
      addresses: clusterAddresses(sketch, cluster),
      algorithm,
      buckets,
      seed: seed & 0xffff,
      flaps: 1000,
      transition: { connections: 256 },
      ...(shape === "broadcast" ? { technique: "broadcast" } : {}),
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
 */
export function sceneOf(sketch: Sketch): Scene {
  const nodes: Record<string, SceneNode> = { wan: { kind: "switch" }, lan: { kind: "switch" } };
  const files: Record<string, string> = {
    "pair.key": "a key that the two of a pair share",
    "agent.key": "a key that all the agents share",
  };
  const links: SceneLink[] = [{ ends: ["router:wan", "wan"] }, { ends: ["router:lan", "lan"] }];
  nodes["router"] = {
    kind: "router",
    ports: {
      wan: { addresses: familiesOf(sketch, "192.0.2.1/24", "2001:db8:1::1/64") },
      lan: { addresses: familiesOf(sketch, "10.0.0.1/24", "2001:db8::1/64") },
    },
    routes: clusterAddresses(sketch).map((to) => ({
      to: to.includes(":") ? `${to}/128` : `${to}/32`,
      via: nextHops(sketch).filter((via) => via.includes(":") === to.includes(":")),
    })),
  };
  for (let index = 0; index < dispatchersOf(sketch); index++) {
    files[configFile(index)] = configOf(sketch, index);
    nodes[dispatcherName(index)] = { kind: "dispatcher", config: configFile(index) };
    links.push({ ends: [dispatcherName(index), "lan"] });
  }
  for (let index = 0; index < sketch.backends; index++) {
    nodes[backendName(index)] = {
      kind: "backend",
      addresses: familiesOf(sketch, `10.0.0.${11 + index}/24`, `2001:db8::${11 + index}/64`),
      gateways: GATEWAYS(sketch),
      loopback: clusterAddresses(sketch),
      ...(hasAgents(sketch) ? { filter: { config: configFile(0), cluster: clusterName(0) } } : {}),
    };
    links.push({
      ends: [backendName(index), "lan"],
      ...(sketch.delayMs === 0 ? {} : { settings: { delayUs: sketch.delayMs * 1000 } }),
    });
  }
  for (let index = 0; index < sketch.clients; index++) {
    nodes[clientName(index)] = {
      kind: "client",
      addresses: familiesOf(sketch, `192.0.2.${11 + index}/24`, `2001:db8:1::${11 + index}/64`),
      gateways: WAN_GATEWAYS(sketch),
    };
    links.push({ ends: [clientName(index), "wan"] });
  }
  return { seed: sketch.seed, files, nodes, links };
}

/** A sketch in one line. */
export function describe(sketch: Sketch): string {
  const { shape, families, clusters, backends, clients, algorithm, buckets, health } = sketch;
  const what = shape === "pair" ? "a pair of dispatchers" : `a dispatcher (${shape})`;
  const probes = health === "none"
    ? "no probes"
    : `${health} probes each ${sketch.intervalMs} ms, fall ${sketch.fall}`;
  return `${what}, ${clusters} cluster${
    clusters === 1 ? "" : "s"
  } of ${backends} backends, ${clients} client${
    clients === 1 ? "" : "s"
  }, ${families}, ${algorithm} over ${buckets} buckets, ${probes}`;
}

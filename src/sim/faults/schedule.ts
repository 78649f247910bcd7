/** What happens in a trial, and when: faults, commands, and what clients do, all drawn from the seed. */

import type { Action, Scheduled } from "../action.ts";
import { Draws } from "./draws.ts";
import {
  backendName,
  BETWEEN,
  clientName,
  clusterAddresses,
  configOf,
  dispatcherName,
  dispatchersOf,
  hasAgents,
  isBroadcast,
  PORT,
  type Sketch,
  switchBeside,
} from "./sketch.ts";

/** What belongs together: a fault and its end, or a connection from its first packet to its last. It is left out as a whole. */
export interface Happening {
  readonly what: "fault" | "session";
  /** In their order. */
  readonly steps: readonly Scheduled[];
}

const FAULTS = 2;
const SESSIONS = 3;

const MS = 1000;
const S = 1_000_000;
export const MINUTE_US = 60 * S;

/** Before the first fault everything has begun. */
export const START_US = 10 * S;

/** Until then, all that is drawn from the seed. */
export function scheduleFrom(
  seed: number,
  sketch: Sketch,
  untilUs: number,
  lastFaultUs: number,
): Happening[] {
  return [
    ...faultsFrom(Draws.of(seed, FAULTS), sketch, lastFaultUs),
    ...sessionsFrom(Draws.of(seed, SESSIONS), sketch, untilUs),
  ];
}

/** As a world takes it. */
export function scheduled(happenings: readonly Happening[]): Scheduled[] {
  return happenings.flatMap(({ steps }) => steps).sort((one, other) => one.atUs - other.atUs);
}

/** How long a fault lasts: a moment, a while, or long. */
function lengthUs(draws: Draws): number {
  const [least, most] = draws.pick([[5, 400], [400, 4000], [4000, 30_000], [25_000, 90_000]] as const);
  return draws.between(least, most) * MS;
}

/** From the one to the other. */
type Range = readonly [least: number, most: number];

/** Between the beginnings of two faults: many at once, some of each, or one after the other. */
const GAPS_MS: readonly (readonly Range[])[] = [
  [[10, 1500], [1000, 10_000], [5000, 30_000]],
  [[10, 1500], [1000, 10_000], [5000, 30_000], [60_000, 90_000]],
  [[40_000, 110_000]],
];

/** What comes again lasts so long, and is away as long: longer than a probe waits. */
const AGAIN_MS: Range = [1150, 3000];

/** `on`: what else is left alone while it lasts. */
interface Fault {
  readonly on: string;
  readonly begin: Action;
  /** Undefined: it ends by itself. */
  readonly end?: Action | readonly Action[];
  /** It comes again, so often in all. Default: once. */
  readonly times?: number;
}

function faultsFrom(draws: Draws, sketch: Sketch, lastFaultUs: number): Happening[] {
  const kinds = kindsOf(sketch);
  const busyUntil = new Map<string, number>();
  const faults: Happening[] = [];
  const gaps = draws.pick(GAPS_MS);
  const gapUs = () => draws.between(...draws.pick(gaps)) * MS;
  for (let atUs = START_US + gapUs(); atUs < lastFaultUs; atUs += gapUs()) {
    const fault = draws.pick(kinds)(draws);
    const steps = stepsOf(fault, atUs, lastFaultUs, draws);
    if (atUs < (busyUntil.get(fault.on) ?? 0)) continue;
    busyUntil.set(fault.on, steps.at(-1)!.atUs + 1);
    faults.push({ what: "fault", steps });
  }
  return faults;
}

function stepsOf(
  { begin, end = [], times = 1 }: Fault,
  atUs: number,
  lastUs: number,
  draws: Draws,
): Scheduled[] {
  const steps: Scheduled[] = [];
  let beginUs = atUs;
  for (let left = times; left > 0 && beginUs < lastUs; left--) {
    const endUs = Math.min(
      lastUs,
      beginUs + (times === 1 ? lengthUs(draws) : draws.between(...AGAIN_MS) * MS),
    );
    steps.push({ atUs: beginUs, action: begin });
    for (const action of [end].flat()) steps.push({ atUs: endUs, action });
    beginUs = endUs + draws.between(...AGAIN_MS) * MS;
  }
  return steps;
}

type Kind = (draws: Draws) => Fault;

/** Those that this kind of cluster can have; twice those that are likely. */
function kindsOf(sketch: Sketch): Kind[] {
  const backend = (draws: Draws) => backendName(draws.below(sketch.backends));
  const dispatcher = (draws: Draws) => dispatcherName(draws.below(dispatchersOf(sketch)));
  const machine = (draws: Draws) => draws.oneOf(2) ? backend(draws) : dispatcher(draws);
  const ofMachines: Kind[] = [
    (draws) => dies(backend(draws)),
    (draws) => dies(backend(draws)),
    (draws) => returnsWithAnotherCard(backend(draws), draws),
    (draws) => dies(dispatcher(draws)),
    () => dies("router"),
    (draws) => stands(backend(draws)),
    (draws) => stands(dispatcher(draws)),
    (draws) => standsAgainAndAgain(dispatcher(draws), draws),
    (draws) => isSlow(machine(draws), draws),
    (draws) => hasItsClockSet(machine(draws), draws),
    (draws) => returnsWithAnotherTime(machine(draws), draws),
    (draws) => hasABadClock(machine(draws), draws),
    (draws) => losesItsServer(backend(draws)),
  ];
  const ofLinks: Kind[] = [
    (draws) => isCut(`${machine(draws)}-lan`),
    (draws) => isCutOneWay(machine(draws), sketch, draws),
    () => isCut("router-lan"),
    (draws) => isBad(`${machine(draws)}-lan`, draws),
    (draws) => isBad(draws.pick(["router-lan", "router-wan"]), draws),
  ];
  const commands: Kind[] = [
    (draws) => reloads(dispatcher(draws), sketch, draws),
    (draws) => ({ on: "command", begin: { do: "upgrade", node: dispatcher(draws) } }),
    (draws) => ({ on: "command", begin: { do: "restart", node: dispatcher(draws) } }),
  ];
  if (!isBroadcast(sketch)) {
    commands.push(
      (draws) => drains(sketch, draws),
      (draws) => drains(sketch, draws),
      (draws) => weighs(sketch, draws),
    );
  }
  if (sketch.shape === "switching") {
    commands.push(
      () => ({
        on: "technique",
        begin: { do: "technique", technique: "broadcast" },
        end: { do: "technique", technique: "route" },
      }),
      () => ({
        on: "technique",
        begin: { do: "technique", technique: "broadcast" },
        end: { do: "technique", technique: "route" },
      }),
    );
  }
  const ofAgents: Kind[] = hasAgents(sketch)
    ? [
      (draws) => losesItsAgent(backend(draws), "kill-agent"),
      (draws) => losesItsAgent(backend(draws), "stop-agent"),
      (draws) => hasItsAgentFrozen(backend(draws)),
    ]
    : [];
  const ofShape: Kind[] = sketch.shape === "halves"
    ? [
      () => dies("router2"),
      () => isCut(BETWEEN),
      () => isCut(BETWEEN),
      (draws) => isCutOneWay("lan2", sketch, draws),
      (draws) => isBad(BETWEEN, draws),
    ]
    : sketch.shape === "fleet"
    ? [
      () => dies("etcd"),
      (draws) => losesEtcd(dispatcher(draws)),
      (draws) => losesEtcd(dispatcher(draws)),
      (draws) => hasSlowEtcd(dispatcher(draws), draws),
    ]
    : [];
  return [...ofMachines, ...ofLinks, ...commands, ...ofAgents, ...ofShape];
}

function dies(node: string): Fault {
  return { on: node, begin: { do: "kill", node }, end: { do: "heal", node } };
}

function returnsWithAnotherCard(node: string, draws: Draws): Fault {
  const mac = `02:1a:00:00:${octet(draws)}:${octet(draws)}`;
  return { on: node, begin: { do: "kill", node }, end: { do: "heal", node, mac } };
}

function octet(draws: Draws): string {
  return draws.below(256).toString(16).padStart(2, "0");
}

function stands(node: string): Fault {
  return { on: node, begin: { do: "freeze", node }, end: { do: "thaw", node } };
}

/** As a guest does whose host has too much to do. */
function standsAgainAndAgain(node: string, draws: Draws): Fault {
  return { ...stands(node), times: draws.between(4, 12) };
}

/** Each of its timers is so late. */
function isSlow(node: string, draws: Draws): Fault {
  const ms = draws.pick([20, 100, 400]);
  return { on: node, begin: { do: "slow", node, ms }, end: { do: "slow", node, ms: 0 } };
}

function hasItsClockSet(node: string, draws: Draws): Fault {
  return { on: `${node}'s clock`, begin: setsItsClock(node, draws) };
}

function setsItsClock(node: string, draws: Draws): Action {
  const ms = draws.pick([-1, 1]) * draws.pick([50, 1000, 3_600_000, 86_400_000]);
  return { do: "clock", node, ms };
}

/** Its clock has no battery, or an old one. */
function returnsWithAnotherTime(node: string, draws: Draws): Fault {
  return { on: node, begin: { do: "kill", node }, end: [setsItsClock(node, draws), { do: "heal", node }] };
}

/** It goes up to two in a hundred too fast or too slow. */
function hasABadClock(node: string, draws: Draws): Fault {
  const rate = (rate: number): Action => ({ do: "rate", node, rate });
  return { on: `${node}'s rate`, begin: rate(draws.pick([0.98, 0.999, 1.001, 1.02])), end: rate(1) };
}

function losesItsServer(node: string): Fault {
  const server = (isOpen: boolean): Action => ({ do: "server", node, port: PORT, isOpen });
  return { on: node, begin: server(false), end: server(true) };
}

function losesItsAgent(node: string, how: "kill-agent" | "stop-agent"): Fault {
  return { on: node, begin: { do: how, node }, end: { do: "start-agent", node } };
}

function hasItsAgentFrozen(node: string): Fault {
  return { on: node, begin: { do: "freeze-agent", node }, end: { do: "thaw-agent", node } };
}

function losesEtcd(from: string): Fault {
  const etcd = (isCut: boolean): Action => ({ do: "etcd", from, isCut });
  return { on: `${from}'s etcd`, begin: etcd(true), end: etcd(false) };
}

/** Each way. */
function hasSlowEtcd(from: string, draws: Draws): Fault {
  const etcd = (slowMs: number): Action => ({ do: "etcd", from, slowMs });
  return { on: `${from}'s etcd`, begin: etcd(draws.pick([50, 500, 3000])), end: etcd(1) };
}

function isCut(link: string): Fault {
  return { on: link, begin: { do: "cut", link }, end: { do: "restore", link } };
}

/** Of a machine, or of a switch to the other one. */
function isCutOneWay(node: string, sketch: Sketch, draws: Draws): Fault {
  const link = node === "lan2" ? BETWEEN : `${node}-lan`;
  const from = draws.pick([node, node === "lan2" ? "lan" : switchBeside(sketch, node)]);
  return { on: link, begin: { do: "cut", link, from }, end: { do: "restore", link, from } };
}

const GOOD = { delayUs: 50, jitterUs: 0, loss: 0, duplicate: 0, reorder: 0, corrupt: 0 };

function isBad(link: string, draws: Draws): Fault {
  const settings = draws.pick([
    { loss: draws.pick([0.01, 0.1, 0.4]) },
    { duplicate: draws.pick([0.05, 0.5]) },
    { reorder: draws.pick([0.05, 0.5]) },
    { corrupt: draws.pick([0.02, 0.2]) },
    { delayUs: draws.pick([2, 40, 150]) * MS, jitterUs: 1000 },
    { loss: 0.02, duplicate: 0.02, reorder: 0.05, corrupt: 0.01 },
  ]);
  return {
    on: link,
    begin: { do: "link", link, settings: { ...GOOD, ...settings } },
    end: { do: "link", link, settings: GOOD },
  };
}

/** Its file gets other weights, and the old ones again. */
function reloads(node: string, sketch: Sketch, draws: Draws): Fault {
  const number = Number(node.slice(2)) - 1;
  const weights = Array.from({ length: sketch.backends }, () => draws.between(1, 3));
  // The agents go by the file as well, and would have to be restarted; all of a fleet go by one file.
  const isSame = hasAgents(sketch) || sketch.shape === "fleet" || draws.oneOf(3);
  const reload = (text: string): Action => ({ do: "reload", node, config: text });
  return {
    on: "command",
    begin: reload(configOf(sketch, number, isSame ? [] : weights)),
    ...(isSame ? {} : { end: reload(configOf(sketch, number)) }),
  };
}

function named(backend: string, { clusters }: Sketch): string {
  return clusters === 1 ? backend : `web/${backend}`;
}

/** The first one serves on, so that there is always one who may. */
function anyButFirst(sketch: Sketch, draws: Draws): string {
  return backendName(draws.between(1, sketch.backends - 1));
}

function drains(sketch: Sketch, draws: Draws): Fault {
  const node = anyButFirst(sketch, draws);
  const backend = named(node, sketch);
  const how = draws.oneOf(4) ? "down" : "drain";
  return { on: `${node}'s state`, begin: { do: how, backend }, end: { do: "undrain", backend } };
}

function weighs(sketch: Sketch, draws: Draws): Fault {
  const node = anyButFirst(sketch, draws);
  const backend = named(node, sketch);
  return {
    on: `${node}'s weight`,
    begin: { do: "weight", backend, weight: draws.pick([0, 2, 5]) },
    end: { do: "weight", backend, weight: 1 },
  };
}

/** How many requests over a connection, and how far apart. */
const TALKS: readonly { readonly requests: Range; readonly gapMs: Range }[] = [
  { requests: [1, 1], gapMs: [100, 300] },
  { requests: [2, 5], gapMs: [500, 3000] },
  { requests: [5, 20], gapMs: [2000, 5000] },
  { requests: [5, 20], gapMs: [2000, 5000] },
];

/** Between the beginnings of two connections of a client. */
const SESSION_GAP_MS: Range = [1000, 12_000];

function sessionsFrom(draws: Draws, sketch: Sketch, untilUs: number): Happening[] {
  const sessions: Happening[] = [];
  const addresses = clusterAddresses(sketch);
  for (let index = 0; index < sketch.clients; index++) {
    const client = clientName(index);
    let count = 0;
    const gap = () => draws.between(...SESSION_GAP_MS) * MS;
    for (let beginUs = START_US / 2 + gap(); beginUs < untilUs; beginUs += gap()) {
      const name = `c${++count}`;
      const { requests, gapMs } = draws.pick(TALKS);
      const to = draws.pick(addresses);
      const steps: Scheduled[] = [{ atUs: beginUs, action: { do: "connect", client, name, to, port: PORT } }];
      let atUs = beginUs;
      for (let left = draws.between(...requests); left > 0; left--) {
        atUs += draws.between(...gapMs) * MS;
        steps.push({ atUs, action: { do: "send", client, name } });
      }
      atUs += draws.between(...gapMs) * MS;
      steps.push({ atUs, action: { do: "close", client, name } });
      sessions.push({ what: "session", steps: steps.filter((step) => step.atUs < untilUs) });
    }
  }
  return sessions;
}

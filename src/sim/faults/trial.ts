/** One cluster, what happens to it, and whether all holds. The same trial comes to the same end each time. */

import type { Engine } from "../../engine/engine.ts";
import type { BucketSet } from "../../filter/rules/bucket_set.ts";
import type { Action } from "../action.ts";
import { startFleet } from "../fleet.ts";
import { HostNode } from "../host_node.ts";
import { World } from "../world.ts";
import type { Watcher } from "../world.ts";
import { Calm, SETTLE_US } from "./calm.ts";
import { Connections } from "./connections.ts";
import { Dispatchers } from "./dispatchers.ts";
import { DispatcherNode } from "../dispatcher_node.ts";
import { Excuses } from "./excuses.ts";
import type { Finding, Property } from "./finding.ts";
import { Frames, FramesMultiply } from "./frames.ts";
import { type Happening, MINUTE_US, scheduled, scheduleFrom, START_US } from "./schedule.ts";
import { Owners } from "./owners.ts";
import { hasAgents, isBroadcast, sceneOf, type Sketch, sketchFrom } from "./sketch.ts";

export interface Trial {
  readonly sketch: Sketch;
  readonly happenings: readonly Happening[];
  readonly untilUs: number;
}

export interface Outcome {
  readonly finding: Finding | undefined;
  /** How far it went. */
  readonly atUs: number;
  /** Each once for each link that it went onto. */
  readonly frames: number;
  /** In the second that had the most. */
  readonly mostFrames: number;
  readonly connections: Connections["counts"];
}

/** The usual length. */
export const TRIAL_US = 10 * MINUTE_US;

/** Who was split from the others, and does not live to meet them again, never says so. */
const FORGETS: ReadonlySet<Action["do"]> = new Set([
  "kill",
  "freeze",
  "kill-agent",
  "stop-agent",
  "freeze-agent",
]);

/** By these an agent says that there is, or was, a split. Of one that ended before they met only who was alone can know. */
const SAYS_SPLIT: ReadonlySet<string> = new Set(["split", "alone"]);

/** Quiet time at the end, after everyone must be served again. */
const REST_US = 10_000_000;

/** Between two looks at what is no frame. */
const LOOK_US = 1_000_000;
/** Where backends choose: a bucket with two owners may have them for some milliseconds. */
const LOOK_AT_AGENTS_US = 20_000;

/** Throws RangeError where there is no time for anything. */
export function trialFrom(seed: number, lengthUs = TRIAL_US): Trial {
  const lastFaultUs = lengthUs - SETTLE_US - REST_US;
  if (lastFaultUs <= START_US) throw new RangeError(`A trial of ${lengthUs} us has no time for a fault`);
  const sketch = sketchFrom(seed);
  return {
    sketch,
    happenings: scheduleFrom(seed, sketch, lengthUs - REST_US / 2, lastFaultUs),
    untilUs: lengthUs,
  };
}

/** `watcherOf`: makes somebody who looks on, too. */
export async function run(
  { sketch, happenings, untilUs }: Trial,
  watcherOf?: (world: World) => Watcher,
): Promise<Outcome> {
  const scene = sceneOf(sketch);
  const world = await (sketch.shape === "fleet" ? startFleet(scene) : World.start(scene));
  let finding: Finding | undefined;
  const report = (property: Property, what: string) => {
    finding ??= { property, atUs: world.nowUs, what };
  };
  const nowUs = () => world.nowUs;
  const calm = new Calm(happenings, sketch);
  const excuses = new Excuses(sketch, (backend) => isFiltering(world, backend));
  const connections = new Connections(scene, calm, excuses, nowUs, report);
  const frames = new Frames(scene, nowUs, report);
  const dispatchers = new Dispatchers(
    () => enginesOf(world),
    (name) => goesBy(world, name),
    calm,
    excuses,
    nowUs,
    report,
  );
  const owners = new Owners(() => takenIn(world), excuses, nowUs, report);
  const lookUs = hasAgents(sketch) ? LOOK_AT_AGENTS_US : LOOK_US;
  world.watch({
    sent: (lane, _, octets, length) => {
      frames.sent(lane, octets, length);
      connections.sent(lane, octets, length);
    },
    arrived: (lane, _, octets, length) => connections.arrived(lane, octets, length),
    acted: (action, atUs) => {
      excuses.acted(action, atUs, connections.open());
      if (!FORGETS.has(action.do)) return;
      connections.splitForgotten();
      owners.splitForgotten();
    },
    refused: (action) => {
      excuses.refused(action);
      const { do: what } = action;
      if (what === "undrain" || what === "weight" || what === "technique") calm.weaken();
    },
    logged: (record) => {
      if (SAYS_SPLIT.has(String(record["alarm"]))) {
        connections.splitForgotten();
        owners.alarmed();
      }
      dispatchers.logged(record);
    },
  });
  if (watcherOf !== undefined) world.watch(watcherOf(world));
  const schedule = scheduled(happenings);
  let next = 0;
  try {
    for (let atUs = lookUs; atUs <= untilUs && finding === undefined; atUs += lookUs) {
      const first = next;
      while (next < schedule.length && schedule[next]!.atUs <= atUs) next++;
      await world.run(atUs, schedule.slice(first, next));
      connections.tick();
      owners.look();
      if (atUs % LOOK_US !== 0) continue;
      dispatchers.look();
      if (isBroadcast(sketch) && calm.isQuiet(atUs)) owners.lookForAll(sketch.buckets);
    }
  } catch (error) {
    if (!(error instanceof FramesMultiply)) report("no end", (error as Error).stack ?? String(error));
  }
  const atUs = world.nowUs;
  await world.stop();
  return {
    finding,
    atUs,
    frames: frames.count,
    mostFrames: frames.most,
    connections: connections.counts,
  };
}

function enginesOf({ dispatchers }: World): ReadonlyMap<string, Engine> {
  return new Map(
    dispatchers.flatMap(({ name, engine, isFrozen }) =>
      engine === undefined || isFrozen ? [] : [[name, engine]]
    ),
  );
}

function goesBy({ nodes }: World, name: string): string | undefined {
  const node = nodes.get(name);
  return node instanceof DispatcherNode ? node.goesBy : undefined;
}

function isFiltering({ nodes }: World, backend: string): boolean {
  const node = nodes.get(backend);
  return node instanceof HostNode && node.isFiltering;
}

/** What the kernels of the backends that run let in. */
function takenIn({ nodes }: World): ReadonlyMap<string, BucketSet> {
  const taken = new Map<string, BucketSet>();
  for (const [name, node] of nodes) {
    if (node instanceof HostNode && node.isRunning && node.taken !== undefined) taken.set(name, node.taken);
  }
  return taken;
}

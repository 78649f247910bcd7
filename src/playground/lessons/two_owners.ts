import { HostNode } from "../../sim/host_node.ts";
import type { Scene, SceneLink } from "../../sim/scene.ts";
import type { World } from "../../sim/world.ts";
import type { Lesson } from "./lesson.ts";
import { CONFIG, webScene } from "./scenes.ts";
import text from "./two_owners.json" with { type: "json" };

const KEY = "agent.key";
const LEFT = ["web1", "web2"];
const BACKENDS = 4;
const BUCKETS = 1024;

export const TWO_OWNERS: Lesson = {
  id: "two-owners",
  ...text,
  scene: inHalves(),
  watch(world) {
    let [wasWhole, hadNone, hadTwo] = [false, false, false];
    return () => {
      const [least, most] = ownersOf(world);
      const isWhole = least === 1 && most === 1;
      if (wasWhole && least === 0) hadNone = true;
      if (wasWhole && most > 1) hadTwo = true;
      if (isWhole) wasWhole = true;
      const isKnown = backendsOf(world).some(({ agent }) => (agent?.alarms["split"] ?? 0) > 0);
      return [hadNone, hadTwo, isWhole && isKnown && backendsOf(world).every(({ isRunning }) => isRunning)];
    };
  },
};

/** How many backends own a bucket: of all buckets the least and the most. */
function ownersOf(world: World): [least: number, most: number] {
  const taken = backendsOf(world).flatMap(({ isRunning, taken }) =>
    isRunning && taken !== undefined ? [taken] : []
  );
  let [least, most] = [BACKENDS, 0];
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const owners = taken.filter((one) => one.has(bucket)).length;
    least = Math.min(least, owners);
    most = Math.max(most, owners);
  }
  return [least, most];
}

function backendsOf(world: World): HostNode[] {
  return [...world.nodes.values()].filter((node) => node instanceof HostNode).filter(({ kind }) =>
    kind === "backend"
  );
}

/** The backends behind two switches, which may lose each other while the router still reaches both. */
function inHalves(): Scene {
  const names = Array.from({ length: BACKENDS }, (_, index) => `web${index + 1}`);
  const { seed, files, nodes, links } = webScene({
    ...{ clients: 3, backends: BACKENDS },
    cluster: ["technique: broadcast", `agent: { keyFile: ${KEY} }`, "health: []"],
    nodes: Object.fromEntries(names.map((name) => [name, { filter: { config: CONFIG, cluster: "web" } }])),
  });
  const half = (name: string) => LEFT.includes(name) ? "left" : "right";
  return {
    seed,
    // Not a secret: it is in every page.
    files: { ...files, [KEY]: "b25laXAgcGxheWdyb3VuZCBrZXk=\n" },
    nodes: { ...nodes, left: { kind: "switch" }, right: { kind: "switch" } },
    links: [
      ...links.filter(({ ends }) => !names.includes(ends[1])),
      { ends: ["lan", "left"] },
      { ends: ["lan", "right"] },
      ...names.map((name): SceneLink => ({ ends: [half(name), name] })),
    ],
  };
}

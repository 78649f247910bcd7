/** Looks at a world: all that the page shows of it at this moment. */

import type { Buckets } from "../../engine/buckets.ts";
import type { BackendStatus } from "../../engine/status.ts";
import { DispatcherNode } from "../../sim/dispatcher_node.ts";
import type { WorldNode } from "../../sim/node.ts";
import { linkName, type SceneNode } from "../../sim/scene.ts";
import type { World } from "../../sim/world.ts";
import { formatMac } from "../../wire/address.ts";
import type { Chronicle } from "./chronicle.ts";
import { type DispatcherView, type LinkView, type MachineView, stateOf, type View } from "./view.ts";

const LEAST_WORTH_SAYING = 0.005;
const USUAL_MTU = 1500;

export function viewOf(world: World, chronicle: Chronicle): View {
  const node = world.dispatchers.find(({ engine }) => engine !== undefined);
  const dispatcher = node === undefined ? undefined : dispatcherView(node, world, chronicle);
  const config = node?.config ?? world.dispatchers[0]?.config;
  const cluster = config?.clusters[0];
  return {
    machines: machinesOf(world, dispatcher),
    links: linksOf(world),
    connections: [],
    dispatcher,
    buckets: node?.engine?.buckets(cluster?.name ?? ""),
    targets: cluster?.addresses ?? [],
    port: cluster?.ports?.find(({ protocol }) => protocol === "tcp")?.number ?? 80,
  };
}

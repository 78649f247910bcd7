/**
 * The simulator, `oneip/simulator`: a whole cluster in virtual time (docs/simulator.md).
 *
 *     import { sceneOf, World } from "oneip/simulator";
 *
 *     const world = await World.start(sceneOf(readFileSync("oneip.yaml", "utf8")));
 *     await world.run(5_000_000, [{ atUs: 2_000_000, action: { do: "kill", node: "web1" } }]);
 */

export { type LogRecord, type Watcher, World } from "./world.ts";
export { sceneOf, type UsualOptions } from "./usual_scene.ts";
export type * from "./scene.ts";
export type * from "./action.ts";
export type { ClientConnection, ConnectionEvent, EchoEvent } from "./client.ts";
export type { WorldNode } from "./node.ts";
export { DispatcherNode } from "./dispatcher_node.ts";
export { HostNode } from "./host_node.ts";
export { RouterNode } from "./router_node.ts";
export { SwitchNode } from "./switch_node.ts";
export { startFleet } from "./fleet.ts";

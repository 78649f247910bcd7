/** The network of wire.yaml as a scene of the simulator. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Scene, SceneNode } from "../../../src/sim/scene.ts";
import { ROOT } from "../../runtime.ts";
import { configOf } from "./config.ts";
import type { Dispatcher, Server } from "./network.ts";

const DISPATCHERS: readonly Dispatcher[] = ["lb1", "lb2"];
const SERVERS: readonly Server[] = ["web1", "web2", "web3"];

/** `clients`: all addresses that the client asks from. */
export function sceneOfWire(clients: readonly string[]): Scene {
  const nodes: Record<string, SceneNode> = {
    client: {
      kind: "client",
      addresses: [
        "192.0.2.11/24",
        "2001:db8:1::11/64",
        ...clients.map((client) => `${client}/${client.includes(":") ? 128 : 32}`),
      ],
      gateways: ["192.0.2.1", "2001:db8:1::1"],
    },
    router: {
      kind: "router",
      ports: {
        eth1: { addresses: ["192.0.2.1/24", "2001:db8:1::1/64"] },
        eth2: { addresses: ["10.0.0.1/24", "2001:db8::1/64"] },
      },
      routes: [
        { to: "198.51.100.0/24", via: ["192.0.2.11"] },
        { to: "10.0.0.100/32", via: ["10.0.0.4"] },
        { to: "2001:db8:51::/64", via: ["2001:db8:1::11"] },
        { to: "2001:db8::100/128", via: ["2001:db8::4"] },
      ],
    },
    lan: { kind: "switch" },
  };
  for (const name of DISPATCHERS) nodes[name] = { kind: "dispatcher", config: `${name}.yaml`, isOff: true };
  for (const [index, name] of SERVERS.entries()) {
    nodes[name] = {
      kind: "backend",
      addresses: [`10.0.0.${11 + index}/24`, `2001:db8::${11 + index}/64`],
      gateways: ["10.0.0.1", "2001:db8::1"],
      loopback: ["10.0.0.100", "2001:db8::100"],
      servers: [{ protocol: "tcp", port: 80 }, { protocol: "udp", port: 53 }],
      filter: { config: "lb1.yaml", cluster: "web" },
    };
  }
  return {
    seed: 1,
    files: {
      "wire.key": readFileSync(join(ROOT, "test/sim/wire/wire.key"), "utf8"),
      ...Object.fromEntries(DISPATCHERS.map((name) => [`${name}.yaml`, configOf(name)])),
    },
    nodes,
    links: [
      { ends: ["client", "router:eth1"] },
      { ends: ["router:eth2", "lan"] },
      ...[...DISPATCHERS, ...SERVERS].map((name) => ({ ends: [name, "lan"] as const })),
    ],
  };
}

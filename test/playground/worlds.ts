/** Worlds that the page and Node both make. */

import type { Scheduled } from "../../src/sim/action.ts";
import type { Scene } from "../../src/sim/scene.ts";
import { sceneOf } from "../../src/sim/usual_scene.ts";

/** A pair with all that draws numbers: probes, VRRP, what the two tell each other, and a broadcast cluster with agents. */
const CONFIG = `
dispatcher:
  interface: oneip0
  mac: "02:00:00:00:00:02"
  addresses: [10.0.0.2/24]
  gateway: 10.0.0.1
  vrrp: {id: 51, addresses: [10.0.0.5/24], peer: {address: 10.0.0.3, keyFile: pair.key}}
clusters:
  - name: web
    addresses: [10.0.0.100]
    ports: [80/tcp]
    health: {type: http, port: 80, interval: 200ms, timeout: 100ms}
    backends:
      - {name: web1, address: 10.0.0.11}
      - {name: web2, address: 10.0.0.12, weight: 2}
      - {name: web3, address: 10.0.0.13}
  - name: all
    addresses: [10.0.0.101]
    technique: broadcast
    agent: {keyFile: agents.key}
    backends:
      - {name: web1, address: 10.0.0.11}
      - {name: web2, address: 10.0.0.12}
`;

export const SCENE: Scene = sceneOf(CONFIG, { seed: 16, clients: 3, addresses: 4 });

const at = (ms: number, action: Scheduled["action"]): Scheduled => ({ atUs: ms * 1000, action });

/** A second and a half in which much goes wrong. */
export const SCHEDULE: readonly Scheduled[] = [
  at(150, { do: "ask", client: "client1", to: "10.0.0.100", port: 80, everyMs: 20 }),
  at(155, { do: "ask", client: "client2", to: "10.0.0.101", port: 80, everyMs: 30 }),
  at(160, { do: "connect", client: "client3", name: "kept", to: "10.0.0.100", port: 80 }),
  at(250, { do: "link", link: "lan-web1", settings: { loss: 0.1 } }),
  at(350, { do: "kill", node: "web2" }),
  at(450, { do: "drain", backend: "web/web3" }),
  at(600, { do: "kill", node: "dispatcher1" }),
  at(750, { do: "heal", node: "web2" }),
  at(900, { do: "send", client: "client3", name: "kept", octets: 3000, answer: 20_000 }),
  at(1000, { do: "heal", node: "dispatcher1" }),
  at(1150, { do: "freeze", node: "web1" }),
  at(1300, { do: "thaw", node: "web1" }),
];

export const UNTIL_US = 1_500_000;

/** A loop: what goes to all goes round for ever, on two ways. */
export const STORM: Scene = {
  ...SCENE,
  nodes: { ...SCENE.nodes, lan2: { kind: "switch" } },
  links: [
    ...SCENE.links,
    { ends: ["lan", "lan2"], name: "one" },
    { ends: ["lan", "lan2"], name: "other" },
    { ends: ["lan", "lan2"], name: "third" },
  ],
};

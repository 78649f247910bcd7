/** Worlds for tests: a cluster of three backends, and what its clients find. */

import type { Action, Scheduled } from "../../src/sim/action.ts";
import type { ConnectionEvent, EchoEvent } from "../../src/sim/client.ts";
import type { Scene } from "../../src/sim/scene.ts";
import { World } from "../../src/sim/world.ts";

/** In microseconds. */
export const SECOND = 1_000_000;
export const [CLUSTER, CLUSTER6] = ["10.0.0.100", "2001:db8::100"];

/** The text of a configuration: more keys of the dispatcher, of the cluster, and other sections. */
export function text(dispatcher = "", cluster = "", more = "", own = "10.0.0.2"): string {
  return `dispatcher: {mac: "02:00:00:00:00:0${own.at(-1)}", addresses: [${own}/24, "2001:db8::${
    own.at(-1)
  }/64"], gateway: [10.0.0.1, "2001:db8::1"]${dispatcher}}
clusters:
  - name: web
    addresses: [${CLUSTER}, "${CLUSTER6}"]
    buckets: 256
    ports: [80/tcp, 80/udp]
${cluster}    backends: [{name: web1, address: 10.0.0.11}, {name: web2, address: 10.0.0.12}, {name: web3, address: 10.0.0.13}]
${more}`;
}

export const PAIR = text(
  ', vrrp: {id: 51, addresses: [10.0.0.4/24, "2001:db8::4/64"], interval: 50ms, peer: {address: 10.0.0.3, keyFile: pair.key}}',
);
export const BROADCAST = text("", "    technique: broadcast\n    agent: {keyFile: agent.key}\n");

export const at = (seconds: number, action: Action): Scheduled => ({ atUs: seconds * SECOND, action });
export const ask = (everyMs = 100, client = "client1"): Action => ({
  do: "ask",
  client,
  to: CLUSTER,
  port: 80,
  everyMs,
});

/** A world with what its clients have found, and what was refused. */
export async function begin(scene: Scene, start = (scene: Scene) => World.start(scene)) {
  const world = await start(scene);
  const events: ConnectionEvent[] = [];
  const echoes: EchoEvent[] = [];
  const refused: string[] = [];
  const told: string[] = [];
  world.watch({
    connection: (event) => void events.push(event),
    echo: (event) => void echoes.push(event),
    refused: (_, why) => void refused.push(why.message),
    logged: ({ node, event }) => event !== undefined && void told.push(`${node} ${event}`),
  });
  /** What came of connections since the last look, each way to end once. */
  const ends = () => {
    const all = events.splice(0).map(({ what }) => what);
    return [...new Set(all)].filter((what) => what !== "connecting" && what !== "established").sort();
  };
  return { world, events, echoes, refused, told, ends };
}

/** By whom the requests since the last look were answered. */
export function answerers(events: ConnectionEvent[]): string[] {
  return [...new Set(events.splice(0).flatMap(({ what, by }) => what === "answered" ? [by!] : []))].sort();
}

/**
 * Brings up the named topologies of netns, one after the other, sends two requests from each of many clients, and prints as JSON which
 * backends answered. A client that meets two backends, or none, ends it.
 */

import { join } from "node:path";
import { Lab, request } from "oneip";
import { ROOT } from "../runtime.ts";
import { clients, CLUSTER } from "./labs.ts";

const reached: Record<string, string[]> = {};
for (const topology of process.argv.slice(2)) {
  await using lab = await Lab.up(join(ROOT, `netns/${topology}.yaml`));
  const client = lab.topology.nodes.find(({ name }) => name.startsWith("client"))!;
  const replies = await request(lab.node(client.name), clients(24), `http://${CLUSTER}/`, 2);
  const backends = new Map<string, string>();
  for (const { client, backend } of replies) {
    if (backend === undefined) throw new Error(`${topology}: nobody answered ${client}`);
    if ((backends.get(client) ?? backend) !== backend) throw new Error(`${topology}: ${client} met two`);
    backends.set(client, backend);
  }
  reached[topology] = [...new Set(backends.values())].sort();
}
console.log(JSON.stringify(reached));

/** Backends that have drawn the cluster address to themselves: others on the link know them as the machine that has it. */

import type { Observation } from "../observe/protocol.ts";
import type { Answer, Connection } from "./connections.ts";
import { execCommand, formatPlace } from "./finding.ts";
import type { View } from "./view.ts";
import { keyOf, originsOf } from "./way.ts";

export interface Claim {
  /** The backend, where it answered. */
  readonly claimant: Answer;
  /** How that was seen. */
  readonly says: string;
  /** Shows it again. */
  readonly command: string;
}

export async function claimsOf(
  view: View,
  observations: readonly Observation[],
  connections: readonly Connection[],
): Promise<Claim[]> {
  return [...claimsSeen(view, observations, connections), ...await claimsKnown(view, connections)];
}

/** Whoever accepts connections said so just now. Others may, such as the dispatcher, which is there to say so. */
function claimsSeen(
  { client: { lab }, target: { address } }: View,
  observations: readonly Observation[],
  connections: readonly Connection[],
): Claim[] {
  const claims = observations.filter(({ kind, src }) => kind === "claim" && src === address);
  const answers = connections.flatMap(({ answers }) => answers);
  return [...Map.groupBy(claims, keyOf).values()].flatMap(originsOf).flatMap((origin) => {
    const claimant = answers.find(({ node }) => node === origin.node);
    if (claimant === undefined) return [];
    const says = `${origin.node} said at ${formatPlace(origin)} that ${address} is at ${origin.srcMac}`;
    return { claimant, says, command: execCommand(lab.node(origin.node), "sysctl -a -r arp_ignore") };
  });
}

/** Or it said so earlier, and whoever brought it a SYN has kept that in mind. */
async function claimsKnown(
  { client: { lab }, target: { address } }: View,
  connections: readonly Connection[],
): Promise<Claim[]> {
  const owners = new Map(
    lab.topology.nodes.flatMap(({ name, interfaces }) => interfaces.map(({ mac }) => [mac, name] as const)),
  );
  // Each pair of a machine that sends and one that answers is asked once.
  const pairs = new Map<string, { readonly sender: string; readonly claimant: Answer }>();
  for (const { answers, syn } of connections) {
    for (const claimant of answers) {
      const arrived = syn.find(({ node, isOutgoing }) => node === claimant.node && !isOutgoing);
      const sender = owners.get(arrived?.srcMac ?? "");
      if (sender !== undefined) pairs.set(`${sender} ${claimant.node}`, { sender, claimant });
    }
  }
  const claims = [...pairs.values()].map(async ({ sender, claimant }) => {
    const node = lab.node(sender);
    const known = JSON.parse(await node.exec("ip", "-j", "neigh", "show", "to", address) || "[]") as {
      lladdr?: string;
    }[];
    if (!known.some(({ lladdr }) => lladdr === claimant.mac)) return [];
    const says = `${sender} has ${address} at ${claimant.mac}, which is ${formatPlace(claimant)}`;
    return [{ claimant, says, command: execCommand(node, `ip neigh show to ${address}`) }];
  });
  return (await Promise.all(claims)).flat();
}

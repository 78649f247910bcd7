/** Is a client answered by the cluster: with the cluster's address, and by no backend that has drawn the address to itself? */

import { call } from "../lab/traffic.ts";
import type { Observation } from "../observe/protocol.ts";
import { type Answer, type Connection, connectionsOf, describeConnection } from "./connections.ts";
import { captureCommand, execCommand, type Finding, firstOf, formatPlace, listOf } from "./finding.ts";
import { seenWhile } from "./seen_while.ts";
import { nameOf, urlOf, type View } from "./view.ts";
import { keyOf, originsOf } from "./way.ts";

/**
 * Connects once from each client. Each must be accepted, from the cluster address; and whoever accepts must not be known on the link as the
 * machine that has this address, by ARP or neighbor discovery: then its router would send it everything.
 */
export async function answersFromCluster(view: View): Promise<Finding> {
  const { client, from, target, withinMs } = view;
  const { observations, gaps } = await seenWhile(
    client.lab,
    () => call(client, from, urlOf(view), { withinS: withinMs / 1000 }),
  );
  const connections = connectionsOf(view, observations);
  const answers = connections.flatMap(({ answers }) => answers);
  const isRight = ({ accepts, source }: Answer) => accepts && source === target.address;
  const unanswered = connections.filter(({ answers }) => !answers.some(isRight));
  const claims = await claimsOf(view, observations, connections);
  const name = nameOf(view);
  const pass = connections.length > 0 && unanswered.length === 0 && claims.length === 0;
  const claimants = claims.map(({ claimant }) => claimant.node);
  const backends = listOf(answers.map(({ node }) => node));
  const reason = claims.length > 0
    ? `${listOf(claimants)} says on the link that it has this address`
    : `${unanswered.length} of ${connections.length} connections were not accepted with it`;
  return {
    pass,
    sentence: pass
      ? `${name} answers ${client.plan.name} from the cluster: ${connections.length} connections, accepted by ${backends}`
      : `${name} does not answer ${client.plan.name} from the cluster: ${reason}`,
    seen: firstOf([
      ...claims.map(({ says }) => says),
      ...(pass ? connections : unanswered).map((connection) => describeConnection(connection, view)),
      ...gaps,
    ]),
    look: lookAt(view, claims, unanswered),
  };
}

/** A backend is known to have the address: who is, and how that was seen. */
interface Claim {
  readonly claimant: Answer;
  readonly says: string;
  /** Shows it again. */
  readonly command: string;
}

async function claimsOf(
  { client: { lab }, target: { address } }: View,
  observations: readonly Observation[],
  connections: readonly Connection[],
): Promise<Claim[]> {
  const claims: Claim[] = [];
  const said = observations.filter(({ kind, src }) => kind === "claim" && src === address);
  const answers = connections.flatMap(({ answers }) => answers);
  for (const origin of [...Map.groupBy(said, keyOf).values()].flatMap(originsOf)) {
    const claimant = answers.find(({ node }) => node === origin.node);
    if (claimant === undefined) continue; // Such as the dispatcher, which is there to say so.
    const says = `${origin.node} said at ${formatPlace(origin)} that ${address} is at ${origin.srcMac}`;
    claims.push({ claimant, says, command: execCommand(lab.node(origin.node), "sysctl -a -r arp_ignore") });
  }
  // Or it said so earlier, and whoever sent it this SYN has kept that in mind.
  const macs = new Map(
    lab.topology.nodes.flatMap(({ name, interfaces }) => interfaces.map(({ mac }) => [mac, name] as const)),
  );
  const asked = new Set<string>();
  for (const { answers, syn } of connections) {
    for (const claimant of answers) {
      const arrived = syn.find(({ node, isOutgoing }) => node === claimant.node && !isOutgoing);
      const sender = macs.get(arrived?.srcMac ?? "");
      if (sender === undefined || asked.has(`${sender} ${claimant.node}`)) continue;
      asked.add(`${sender} ${claimant.node}`);
      const command = ["ip", "-j", "neigh", "show", "to", address];
      const known = JSON.parse(await lab.node(sender).exec(...command) || "[]") as { lladdr?: string }[];
      if (!known.some(({ lladdr }) => lladdr === claimant.mac)) continue;
      const says = `${sender} has ${address} at ${claimant.mac}, which is ${formatPlace(claimant)}`;
      claims.push({ claimant, says, command: execCommand(lab.node(sender), `ip neigh show to ${address}`) });
    }
  }
  return claims;
}

function lookAt({ client }: View, claims: readonly Claim[], unanswered: readonly Connection[]): string[] {
  const [claim] = claims;
  if (claim !== undefined) {
    return [...claims.slice(0, 2).map(({ command }) => command), captureCommand(client, claim.claimant)];
  }
  const place = unanswered[0]?.answers[0] ?? unanswered[0]?.syn.at(-1);
  if (place === undefined) return [];
  return [execCommand(client.lab.node(place.node), "ip address show"), captureCommand(client, place)];
}

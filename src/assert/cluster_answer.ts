/** Is a client answered by the cluster: with the cluster's address, and by no backend that has drawn the address to itself? */

import { ask, NO_SYN } from "./asked.ts";
import { type Claim, claimsOf } from "./claims.ts";
import { type Answer, type Connection, describeConnection } from "./connections.ts";
import { captureCommand, countOf, execCommand, type Finding, firstOf, listOf } from "./finding.ts";
import { nameOf, type View } from "./view.ts";

/**
 * Connects once from each client. Each must be accepted, from the cluster address; and whoever accepts must not be known on the link as the
 * machine that has this address, by ARP or neighbor discovery: then its router would send it everything.
 */
export async function answersFromCluster(view: View): Promise<Finding> {
  const { client, target } = view;
  const { connections, observations, notes } = await ask(view);
  const answers = connections.flatMap(({ answers }) => answers);
  const isRight = ({ accepts, source }: Answer) => accepts && source === target.address;
  const unanswered = connections.filter(({ answers }) => !answers.some(isRight));
  const claims = await claimsOf(view, observations, connections);
  const name = nameOf(view);
  const pass = connections.length > 0 && unanswered.length === 0 && claims.length === 0;
  const all = countOf(connections.length, "connection");
  const claimants = claims.map(({ claimant }) => claimant.node);
  const backends = listOf(answers.map(({ node }) => node));
  const reason = claims.length > 0
    ? `${listOf(claimants)} says on the link that it has this address`
    : connections.length === 0
    ? NO_SYN
    : `of ${all}, ${unanswered.length} got no SYN-ACK from that address`;
  return {
    pass,
    sentence: pass
      ? `${name} answers ${client.plan.name} from the cluster: ${all}, accepted by ${backends}`
      : `${name} does not answer ${client.plan.name} from the cluster: ${reason}`,
    seen: firstOf([
      ...claims.map(({ says }) => says),
      ...(pass ? connections : unanswered).map((connection) => describeConnection(connection, view)),
      ...notes,
    ]),
    look: lookAt(view, claims, unanswered),
  };
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

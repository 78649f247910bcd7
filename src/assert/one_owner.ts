/** Is each SYN answered by exactly one machine? */

import { call } from "../lab/traffic.ts";
import { type Connection, connectionsOf, describeConnection } from "./connections.ts";
import { captureCommand, execCommand, type Finding, firstOf, listOf, type Place } from "./finding.ts";
import { seenWhile } from "./seen_while.ts";
import { nameOf, urlOf, type View } from "./view.ts";

/** Connects once from each client, and counts who answers on the wire, whether the client takes the answer or not. */
export async function hasOneOwner(view: View): Promise<Finding> {
  const { client, from, withinMs } = view;
  const { observations, gaps } = await seenWhile(
    client.lab,
    () => call(client, from, urlOf(view), { withinS: withinMs / 1000 }),
  );
  const connections = connectionsOf(view, observations);
  const wrong = connections.filter(({ answers }) => answers.length !== 1);
  const torn = connections.filter(({ answers }) => answers.length > 1);
  const name = nameOf(view);
  const owners = listOf(connections.flatMap(({ answers }) => answers.map(({ node }) => node)));
  const syns = connections.length === 1 ? "1 SYN was" : `${connections.length} SYNs were`;
  const pass = connections.length > 0 && wrong.length === 0;
  return {
    pass,
    sentence: pass
      ? `${name} has one owner for each client: ${syns} answered once each, by ${owners}`
      : `${name} does not have one owner: ${syns} sent, ${torn.length} answered by more than one machine, ` +
        `${wrong.length - torn.length} by none`,
    seen: [
      ...firstOf((pass ? connections : wrong).map((connection) => describeConnection(connection, view))),
      ...gaps,
    ],
    look: lookAt(view, wrong),
  };
}

function lookAt({ client }: View, wrong: readonly Connection[]): string[] {
  const places = wrong.flatMap(({ answers, syn }): readonly Place[] =>
    answers.length > 0 ? answers : syn.slice(-1)
  );
  const byNode = new Map(places.map((place) => [place.node, place]));
  return [...byNode.values()].slice(0, 2).flatMap((place) => [
    execCommand(client.lab.node(place.node), "nft list ruleset"),
    captureCommand(client, place),
  ]);
}

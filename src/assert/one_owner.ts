/** Is each SYN answered by exactly one machine? */

import { ask, NO_SYN } from "./asked.ts";
import { type Connection, describeConnection } from "./connections.ts";
import {
  captureCommand,
  countOf,
  execCommand,
  type Finding,
  firstOf,
  listOf,
  type Place,
} from "./finding.ts";
import { nameOf, type View } from "./view.ts";

/** Connects once from each client, and counts who answers on the wire, whether the client takes the answer or not. */
export async function hasOneOwner(view: View): Promise<Finding> {
  const { connections, notes } = await ask(view);
  const wrong = connections.filter(({ answers }) => answers.length !== 1);
  const torn = connections.filter(({ answers }) => answers.length > 1);
  const name = nameOf(view);
  const owners = listOf(connections.flatMap(({ answers }) => answers.map(({ node }) => node)));
  const syns = countOf(connections.length, "SYN");
  const none = wrong.length - torn.length;
  const reason = `of ${syns}, ${torn.length} got more than one answer, and ${none} got none`;
  const pass = connections.length > 0 && wrong.length === 0;
  return {
    pass,
    sentence: pass
      ? `${name} has one owner for each client: ${syns}, each answered once, by ${owners}`
      : `${name} does not have one owner: ${connections.length === 0 ? NO_SYN : reason}`,
    seen: [
      ...firstOf((pass ? connections : wrong).map((connection) => describeConnection(connection, view))),
      ...notes,
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

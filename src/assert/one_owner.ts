/** Is each SYN answered by exactly one machine? */

import { setTimeout as delay } from "node:timers/promises";
import { call } from "../lab/traffic.ts";
import { Observer } from "../observe/observer.ts";
import { type Connection, connectionsOf, describeConnection } from "./connections.ts";
import { captureCommand, execCommand, type Finding, firstOf, listOf, type Place } from "./finding.ts";
import { nameOf, urlOf, type View } from "./view.ts";

/** A second answer may come when the first has done all: none is expected any more when so long none has come. */
const QUIET_MS = 50;

/** Connects once from each client, and counts who answers on the wire, whether the client takes the answer or not. */
export async function hasOneOwner(view: View): Promise<Finding> {
  const { client, from, withinMs } = view;
  const observer = await Observer.of(client.lab);
  const mark = await observer.mark();
  await call(client, from, urlOf(view), { withinS: withinMs / 1000 });
  let connections: Connection[] = [];
  for (let known = -1; known !== countOf(connections);) {
    known = countOf(connections);
    await delay(QUIET_MS);
    connections = connectionsOf(view, (await observer.since(mark)).observations);
  }
  const wrong = connections.filter(({ answers }) => answers.length !== 1);
  const torn = connections.filter(({ answers }) => answers.length > 1);
  const name = nameOf(view);
  const owners = connections.flatMap(({ answers }) => answers.map(({ node }) => node));
  const pass = connections.length > 0 && wrong.length === 0;
  return {
    pass,
    sentence: pass
      ? `${name} has one owner for each of its clients: ${connections.length} SYNs, each answered once, by ${
        listOf(owners)
      }`
      : `${name} does not have one owner: of ${connections.length} SYNs ${torn.length} were answered by more than one machine, ` +
        `${wrong.length - torn.length} by none`,
    seen: firstOf((pass ? connections : wrong).map((connection) => describeConnection(connection, view))),
    look: lookAt(view, wrong),
  };
}

function countOf(connections: readonly Connection[]): number {
  return connections.reduce((sum, { answers }) => sum + answers.length, 0);
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

/** Does an action lose a client's connections? */

import { Observer } from "../observe/observer.ts";
import { connectionsOf, describeConnection, endOf, formatClient } from "./connections.ts";
import { captureCommand, execCommand, type Finding, firstOf, formatPlace, type Place } from "./finding.ts";
import { type Cut, HeldConnection } from "./held_connection.ts";
import { type Action, callMeanwhile } from "./meanwhile.ts";
import { nameOf, urlOf, type View } from "./view.ts";

/** Answers on a held connection: one may be under way when the action ends, the other one is asked for after it. */
const AFTER = 2;

/**
 * Holds a connection of each client over the action, with a request ten times a second, and begins new ones all the time. All requests must
 * be answered, and those on held connections without a new one. Server and client must speak HTTP with keep-alive. Rejects as the action
 * does.
 */
export async function losesNoConnection(view: View, action: Action): Promise<Finding> {
  const { client, from } = view;
  const observer = await Observer.of(client.lab);
  const mark = await observer.mark();
  const held = from.map((address) => new HeldConnection(view, address));
  let began = 0;
  let failures: { readonly client: string; readonly failure: string }[];
  const cuts: Cut[] = [];
  try {
    await Promise.all(held.map((one) => one.hear(1)));
    const calls = await callMeanwhile(view, () => {
      began = Date.now();
      return action();
    });
    await Promise.all(held.map((one) => one.hear(AFTER)));
    failures = calls.flatMap(({ client, failure }) => failure === undefined ? [] : [{ client, failure }]);
  } finally {
    for (const one of held) cuts.push(...await one.end());
  }
  const { observations } = await observer.since(mark);
  const connections = connectionsOf(view, observations);
  const unanswered = connections.filter(({ answers }) => !answers.some(({ accepts }) => accepts));
  const places: Place[] = [];
  const lines = cuts.map((cut) => {
    const end = endOf(view, observations, cut.client, cut.port);
    if (end !== undefined) places.push(end);
    const how = end === undefined
      ? cut.failure ?? "it was replaced by a new one"
      : `${end.node} ${end.isReset ? "reset" : "closed"} it at ${formatPlace(end)}, ${
        Math.round(end.ms - began)
      } ms after the action began`;
    return `held, ${formatClient(cut)}: ${how}`;
  });
  for (const { syn, answers } of unanswered) {
    places.push(...(answers.length > 0 ? answers.slice(0, 1) : syn.slice(-1)));
  }
  const pass = cuts.length === 0 && failures.length === 0;
  const name = nameOf(view);
  const count = `${held.length} held, ${connections.length - held.length} new ones`;
  return {
    pass,
    sentence: pass
      ? `${client.plan.name} loses no connection to ${name}: ${count}`
      : `${client.plan.name} loses connections to ${name}: ${cuts.length} of ${held.length} that it held, ` +
        `${failures.length} of those that it began meanwhile`,
    seen: [
      ...firstOf(lines),
      ...firstOf(
        failures.map(({ client, failure }) => `new${client === "" ? "" : `, ${client}`}: ${failure}`),
      ),
      ...firstOf(unanswered.map((connection) => `new, ${describeConnection(connection, view)}`)),
    ],
    look: pass ? [] : [
      ...places.slice(0, 1).flatMap((place) => [
        execCommand(client.lab.node(place.node), "ss -tan"),
        captureCommand(client, place),
      ]),
      execCommand(client, `curl -v ${urlOf(view)}`),
    ],
  };
}

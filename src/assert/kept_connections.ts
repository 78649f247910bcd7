/** Does an action lose a client's connections? */

import { connectionsOf, describeConnection, endOf, formatClient } from "./connections.ts";
import { captureCommand, execCommand, type Finding, firstOf, formatPlace, type Place } from "./finding.ts";
import { type Action, holdMeanwhile } from "./meanwhile.ts";
import { seenWhile } from "./seen_while.ts";
import { nameOf, urlOf, type View } from "./view.ts";

/**
 * Holds a connection of each client over the action, with a request ten times a second, and begins new ones all the time. All requests must
 * be answered, and those on held connections without a new one. The server must speak HTTP, and keep connections. Rejects as the action
 * does.
 */
export async function losesNoConnection(view: View, action: Action): Promise<Finding> {
  const { client, from } = view;
  const { result, observations, gaps } = await seenWhile(client.lab, () => holdMeanwhile(view, action));
  const { cuts, calls, beganMs } = result;
  const failed = calls.filter(({ failure }) => failure !== undefined);
  const connections = connectionsOf(view, observations);
  const unanswered = connections.filter(({ answers }) => !answers.some(({ accepts }) => accepts));
  const ends = cuts.map((cut) => ({ cut, end: endOf(view, observations, cut.client, cut.port) }));
  const pass = cuts.length === 0 && failed.length === 0;
  const [who, name] = [client.plan.name, nameOf(view)];
  return {
    pass,
    sentence: pass
      ? `${who} loses no connection to ${name}: it held ${from.length}, and began ${calls.length} more`
      : `${who} loses connections to ${name}: ${cuts.length} of ${from.length} that it held, ` +
        `${failed.length} of ${calls.length} that it began meanwhile`,
    seen: [
      ...firstOf(ends.map(({ cut, end }) => {
        if (end === undefined) {
          return `held, ${formatClient(cut)}: ${cut.failure ?? "another one took its place"}`;
        }
        const verb = end.isReset ? "reset" : "closed";
        const ms = Math.round(end.ms - beganMs);
        return `held, ${formatClient(cut)}: ${end.node} ${verb} it at ${
          formatPlace(end)
        }, ${ms} ms after the action began`;
      })),
      ...firstOf(failed.map((one) => `new${one.client === "" ? "" : `, ${one.client}`}: ${one.failure}`)),
      ...firstOf(unanswered.map((connection) => `new, ${describeConnection(connection, view)}`)),
      ...gaps,
    ],
    look: pass ? [] : [
      ...lookAt(view, [
        ...ends.flatMap(({ end }) => end ?? []),
        ...unanswered.flatMap(({ answers, syn }) => answers[0] ?? syn.at(-1) ?? []),
      ]),
      execCommand(client, `curl -v ${urlOf(view)}`),
    ],
  };
}

function lookAt({ client }: View, [place]: readonly Place[]): string[] {
  if (place === undefined) return [];
  return [execCommand(client.lab.node(place.node), "ss -tan"), captureCommand(client, place)];
}

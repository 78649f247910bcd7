/** Do the replies go past the dispatcher? */

import type { LabNode } from "../lab/lab.ts";
import type { Observation } from "../observe/protocol.ts";
import { ask } from "./asked.ts";
import { formatClient } from "./connections.ts";
import { captureCommand, execCommand, type Finding, firstOf } from "./finding.ts";
import { nameOf, urlOf, type View } from "./view.ts";
import { describeWay, keyOf, originsOf } from "./way.ts";

/** Asks once from each client. The replies must be seen, and none of them on an interface of the dispatcher's machine. */
export async function isBypassedByReplies(dispatcher: LabNode, view: View): Promise<Finding> {
  const { client, target } = view;
  const { connections, observations, notes } = await ask(view);
  const clients = new Set(connections.map(formatClient));
  const packets = observations.filter(({ kind, src, srcPort, dst, dstPort }) =>
    kind === "tcp" && src === target.address && srcPort === target.port &&
    clients.has(formatClient({ client: dst, port: dstPort }))
  );
  const replies = [...Map.groupBy(packets, keyOf).values()];
  const name = dispatcher.plan.name;
  const through = replies.filter((packet) => packet.some(({ node }) => node === name));
  const [wrong] = through;
  const pass = replies.length > 0 && through.length === 0;
  const of = `the replies of ${nameOf(view)}`;
  return {
    pass,
    sentence: replies.length === 0
      ? `Nobody knows whether replies bypass ${name}: ${nameOf(view)} sent ${client.plan.name} none`
      : pass
      ? `${name} is bypassed by ${of}: ${replies.length} were seen, none of them there`
      : `${name} is not bypassed by ${of}: ${through.length} of ${replies.length} were seen there`,
    seen: [...firstOf([...new Set((pass ? replies.slice(0, 1) : through).map(describeReply))]), ...notes],
    look: pass ? [] : lookAt(view, name, wrong),
  };
}

function lookAt(view: View, dispatcher: string, reply: readonly Observation[] | undefined): string[] {
  const { client, target } = view;
  const place = reply?.find(({ node }) => node === dispatcher);
  if (reply === undefined || place === undefined) return [execCommand(client, `curl -v ${urlOf(view)}`)];
  const route = `ip route get ${place.dst} from ${target.address}`;
  return [
    ...originsOf(reply).map(({ node }) => execCommand(client.lab.node(node), route)),
    captureCommand(client, place),
  ];
}

function describeReply(packet: readonly Observation[]): string {
  const { dst, dstPort } = packet[0]!;
  return `reply to ${formatClient({ client: dst, port: dstPort })}: ${describeWay(packet)}`;
}

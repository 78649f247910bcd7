/** Do the replies go past the dispatcher? */

import type { LabNode } from "../lab/lab.ts";
import { call } from "../lab/traffic.ts";
import { Observer } from "../observe/observer.ts";
import type { Observation } from "../observe/protocol.ts";
import { connectionsOf, formatClient } from "./connections.ts";
import { captureCommand, execCommand, type Finding, firstOf } from "./finding.ts";
import { nameOf, urlOf, type View } from "./view.ts";
import { describeWay, keyOf, originsOf } from "./way.ts";

/** Asks once from each client. The replies must be seen, and none of them on an interface of the dispatcher's machine. */
export async function isBypassedByReplies(dispatcher: LabNode, view: View): Promise<Finding> {
  const { client, from, target, withinMs } = view;
  const observer = await Observer.of(client.lab);
  const mark = await observer.mark();
  await call(client, from, urlOf(view), { withinS: withinMs / 1000 });
  const { observations } = await observer.since(mark);
  const clients = new Set(connectionsOf(view, observations).map(formatClient));
  const packets = observations.filter(({ kind, src, srcPort, dst, dstPort }) =>
    kind === "tcp" && src === target.address && srcPort === target.port &&
    clients.has(formatClient({ client: dst, port: dstPort }))
  );
  const replies = [...Map.groupBy(packets, keyOf).values()];
  const name = dispatcher.plan.name;
  const through = replies.filter((packet) => packet.some(({ node }) => node === name));
  const [wrong] = through;
  const place = wrong?.find(({ node }) => node === name);
  const backend = wrong === undefined ? undefined : originsOf(wrong)[0]?.node;
  const pass = replies.length > 0 && through.length === 0;
  return {
    pass,
    sentence: replies.length === 0
      ? `Nobody knows whether replies bypass ${name}: ${nameOf(view)} sent ${client.plan.name} none`
      : pass
      ? `${name} is bypassed by the replies of ${
        nameOf(view)
      }: ${replies.length} were seen, none of them there`
      : `${name} is not bypassed by the replies of ${
        nameOf(view)
      }: ${through.length} of ${replies.length} were seen there`,
    seen: firstOf([...new Set((pass ? replies.slice(0, 1) : through).map(describeReply))]),
    look: pass ? [] : place === undefined ? [execCommand(client, `curl -v ${urlOf(view)}`)] : [
      ...(backend === undefined
        ? []
        : [execCommand(client.lab.node(backend), `ip route get ${wrong![0]!.dst} from ${target.address}`)]),
      captureCommand(client, place),
    ],
  };
}

function describeReply(packet: readonly Observation[]): string {
  const { dst, dstPort } = packet[0]!;
  return `reply to ${formatClient({ client: dst, port: dstPort })}: ${describeWay(packet)}`;
}

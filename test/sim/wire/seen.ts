/** What frames on all links come to, as plain data: no times, no ports, no numbers that depend on speed. */

import { keyOf, originsOf } from "../../../src/assert/way.ts";
import type { Observation } from "../../../src/observe/protocol.ts";
import { RST, SYN } from "../../../src/wire/tcp.ts";
import * as icmpv4 from "../../../src/wire/icmpv4.ts";
import * as icmpv6 from "../../../src/wire/icmpv6.ts";
import { isIpv6 } from "../../../src/wire/address.ts";

/** Who says on the link that it has one of these addresses: `ADDRESS is at MAC, says NODE`. */
export function claimsIn(observations: readonly Observation[], addresses: readonly string[]): string[] {
  const claims = observations.filter(({ kind, src }) => kind === "claim" && addresses.includes(src));
  const packets = [...Map.groupBy(claims, keyOf).values()];
  return distinct(
    packets.flatMap(originsOf).map(({ src, srcMac, node }) => `${src} is at ${srcMac}, says ${node}`),
  );
}

const ERRORS4: Readonly<Record<number, string>> = {
  [icmpv4.DESTINATION_UNREACHABLE]: "unreachable",
  [icmpv4.TIME_EXCEEDED]: "time exceeded",
  [icmpv4.PARAMETER_PROBLEM]: "parameter problem",
};
const ERRORS6: Readonly<Record<number, string>> = {
  [icmpv6.DESTINATION_UNREACHABLE]: "unreachable",
  [icmpv6.PACKET_TOO_BIG]: "too big",
  [icmpv6.TIME_EXCEEDED]: "time exceeded",
  [icmpv6.PARAMETER_PROBLEM]: "parameter problem",
};

/**
 * Which ICMP errors to these addresses there were: `WHAT CODE from ADDRESS, NODE, reached NODE`. To others they are about what programs say
 * for themselves: Deno, for example, asks a name server.
 */
export function errorsIn(observations: readonly Observation[], to: readonly string[]): string[] {
  const errors = observations.filter((one) => to.includes(one.dst) && errorOf(one) !== undefined);
  const ways = [...Map.groupBy(errors, keyOf).values()];
  return distinct(ways.flatMap((way) => {
    const last = way.findLast(({ isOutgoing }) => !isOutgoing)!;
    return originsOf(way).map((origin) =>
      `${errorOf(origin)} from ${origin.src}, ${origin.node}, reached ${last.node}`
    );
  }));
}

function errorOf({ kind, flags, src }: Observation): string | undefined {
  if (kind !== "icmp") return undefined;
  const name = (isIpv6(src) ? ERRORS6 : ERRORS4)[flags >> 8];
  return name && `${name} ${flags & 0xff}`;
}

/** Who answers the SYNs of each of these clients, and what: by client, `web1 accepts` or `lb1 resets`. */
export function acceptsIn(
  observations: readonly Observation[],
  cluster: readonly string[],
  clients: readonly string[],
): Record<string, string[]> {
  const answers = observations.filter((one) =>
    isReply(one, cluster, clients) && (one.flags & (SYN | RST)) !== 0
  );
  return byClient(answers, ({ flags, node }) => `${node} ${(flags & RST) === 0 ? "accepts" : "resets"}`);
}

/** Who answers each client's echo requests. */
export function echoesIn(observations: readonly Observation[]): Record<string, string[]> {
  const replies = observations.filter(({ kind, src, flags }) =>
    kind === "icmp" && flags >> 8 === (isIpv6(src) ? icmpv6.ECHO_REPLY : icmpv4.ECHO_REPLY)
  );
  return byClient(replies, ({ node }) => node);
}

/** The machines that the cluster's replies to these clients leave by: those that accept, and those on the way. */
export function passersIn(
  observations: readonly Observation[],
  cluster: readonly string[],
  clients: readonly string[],
): string[] {
  const replies = observations.filter((one) => isReply(one, cluster, clients) && (one.flags & SYN) !== 0);
  return distinct(replies.map(({ node }) => node));
}

function isReply(
  { kind, src, dst }: Observation,
  cluster: readonly string[],
  clients: readonly string[],
): boolean {
  return kind === "tcp" && cluster.includes(src) && clients.includes(dst);
}

/** What is said of the origins of packets, by whom they are for. */
function byClient(
  observations: readonly Observation[],
  say: (origin: Observation) => string,
): Record<string, string[]> {
  const all = Object.entries(Object.groupBy(observations, ({ dst }) => dst)).sort();
  return Object.fromEntries(all.map(([client, some]) => {
    const packets = [...Map.groupBy(some!, keyOf).values()];
    return [client, distinct(packets.flatMap(originsOf).map(say))];
  }));
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

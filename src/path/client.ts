/**
 * The client that a packet to a cluster belongs to: its source. But an ICMP error may come from any router on the way. It embeds
 * a packet that a backend sent to the client from the cluster address, so there the client is the *embedded* packet's
 * destination. A path-MTU message thus reaches the backend that must send smaller packets.
 *
 * The embedded packet's addresses must be there, and no more: a backend's filter (filter/rules/rules.ts) asks for the same, so
 * that both choose the same client.
 */

import * as icmp from "../wire/icmpv4.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import * as ipv4 from "../wire/ipv4.ts";
import * as ipv6 from "../wire/ipv6.ts";
import type { Packet } from "./packet.ts";

/** Where the client's address stands. */
export function clientOf(packet: Packet): number {
  if (!packet.isIcmp || packet.isLaterFragment) return packet.src;
  return packet.isIpv6 ? clientOfIcmpv6(packet) : clientOfIcmp(packet);
}

function clientOfIcmp({ frame, src, dst, upper, end }: Packet): number {
  const embedded = upper + icmp.HEADER;
  const room = end - embedded;
  if (room < ipv4.HEADER || !icmp.isError(icmp.type(frame, upper))) return src;
  const isOurs = ipv4.isVersion4(frame, embedded) && ipv4.src(frame, embedded) === frame.getInt32(dst);
  return isOurs ? embedded + ipv4.DST : src;
}

function clientOfIcmpv6({ frame, src, dst, upper, end }: Packet): number {
  const embedded = upper + icmpv6.HEADER;
  if (end - embedded < ipv6.HEADER || !icmpv6.isError(icmpv6.type(frame, upper))) return src;
  const isOurs = ipv6.isVersion6(frame, embedded) && ipv6.isSame(frame, embedded + ipv6.SRC, dst);
  return isOurs ? embedded + ipv6.DST : src;
}

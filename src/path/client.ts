/**
 * Whose packet is this? The source's, but an ICMP error comes from any router on the way, and is about a packet that a backend
 * sent from the cluster address to the client: the client is the *embedded* packet's destination, so that a path-MTU message
 * reaches the backend that must send smaller packets.
 */

import * as icmp from "../wire/icmpv4.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import * as ipv4 from "../wire/ipv4.ts";
import * as ipv6 from "../wire/ipv6.ts";

/** What an ICMP error must carry of the packet that it is about, besides its header: RFC 792. */
const EMBEDDED_TRANSPORT = 8;

/** The address, int32, whose hash chooses the backend of a valid packet to a cluster address. */
export function clientOf(frame: DataView, ip: number): number {
  const src = ipv4.src(frame, ip);
  if (ipv4.protocol(frame, ip) !== ipv4.PROTOCOL_ICMP || ipv4.isLaterFragment(frame, ip)) return src;
  const header = ipv4.headerLength(frame, ip);
  const message = ip + header;
  const room = ipv4.totalLength(frame, ip) - header - icmp.HEADER;
  if (room < ipv4.HEADER + EMBEDDED_TRANSPORT || !icmp.isError(icmp.type(frame, message))) return src;
  const embedded = message + icmp.HEADER;
  const isWhole = ipv4.isVersion4(frame, embedded) &&
    room >= ipv4.headerLength(frame, embedded) + EMBEDDED_TRANSPORT;
  return isWhole && ipv4.src(frame, embedded) === ipv4.dst(frame, ip) ? ipv4.dst(frame, embedded) : src;
}

/** The same for IPv6: the offset of the address. `extensions` is the packet's chain, walked. */
export function clientOf6(frame: DataView, ip: number, extensions: ipv6.Extensions): number {
  const src = ip + ipv6.SRC;
  if (extensions.protocol !== ipv6.ICMPV6 || extensions.isLaterFragment) return src;
  const room = ip + ipv6.totalLength(frame, ip) - extensions.at - icmpv6.HEADER;
  // Extension headers of the embedded packet, a fragment header for one, are among the octets behind its header.
  if (room < ipv6.HEADER + EMBEDDED_TRANSPORT || !icmpv6.isError(icmpv6.type(frame, extensions.at))) {
    return src;
  }
  const embedded = extensions.at + icmpv6.HEADER;
  const isOurs = ipv6.isVersion6(frame, embedded) && ipv6.isSame(frame, embedded + ipv6.SRC, ip + ipv6.DST);
  return isOurs ? embedded + ipv6.DST : src;
}

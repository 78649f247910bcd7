/** Whose packet is this? */

import * as icmp from "../wire/icmpv4.ts";
import * as ipv4 from "../wire/ipv4.ts";

/** What an ICMP error must carry of the packet that it is about, besides its header: RFC 792. */
const EMBEDDED_TRANSPORT = 8;

/**
 * The address whose hash chooses the backend of a valid packet to a cluster address: the source. An ICMP error comes from
 * any router on the way, and is about a packet that a backend sent from the cluster address to the client: the client is
 * the *embedded* packet's destination, so that a path-MTU message reaches the backend that must send smaller packets.
 */
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

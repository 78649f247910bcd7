/**
 * The ports that the prober asks from, so that what comes back can be told from all else that comes from a cluster address:
 * IANA's registered ports, the upper half. Verification asks from the dynamic ones behind them (RFC 6335 section 6).
 *
 *     TCP, UDP         destination port
 *     echo reply       identifier
 *     ICMP error       source port or identifier in the packet that it embeds, which is what we sent: without options
 */

import * as icmp from "../wire/icmpv4.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import * as ipv4 from "../wire/ipv4.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as protocol from "../wire/protocol.ts";
import * as transport from "../wire/transport.ts";
import type { Packet } from "./packet.ts";

export const FIRST_PROBE_PORT = 32_768;
export const PROBE_PORTS = 16_384;

/** No port of the prober's. */
export const NO_PROBE_PORT = -1;

/** The prober's port that a packet is for; NO_PROBE_PORT for any other. */
export function probePortOf(packet: Packet): number {
  if (packet.isFragment) return NO_PROBE_PORT;
  const { frame, upper, upperLength } = packet;
  if (packet.isIcmp) return upperLength < icmp.HEADER ? NO_PROBE_PORT : inRange(tokenOf(packet));
  if (packet.protocol !== protocol.TCP && packet.protocol !== protocol.UDP) return NO_PROBE_PORT;
  return upperLength < transport.PORTS ? NO_PROBE_PORT : inRange(transport.dstPort(frame, upper));
}

/** Of an ICMP message: the identifier or source port that the question had. */
function tokenOf({ frame, isIpv6, upper, end }: Packet): number {
  const type = icmp.type(frame, upper);
  if (type === (isIpv6 ? icmpv6.ECHO_REPLY : icmp.ECHO_REPLY)) {
    return frame.getUint16(upper + icmp.IDENTIFIER);
  }
  if (!(isIpv6 ? icmpv6.isError(type) : icmp.isError(type))) return NO_PROBE_PORT;
  const embedded = upper + icmp.HEADER;
  const sent = embedded + (isIpv6 ? ipv6.HEADER : ipv4.HEADER);
  if (sent + QUOTED > end) return NO_PROBE_PORT;
  const asked = isIpv6 ? ipv6.nextHeader(frame, embedded) : ipv4.protocol(frame, embedded);
  const isEcho = asked === (isIpv6 ? protocol.ICMPV6 : protocol.ICMP);
  return frame.getUint16(isEcho ? sent + icmp.IDENTIFIER : sent);
}

/** Octets of what is embedded that an error quotes at least, behind the IP header: RFC 792. */
const QUOTED = 8;

function inRange(port: number): number {
  return port >= FIRST_PROBE_PORT && port < FIRST_PROBE_PORT + PROBE_PORTS ? port : NO_PROBE_PORT;
}

/** An ICMP error about what we have sent, and what it says of who sent it. */

import type { Way } from "../link/ip_frames.ts";
import type { Packet } from "../path/packet.ts";
import { octetsOf } from "../wire/address.ts";
import * as icmp from "../wire/icmpv4.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import * as ipv4 from "../wire/ipv4.ts";
import * as ipv6 from "../wire/ipv6.ts";
import type { Failure } from "./attempt.ts";

/** `sent` is where the upper layer of the packet begins that the error embeds: eight octets at least. */
export interface IcmpError {
  readonly sent: number;
  readonly isPortUnreachable: boolean;
  /** Such as `destination unreachable, code 13`. */
  readonly says: string;
}

/** The error about a packet that went this way; undefined when the packet is none, or about another one. */
export function errorAbout(
  { frame, bytes, isIcmp, isIpv6, upper }: Packet,
  { from, to }: Way,
): IcmpError | undefined {
  if (!isIcmp) return undefined;
  const type = icmp.type(frame, upper);
  // That it is unreachable or that the hop limit ran out: all that can be said of a small packet that was right.
  const says = (isIpv6 ? SAYS6 : SAYS4)[type];
  if (says === undefined) return undefined;
  const embedded = upper + icmp.HEADER;
  const [src, dst] = isIpv6 ? [ipv6.SRC, ipv6.DST] : [ipv4.SRC, ipv4.DST];
  if (
    !startsWith(bytes, embedded + src, octetsOf(from)) || !startsWith(bytes, embedded + dst, octetsOf(to))
  ) return undefined;
  const code = frame.getUint8(upper + 1);
  return {
    sent: embedded + (isIpv6 ? ipv6.HEADER : ipv4.HEADER),
    isPortUnreachable: type === (isIpv6 ? icmpv6.DESTINATION_UNREACHABLE : icmp.DESTINATION_UNREACHABLE) &&
      code === (isIpv6 ? icmpv6.PORT_UNREACHABLE : icmp.PORT_UNREACHABLE),
    says: `${says}, code ${code}`,
  };
}

/** What a backend that says this keeps from being asked: `what` is such as `TCP to 10.0.0.100:80`. */
export function rejected(what: string, { says }: IcmpError): Failure {
  return { reason: `it rejects ${what}: ${says}`, fault: "firewall" };
}

const SAYS4: Readonly<Record<number, string>> = {
  [icmp.DESTINATION_UNREACHABLE]: "destination unreachable",
  [icmp.TIME_EXCEEDED]: "time exceeded",
};
const SAYS6: Readonly<Record<number, string>> = {
  [icmpv6.DESTINATION_UNREACHABLE]: "destination unreachable",
  [icmpv6.TIME_EXCEEDED]: "time exceeded",
};

function startsWith(bytes: Uint8Array, at: number, octets: Uint8Array): boolean {
  return octets.every((octet, index) => bytes[at + index] === octet);
}

/** The probe `icmp`: an echo request, and the reply that repeats its two numbers. */

import * as icmp from "../wire/icmpv4.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import type { Packet } from "../path/packet.ts";
import { uint16 } from "../system/random.ts";
import type { Attempt, Begin, Failure } from "./attempt.ts";
import { errorAbout, rejected } from "./icmp_error.ts";
import type { Heard } from "./ports.ts";

export const icmpProbe: Begin = ({ way }, { frames, ports, random, send }, ended) => {
  const sequence = uint16(random);
  const end = (failure: Failure | undefined) => {
    ports.close(port!);
    ended(failure);
    return true;
  };
  const heard = ({ packet, from }: Heard) => {
    if (isEchoReply(packet, sequence)) return end(from === way.to ? undefined : wrongSource(way.to, from));
    const error = errorAbout(packet, way);
    if (error === undefined || packet.frame.getUint16(error.sent + SEQUENCE) !== sequence) return false;
    return end(rejected(`echo requests to ${way.to}`, error));
  };
  const port = ports.open(way.mac, heard);
  if (port === undefined) return undefined;
  send(frames.echo(way, port, sequence));
  return {
    giveUp() {
      ports.close(port);
      return { reason: `it does not answer echo requests to ${way.to}`, fault: "alias-missing" };
    },
  } satisfies Attempt;
};

/** Behind the identifier. */
const SEQUENCE = icmp.IDENTIFIER + 2;

/** Is it the reply with this number? That its identifier is right is known. */
export function isEchoReply({ frame, isIcmp, isIpv6, upper }: Packet, sequence: number): boolean {
  return isIcmp && icmp.type(frame, upper) === (isIpv6 ? icmpv6.ECHO_REPLY : icmp.ECHO_REPLY) &&
    frame.getUint16(upper + SEQUENCE) === sequence;
}

export function wrongSource(asked: string, from: string): Failure {
  return { reason: `it answers from ${from} what is sent to ${asked}`, fault: "wrong-source" };
}

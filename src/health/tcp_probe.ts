/**
 * The probe `tcp`: half of a connection, which no server notes.
 *
 *     we       SYN                                  RST
 *     they               SYN-ACK, or RST
 *
 * After an attempt without an answer an echo request goes along, whose reply tells a lacking cluster address from a firewall.
 */

import { uint16 } from "../system/random.ts";
import * as protocol from "../wire/protocol.ts";
import * as tcp from "../wire/tcp.ts";
import * as transport from "../wire/transport.ts";
import { type Attempt, type Begin, endpoint, type Failure } from "./attempt.ts";
import { errorAbout, rejected } from "./icmp_error.ts";
import { isEchoReply, wrongSource } from "./icmp_probe.ts";
import type { Heard } from "./ports.ts";
import { writeSegment } from "./tcp_segment.ts";

/** Of a SYN; no octet will ever come. */
const WINDOW = 0xffff;

export const tcpProbe: Begin = (question, { frames, ports, random, send }, ended) => {
  const { way, port: dstPort, isAfterSilence } = question;
  const where = endpoint(way.to, dstPort);
  const sequence = random.int32();
  const echo = uint16(random);
  let hasEcho = false;
  const end = (failure: Failure | undefined) => {
    ports.close(port!);
    ended(failure);
    return true;
  };
  const reset = (to: string) =>
    send(writeSegment(frames, { ...way, to }, {
      srcPort: port!,
      dstPort,
      sequence: (sequence + 1) | 0,
      flags: tcp.RST,
    }));
  const heardSegment = ({ packet: { frame, upper }, from }: Heard) => {
    const isAnswer = transport.srcPort(frame, upper) === dstPort &&
      tcp.acknowledgment(frame, upper) === ((sequence + 1) | 0);
    if (!isAnswer) return false;
    const isReset = (tcp.flags(frame, upper) & tcp.RST) !== 0;
    if (!isReset && !tcp.isSynAck(frame, upper)) return false;
    if (!isReset) reset(from);
    if (from !== way.to) return end(wrongSource(way.to, from));
    return end(isReset ? refused(where) : undefined);
  };
  const heard = (heard: Heard) => {
    const { packet } = heard;
    if (packet.protocol === protocol.TCP) return heardSegment(heard);
    if (isEchoReply(packet, echo)) return hasEcho = true;
    const error = errorAbout(packet, way);
    if (error === undefined || tcp.sequence(packet.frame, error.sent) !== sequence) return false;
    return end(error.isPortUnreachable ? refused(where) : rejected(`TCP to ${where}`, error));
  };
  const port = ports.open(way.mac, heard);
  if (port === undefined) return undefined;
  send(writeSegment(frames, way, { srcPort: port, dstPort, sequence, flags: tcp.SYN, window: WINDOW }));
  if (isAfterSilence) send(frames.echo(way, port, echo));
  return {
    giveUp() {
      ports.close(port);
      // Its answer may only be late, and would find nobody.
      reset(way.to);
      return hasEcho ? filtered(where, way.to) : silent(where);
    },
  } satisfies Attempt;
};

export function refused(where: string): Failure {
  return { reason: `it refuses TCP connections to ${where}`, fault: "no-service" };
}

export function silent(where: string): Failure {
  return {
    reason:
      `it does not answer TCP at ${where}; it may lack the cluster address, or a firewall drops the SYNs`,
    fault: "alias-missing",
  };
}

function filtered(where: string, address: string): Failure {
  return {
    reason:
      `it does not answer TCP at ${where}, although it answers echo requests to ${address}: a firewall may drop the SYNs, ` +
      "or the server takes no more connections",
    fault: "firewall",
  };
}

/**
 * The probes `udp` and `dns`: a datagram, and an answer that is as it should be. An ICMP error is one, too: nobody listens there.
 */

import { uint16 } from "../system/random.ts";
import * as protocol from "../wire/protocol.ts";
import * as transport from "../wire/transport.ts";
import { type Attempt, type Begin, endpoint, type Failure, type Means, type Question } from "./attempt.ts";
import { dnsQuery, judgeDns } from "./dns_message.ts";
import { errorAbout, rejected } from "./icmp_error.ts";
import { wrongSource } from "./icmp_probe.ts";
import type { Heard } from "./ports.ts";

export const udpProbe: Begin = (question, means, ended) => {
  const { send = "", expect } = question.probe;
  const wanted = expect === undefined ? undefined : Buffer.from(expect, "latin1");
  return ask(question, means, ended, {
    datagram: Buffer.from(send, "latin1"),
    judge: (answer) =>
      wanted === undefined || Buffer.from(answer).includes(wanted) ? "right" : `without "${expect}" in it`,
  });
};

export const dnsProbe: Begin = (question, means, ended) => {
  const { query = ".", record, answer } = question.probe;
  const id = uint16(means.random);
  return ask(question, means, ended, {
    datagram: dnsQuery(id, query, record),
    judge: (message) => judgeDns(message, id, query, record, answer),
  });
};

/** What is sent, and what comes of an answer: `right`, undefined for one to another question, or what is wrong, as `with SERVFAIL`. */
interface Exchange {
  readonly datagram: Uint8Array;
  judge(answer: Uint8Array): "right" | string | undefined;
}

function ask(
  { way, port: dstPort, probe }: Question,
  { frames, ports, send }: Means,
  ended: (failure: Failure | undefined) => void,
  { datagram, judge }: Exchange,
): Attempt | undefined {
  const where = endpoint(way.to, dstPort);
  const end = (failure: Failure | undefined) => {
    ports.close(port!);
    ended(failure);
    return true;
  };
  const heardDatagram = ({ packet: { bytes, frame, upper, end: behind }, from }: Heard) => {
    if (transport.srcPort(frame, upper) !== dstPort) return false;
    const found = judge(bytes.subarray(upper + transport.UDP_HEADER, behind));
    if (found === undefined) return false;
    if (from !== way.to) return end(wrongSource(way.to, from));
    return end(
      found === "right"
        ? undefined
        : { reason: `it answers ${probe.type} at ${where} ${found}`, fault: null },
    );
  };
  const heard = (heard: Heard) => {
    const { packet } = heard;
    if (packet.protocol === protocol.UDP) return heardDatagram(heard);
    const error = errorAbout(packet, way);
    if (error === undefined || transport.dstPort(packet.frame, error.sent) !== dstPort) return false;
    return end(error.isPortUnreachable ? nobodyListens(where) : rejected(`UDP to ${where}`, error));
  };
  const port = ports.open(way.mac, heard);
  if (port === undefined) return undefined;
  send(frames.datagram(way, port, dstPort, datagram));
  return {
    giveUp() {
      ports.close(port);
      return { reason: `it does not answer ${probe.type} at ${where}`, fault: "alias-missing" };
    },
  };
}

function nobodyListens(where: string): Failure {
  return { reason: `nobody listens at UDP ${where}: port unreachable`, fault: "no-service" };
}

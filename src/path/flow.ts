/**
 * Which connection a packet to a cluster belongs to: one record, refilled for each packet that asks. Its key is
 *
 *     client (4 words) | cluster address (4 words) | ports | protocol, family
 *
 * An IPv4 address is the last of four words. What has no ports that can be read, such as a later fragment or an echo, has 0 there.
 * An ICMP error belongs to the connection of the packet that it embeds, which went the other way.
 */

import * as ipv4 from "../wire/ipv4.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as protocol from "../wire/protocol.ts";
import * as tcp from "../wire/tcp.ts";
import * as transport from "../wire/transport.ts";
import { KEY } from "../table/connections.ts";
import { clientOf } from "./client.ts";
import type { Packet } from "./packet.ts";

const DST = 4;
const PORTS = 8;
const PROTOCOL = 9;

/** Set in the word of the protocol. */
const IPV6 = 0x100;

export class Flow {
  readonly key = new Int32Array(KEY);
  hash = 0;
  /** A segment of TCP whose ports are there. */
  isTcp = false;
  /** Of the segment; 0 where they cannot be read, and in an ICMP error. */
  flags = 0;
  /** Told of by an ICMP error. */
  isTold = false;

  read(packet: Packet): void {
    const client = clientOf(packet);
    this.isTold = client !== packet.src;
    this.flags = 0;
    if (this.isTold) this.#readEmbedded(packet, client);
    else this.#readOwn(packet);
    this.isTcp = (this.key[PROTOCOL]! & 0xff) === protocol.TCP && this.key[PORTS] !== 0;
    this.hash = this.#mix();
  }

  #readOwn(packet: Packet): void {
    const { frame, upper, upperLength } = packet;
    const hasPorts = !packet.isLaterFragment && upperLength >= transport.PORTS &&
      (packet.protocol === protocol.TCP || packet.protocol === protocol.UDP);
    this.#set(packet, packet.src, packet.protocol, hasPorts ? transport.bothPorts(frame, upper) : 0);
    if (hasPorts && packet.protocol === protocol.TCP && upperLength >= tcp.HEADER) {
      this.flags = tcp.flags(frame, upper);
    }
  }

  /** `client` is where the embedded packet's destination stands. */
  #readEmbedded(packet: Packet, client: number): void {
    const { frame, end } = packet;
    const ip = client - (packet.isIpv6 ? ipv6.DST : ipv4.DST);
    const upper = ip + (packet.isIpv6 ? ipv6.HEADER : ipv4.headerLength(frame, ip));
    const upperProtocol = packet.isIpv6 ? ipv6.nextHeader(frame, ip) : ipv4.protocol(frame, ip);
    // RFC 792: eight octets of what follows the header are there, or more.
    const isLater = !packet.isIpv6 && ipv4.fragmentOffsetAndMore(frame, ip) > 1;
    const hasPorts = !isLater && upper + transport.PORTS <= end &&
      (upperProtocol === protocol.TCP || upperProtocol === protocol.UDP);
    const ports = hasPorts ? transport.bothPorts(frame, upper) : 0;
    this.#set(packet, client, upperProtocol, (ports << 16) | (ports >>> 16));
  }

  #set(packet: Packet, client: number, upperProtocol: number, ports: number): void {
    const { frame, dst, isIpv6 } = packet;
    const { key } = this;
    for (let word = 0; word < DST; word++) {
      key[word] = isIpv6 ? frame.getInt32(client + word * 4) : 0;
      key[DST + word] = isIpv6 ? frame.getInt32(dst + word * 4) : 0;
    }
    if (!isIpv6) {
      key[DST - 1] = frame.getInt32(client);
      key[PORTS - 1] = frame.getInt32(dst);
    }
    key[PORTS] = ports;
    key[PROTOCOL] = upperProtocol | (isIpv6 ? IPV6 : 0);
  }

  /** Multiplied and shifted, which stays int32 in each step. */
  #mix(): number {
    let mixed = 0;
    for (let word = 0; word < KEY; word++) {
      mixed = Math.imul(mixed ^ this.key[word]!, 0x9e3779b1);
      mixed ^= mixed >>> 15;
    }
    return Math.imul(mixed, 0x85ebca6b);
  }
}

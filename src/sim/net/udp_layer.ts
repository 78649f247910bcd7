/** A machine's UDP: who listens at which port, and the ICMP error that answers where nobody does. */

import { addressesOf, IpFrames } from "../../link/ip_frames.ts";
import type { Packet } from "../../path/packet.ts";
import * as ipv4 from "../../wire/ipv4.ts";
import * as ethernet from "../../wire/ethernet.ts";
import { isIpv6 } from "../../wire/address.ts";
import * as transport from "../../wire/transport.ts";
import { type HeardError, type IpLayer, PORT_UNREACHABLE } from "./ip_layer.ts";

/** Where a datagram came from, or goes to. */
export interface DatagramEnds {
  readonly local: string;
  readonly localPort: number;
  readonly remote: string;
  readonly remotePort: number;
}

export interface DatagramProgram {
  /** The octets are its own during the call only. */
  received(data: Uint8Array, ends: DatagramEnds): void;
  /** An ICMP error about a datagram from this port. */
  failed?(error: HeardError, ends: DatagramEnds): void;
}

const NOWHERE = { high: 0, low: 0 };

export class UdpLayer {
  readonly #ip: IpLayer;
  readonly #frames = new IpFrames({ mac: NOWHERE, vlan: undefined, addresses: [] });
  readonly #programs = new Map<number, DatagramProgram>();

  constructor(ip: IpLayer) {
    this.#ip = ip;
  }

  /** Listens at a port, at all addresses of the machine. */
  listen(port: number, program: DatagramProgram): void {
    this.#programs.set(port, program);
  }

  stopListening(port: number): void {
    this.#programs.delete(port);
  }

  /** False where no way leads there. What is too long is cut. */
  send({ local: from, localPort, remote: to, remotePort }: DatagramEnds, data: Uint8Array): boolean {
    const frame = this.#frames.datagram({ from, to, mac: NOWHERE }, localPort, remotePort, data);
    // Linux has routers cut what is longer than the way already is.
    if (!isIpv6(to) && frame.length - ethernet.HEADER > this.#ip.mtuTo(to)) {
      ipv4.setFragment(new DataView(frame.buffer), ethernet.HEADER, 0, false);
    }
    return this.#ip.send(frame, frame.length);
  }

  hear(packet: Packet): void {
    const { frame, bytes, upper, end } = packet;
    const program = this.#programs.get(transport.dstPort(frame, upper));
    if (program === undefined) return this.#ip.refuse(packet, PORT_UNREACHABLE);
    const [remote, local] = addressesOf(packet);
    program.received(bytes.subarray(upper + transport.UDP_HEADER, end), {
      local,
      localPort: transport.dstPort(frame, upper),
      remote,
      remotePort: transport.srcPort(frame, upper),
    });
  }

  hearError(error: HeardError): boolean {
    const { frame, sent, src, dst } = error;
    const localPort = transport.srcPort(frame, sent);
    const program = this.#programs.get(localPort);
    if (program === undefined) return false;
    const ends = { local: src, localPort, remote: dst, remotePort: transport.dstPort(frame, sent) };
    program.failed?.(error, ends);
    return true;
  }
}

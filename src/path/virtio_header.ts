/**
 * The virtio header before the frame in hand (wire/virtio.ts), and what a router must know of it. A frame that is only passed
 * on keeps its header, and whoever puts it on a wire does what the header asks for. But a super-frame counts as large as the
 * packets that it will be cut into; and what we answer or quote must be a packet that could have come over a wire.
 */

import * as checksum from "../wire/checksum.ts";
import * as protocol from "../wire/protocol.ts";
import * as tcp from "../wire/tcp.ts";
import * as transport from "../wire/transport.ts";
import * as virtio from "../wire/virtio.ts";
import type { Packet } from "./packet.ts";

export class VirtioHeader {
  readonly #isThere: boolean;
  readonly #frame: DataView;
  /** Where the frame in hand begins. Its header is right before. */
  #start = 0;

  /** Without offloads no header is there, and every frame is what it seems. */
  constructor(offloads: boolean, frame: DataView) {
    this.#isThere = offloads;
    this.#frame = frame;
  }

  /** The frame in hand is the one that begins here, with its VLAN tag if it has one. */
  begin(at: number): void {
    this.#start = at;
  }

  /** The frame in hand is one of our own now, whole and with all its checksums. */
  clear(): void {
    if (this.#isThere) virtio.clear(this.#frame, this.#at);
  }

  /** Octets of the packet on the wire: of each packet that a super-frame will be cut into, the last one apart. */
  lengthOnWire(packet: Packet): number {
    if (!this.#isThere || !this.#isSuperFrame(packet)) return packet.totalLength;
    return this.#headersOnWire(packet) + virtio.gsoSize(this.#frame, this.#at);
  }

  /** Makes the packet what it would be on the wire: of a super-frame the first packet; with its checksum. */
  settle(packet: Packet): void {
    if (!this.#isThere) return;
    if (this.#isSuperFrame(packet)) this.#cut(packet);
    else if (virtio.needsChecksum(this.#frame, this.#at)) this.#sumUp(packet);
    this.clear();
  }

  /** Gives the packet its checksum, and leaves a super-frame as long as it is: one segment to whoever reads it here. */
  sumUp(packet: Packet): void {
    if (!this.#isThere) return;
    if (virtio.needsChecksum(this.#frame, this.#at)) this.#sumUp(packet);
    this.clear();
  }

  get #at(): number {
    return this.#start - virtio.HEADER;
  }

  /** Is it one, of the protocol that the header says, with room for the headers that all its packets repeat? */
  #isSuperFrame(packet: Packet): boolean {
    switch (packet.protocol) {
      case protocol.TCP:
        return virtio.isTcpSuperFrame(this.#frame, this.#at) && packet.upperLength >= tcp.HEADER;
      case protocol.UDP:
        return virtio.isUdpSuperFrame(this.#frame, this.#at) && packet.upperLength >= transport.UDP_HEADER;
      default:
        return false;
    }
  }

  /** Octets of each packet's headers, from the IP header on. */
  #headersOnWire({ ip, upper, protocol: upperProtocol }: Packet): number {
    const isTcp = upperProtocol === protocol.TCP;
    return upper - ip + (isTcp ? tcp.headerLength(this.#frame, upper) : transport.UDP_HEADER);
  }

  #cut(packet: Packet): void {
    const { frame, totalLength, upper } = packet;
    packet.setTotalLength(Math.min(totalLength, this.lengthOnWire(packet)));
    const { upperLength } = packet;
    const pseudoSum = packet.pseudoHeaderSum(upperLength);
    if (packet.protocol === protocol.UDP) return transport.finishUdp(frame, upper, upperLength, pseudoSum);
    if (packet.totalLength < totalLength) tcp.setMoreToCome(frame, upper);
    tcp.setChecksum(frame, upper, upperLength, pseudoSum);
  }

  /** The sum of the pseudo-header stands where the checksum belongs, so summing up includes it. */
  #sumUp({ ip, end }: Packet): void {
    const frame = this.#frame;
    const start = this.#start + virtio.checksumStart(frame, this.#at);
    const place = start + virtio.checksumOffset(frame, this.#at);
    if (start < ip || place + 2 > end) return;
    const sum = ~checksum.sum(frame, start, end - start) & 0xffff;
    // 0 would say "no checksum" in UDP; its twin 0xffff is as good everywhere.
    frame.setUint16(place, sum === 0 ? 0xffff : sum);
  }
}

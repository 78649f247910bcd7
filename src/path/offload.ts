/**
 * What a router must know of offloads (wire/virtio.ts). A frame that is only passed on keeps its virtio header as it is, and
 * whoever puts it on a wire keeps the header's promises. Two things are ours: a super-frame is as large as the packets that it
 * will be cut into; and what we answer or quote must be a packet that could have come over a wire.
 */

import * as ipv4 from "../wire/ipv4.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as checksum from "../wire/checksum.ts";
import * as tcp from "../wire/tcp.ts";
import * as transport from "../wire/transport.ts";
import * as virtio from "../wire/virtio.ts";

export class Offload {
  readonly #frame: DataView;
  readonly #isOn: boolean;
  /** Where the frame in hand begins. Its header is right before. */
  #start = 0;

  constructor(isOn: boolean, frame: DataView) {
    this.#isOn = isOn;
    this.#frame = frame;
  }

  /** The frame in hand is the one that begins here, with its VLAN tag if it has one. */
  begin(at: number): void {
    this.#start = at;
  }

  /** The frame in hand is one of our own now, whole and with all its checksums. */
  clear(): void {
    if (this.#isOn) virtio.clear(this.#frame, this.#start - virtio.HEADER);
  }

  /** How large the packet at `ip`, of `total` octets, is on the wire. `upper` is where its transport header begins. */
  packetLength(ip: number, upper: number, total: number): number {
    if (!this.#isOn || !this.#isCut(upper, ip + total)) return total;
    return this.#segmentHeaders(ip, upper) + virtio.gsoSize(this.#frame, this.#start - virtio.HEADER);
  }

  /** Makes the packet at `ip` what it would be on the wire: the first one of a super-frame; with its checksum. */
  settle(ip: number, upper: number): void {
    if (!this.#isOn) return;
    const frame = this.#frame;
    const isV4 = ipv4.isVersion4(frame, ip);
    const total = isV4 ? ipv4.totalLength(frame, ip) : ipv6.totalLength(frame, ip);
    if (this.#isCut(upper, ip + total)) this.#cut(ip, upper, total, isV4);
    else if (virtio.needsChecksum(frame, this.#start - virtio.HEADER)) this.#sumUp(ip, total);
    this.clear();
  }

  /** Is it a super-frame, with room for the headers that all its packets repeat? */
  #isCut(upper: number, end: number): boolean {
    const header = this.#start - virtio.HEADER;
    if (virtio.isTcpSuperFrame(this.#frame, header)) return upper + tcp.HEADER <= end;
    return virtio.isUdpSuperFrame(this.#frame, header) && upper + transport.UDP_HEADER <= end;
  }

  /** Octets of each packet's headers, from the IP header on. */
  #segmentHeaders(ip: number, upper: number): number {
    const isTcp = virtio.isTcpSuperFrame(this.#frame, this.#start - virtio.HEADER);
    return upper - ip + (isTcp ? tcp.headerLength(this.#frame, upper) : transport.UDP_HEADER);
  }

  #cut(ip: number, upper: number, total: number, isV4: boolean): void {
    const frame = this.#frame;
    const header = this.#start - virtio.HEADER;
    const length = Math.min(total, this.#segmentHeaders(ip, upper) + virtio.gsoSize(frame, header));
    if (isV4) ipv4.setTotalLength(frame, ip, length);
    else ipv6.setTotalLength(frame, ip, length);
    const segment = length - (upper - ip);
    const isTcp = virtio.isTcpSuperFrame(frame, header);
    const protocol = isTcp ? ipv4.PROTOCOL_TCP : ipv4.PROTOCOL_UDP;
    const pseudoSum = isV4
      ? ipv4.pseudoHeaderSum(frame, ip, segment, protocol)
      : ipv6.pseudoHeaderSum(frame, ip, segment, protocol);
    if (!isTcp) return transport.finishUdp(frame, upper, segment, pseudoSum);
    if (length < total) tcp.setMoreToCome(frame, upper);
    tcp.setChecksum(frame, upper, segment, pseudoSum);
  }

  /** The sum of the pseudo-header stands where the checksum belongs, so summing up includes it. */
  #sumUp(ip: number, total: number): void {
    const frame = this.#frame;
    const header = this.#start - virtio.HEADER;
    const start = this.#start + virtio.checksumStart(frame, header);
    const place = start + virtio.checksumOffset(frame, header);
    const end = ip + total;
    if (start < ip || place + 2 > end) return;
    const sum = ~checksum.sum(frame, start, end - start) & 0xffff;
    // 0 would say "no checksum" in UDP; its twin 0xffff is as good everywhere.
    frame.setUint16(place, sum === 0 ? 0xffff : sum);
  }
}

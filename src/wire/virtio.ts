/**
 * What stands before each frame of a TAP with offloads: struct virtio_net_hdr, Virtual I/O Device 1.2 section 5.1.6 and
 * include/uapi/linux/virtio_net.h. Little-endian, unlike all that follows it.
 *
 *      0       1          2                4                6                8                10
 *     +-------+----------+----------------+----------------+----------------+----------------+------
 *     | flags | GSO type | header length  | GSO size       | checksum start | checksum place | frame
 *     +-------+----------+----------------+----------------+----------------+----------------+------
 *
 * Two things may be left to do, for whoever puts the frame on a wire:
 *
 * - NEEDS_CSUM: the transport checksum is not there yet. In its place, `checksum start + checksum place` from the frame's start,
 *   is the sum of the pseudo-header; the checksum is that of all octets from `checksum start` on.
 * - a GSO type: the frame is a *super-frame*, up to 64 KiB that will be cut into packets of `GSO size` octets of payload each.
 *
 * Ten octets put the IP header behind the Ethernet header on a multiple of four.
 */

export const HEADER = 10;

const FLAGS = 0;
const GSO_TYPE = 1;
const GSO_SIZE = 4;
const CHECKSUM_START = 6;
const CHECKSUM_OFFSET = 8;

const NEEDS_CSUM = 1;

const GSO_NONE = 0;
/** A bit beside the type: the segments are ECN-capable. */
const GSO_ECN = 0x80;
const GSO_TCPV4 = 1;
const GSO_TCPV6 = 4;
/** UDP datagrams of equal size. */
const GSO_UDP_L4 = 5;

export function needsChecksum(frame: DataView, at: number): boolean {
  return (frame.getUint8(at + FLAGS) & NEEDS_CSUM) !== 0;
}

export function isSuperFrame(frame: DataView, at: number): boolean {
  return frame.getUint8(at + GSO_TYPE) !== GSO_NONE;
}

export function isTcpSuperFrame(frame: DataView, at: number): boolean {
  const type = frame.getUint8(at + GSO_TYPE) & ~GSO_ECN;
  return type === GSO_TCPV4 || type === GSO_TCPV6;
}

export function isUdpSuperFrame(frame: DataView, at: number): boolean {
  return (frame.getUint8(at + GSO_TYPE) & ~GSO_ECN) === GSO_UDP_L4;
}

/** Octets of payload in each packet of a super-frame. */
export function gsoSize(frame: DataView, at: number): number {
  return frame.getUint16(at + GSO_SIZE, true);
}

/** From the frame's start. */
export function checksumStart(frame: DataView, at: number): number {
  return frame.getUint16(at + CHECKSUM_START, true);
}

/** From `checksumStart`. */
export function checksumOffset(frame: DataView, at: number): number {
  return frame.getUint16(at + CHECKSUM_OFFSET, true);
}

/** The header of a frame that is whole and promises nothing. */
export function clear(frame: DataView, at: number): void {
  frame.setInt32(at, 0);
  frame.setInt32(at + 4, 0);
  frame.setUint16(at + 8, 0);
}

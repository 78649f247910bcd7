/** A TCP segment as it stands in a frame, as far as the properties look at it. One is read again and again, so nothing is made for a frame. */

const ETHERNET = 14;
const TCP = 6;

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const ACK = 0x10;

export class Segment {
  /** The last four octets, which differ from machine to machine in a scene: int32. */
  src = 0;
  dst = 0;
  srcPort = 0;
  dstPort = 0;
  sequence = 0;
  acknowledgment = 0;
  flags = 0;
  /** Octets that it carries; SYN and FIN count none. */
  length = 0;

  /** False where the frame has no whole TCP header in a first fragment. */
  read(octets: Uint8Array, frameLength: number): boolean {
    const version = octets[12] === 0x08 && octets[13] === 0x00
      ? 4
      : octets[12] === 0x86 && octets[13] === 0xdd
      ? 6
      : 0;
    if (version === 4) return this.#readIpv4(octets, frameLength);
    return version === 6 && this.#readIpv6(octets, frameLength);
  }

  #readIpv4(octets: Uint8Array, frameLength: number): boolean {
    if (octets[ETHERNET + 9] !== TCP || frameLength < ETHERNET + 40) return false;
    const isLater = ((octets[ETHERNET + 6]! & 0x1f) | octets[ETHERNET + 7]!) !== 0;
    if (isLater) return false;
    const header = (octets[ETHERNET]! & 0xf) * 4;
    const total = (octets[ETHERNET + 2]! << 8) | octets[ETHERNET + 3]!;
    this.src = word(octets, ETHERNET + 12);
    this.dst = word(octets, ETHERNET + 16);
    return this.#readTcp(octets, ETHERNET + header, total - header, frameLength);
  }

  #readIpv6(octets: Uint8Array, frameLength: number): boolean {
    if (octets[ETHERNET + 6] !== TCP || frameLength < ETHERNET + 60) return false;
    const payload = (octets[ETHERNET + 4]! << 8) | octets[ETHERNET + 5]!;
    this.src = word(octets, ETHERNET + 20);
    this.dst = word(octets, ETHERNET + 36);
    return this.#readTcp(octets, ETHERNET + 40, payload, frameLength);
  }

  #readTcp(octets: Uint8Array, at: number, room: number, frameLength: number): boolean {
    if (at + 20 > frameLength) return false;
    this.srcPort = (octets[at]! << 8) | octets[at + 1]!;
    this.dstPort = (octets[at + 2]! << 8) | octets[at + 3]!;
    this.sequence = word(octets, at + 4);
    this.acknowledgment = word(octets, at + 8);
    this.flags = octets[at + 13]!;
    this.length = room - (octets[at + 12]! >>> 4) * 4;
    return true;
  }
}

/** The last four octets of an address, int32. */
export function lastWord(octets: Uint8Array): number {
  return word(octets, octets.length - 4);
}

function word(octets: Uint8Array, at: number): number {
  return (octets[at]! << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!;
}

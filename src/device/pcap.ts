/**
 * Frames out of a capture file, classic pcap as `tcpdump -w` writes it: draft-ietf-opsawg-pcap.
 *
 *     file     | magic | version | two reserved words | snapshot length | link type |      24 octets
 *     record   | seconds | fraction | captured length | length on the wire |               16 octets, then the frame
 *
 * The magic tells the order of the octets in all header words, and whether the fraction counts microseconds or nanoseconds.
 */

const FILE_HEADER = 24;
const LINK_TYPE = 20;
const RECORD_HEADER = 16;
const CAPTURED = 8;

const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
const PCAPNG = 0x0a0d0d0a;

/** LINKTYPE_ETHERNET. The upper bits of the word say how long the frame check sequence is. */
const ETHERNET = 1;
const LINK_TYPE_MASK = 0xffff;

/**
 * The frames of a capture, oldest first, as they were captured: one that was longer than the snapshot length is cut. They are
 * views on `octets`. Throws Error when the file is no classic pcap, its frames are not Ethernet, or its end is missing.
 */
export function readPcap(octets: Uint8Array): Uint8Array[] {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  if (octets.length < FILE_HEADER) {
    throw new Error(`A pcap file begins with ${FILE_HEADER} octets of header, found ${octets.length}`);
  }
  const isLittle = isLittleEndian(view);
  const linkType = view.getUint32(LINK_TYPE, isLittle) & LINK_TYPE_MASK;
  if (linkType !== ETHERNET) {
    throw new Error(`The capture has link type ${linkType}, use one of an Ethernet interface (link type 1)`);
  }
  const frames: Uint8Array[] = [];
  for (let at = FILE_HEADER; at < octets.length;) {
    const begin = at + RECORD_HEADER;
    const end = begin <= octets.length ? begin + view.getUint32(at + CAPTURED, isLittle) : begin;
    if (end > octets.length) {
      throw new Error(
        `The capture ends within frame ${frames.length + 1}: ${end - octets.length} octets are missing`,
      );
    }
    frames.push(octets.subarray(begin, end));
    at = end;
  }
  return frames;
}

function isLittleEndian(view: DataView): boolean {
  for (const isLittle of [false, true]) {
    const magic = view.getUint32(0, isLittle);
    if (magic === MICROSECONDS || magic === NANOSECONDS) return isLittle;
  }
  const magic = view.getUint32(0);
  const found = magic === PCAPNG ? "pcapng" : `0x${magic.toString(16).padStart(8, "0")}`;
  throw new Error(
    `A pcap file begins with 0xa1b2c3d4 or 0xa1b23c4d, found ${found}, convert it with editcap -F pcap`,
  );
}

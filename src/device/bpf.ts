/**
 * Programs of the classic packet filter, by which the kernel tells what a socket is given
 * (Documentation/networking/filter.rst). An instruction is a struct sock_filter:
 *
 *      0      2    3    4          8
 *     +------+----+----+----------+
 *     | code | jt | jf |    k     |    jt, jf: how many instructions to leap over
 *     +------+----+----+----------+
 *
 * A program is a list of parts, each of which goes on with the next. Offsets count from the Ethernet header; what is not in
 * the frame makes the kernel leave it out.
 */

type Instruction = readonly [code: number, jt: number, jf: number, k: number];
export type Part = readonly Instruction[];

const LOAD_WORD = 0x20;
const LOAD_HALF_WORD = 0x28;
const LOAD_OCTET = 0x30;
/** From the register X on. */
const LOAD_OCTET_BEHIND = 0x50;
/** Into X: four times the lower half of the octet there, as IPv4 says its header's length. */
const LOAD_HEADER_LENGTH = 0xb1;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_ANY_BIT = 0x45;
const RETURN = 0x06;

const WHOLE = 0xffff;
const TAKE: Instruction = [RETURN, 0, 0, WHOLE];
const LEAVE: Instruction = [RETURN, 0, 0, 0];

const SIZE = 8;

/** Leaves out every frame whose octet there is none of these. */
export function needOctet(offset: number, ...values: readonly number[]): Part {
  return [
    [LOAD_OCTET, 0, 0, offset],
    ...values.map((value, index): Instruction => [JUMP_IF_EQUAL, values.length - index, 0, value]),
    LEAVE,
  ];
}

/** Takes a frame whose four octets there are one of these words. */
export function takeWord(offset: number, words: readonly number[]): Part {
  return [
    [LOAD_WORD, 0, 0, offset],
    ...words.flatMap((word): Instruction[] => [[JUMP_IF_EQUAL, 0, 1, word], TAKE]),
  ];
}

/**
 * Takes every frame, but of TCP only the segments that begin or end a connection: those with SYN, FIN or RST. So bulk data does not crowd
 * them out.
 */
export function takeAllButTcpData(): Part {
  const [ipv4, ipv6, tcp] = [0x0800, 0x86dd, 6];
  const finSynRst = 0x07;
  return [
    [LOAD_HALF_WORD, 0, 0, 12],
    [JUMP_IF_EQUAL, 0, 7, ipv4],
    [LOAD_OCTET, 0, 0, 23],
    [JUMP_IF_EQUAL, 0, 10, tcp],
    [LOAD_HALF_WORD, 0, 0, 20],
    [JUMP_IF_ANY_BIT, 9, 0, 0x1fff], // A fragment that is not the first.
    [LOAD_HEADER_LENGTH, 0, 0, 14],
    [LOAD_OCTET_BEHIND, 0, 0, 14 + 13],
    [JUMP_IF_ANY_BIT, 5, 6, finSynRst],
    [JUMP_IF_EQUAL, 0, 4, ipv6],
    [LOAD_OCTET, 0, 0, 20],
    [JUMP_IF_EQUAL, 0, 2, tcp],
    [LOAD_OCTET, 0, 0, 54 + 13],
    [JUMP_IF_ANY_BIT, 0, 1, finSynRst],
    TAKE,
    LEAVE,
  ];
}

/** The program, which leaves out what no part has taken. Host byte order, little-endian. */
export function program(...parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const instructions = [...parts.flat(), LEAVE];
  const octets = new Uint8Array(new ArrayBuffer(instructions.length * SIZE));
  const view = new DataView(octets.buffer);
  for (const [index, [code, jt, jf, k]] of instructions.entries()) {
    view.setUint16(index * SIZE, code, true);
    view.setUint8(index * SIZE + 2, jt);
    view.setUint8(index * SIZE + 3, jf);
    view.setUint32(index * SIZE + 4, k, true);
  }
  return octets;
}

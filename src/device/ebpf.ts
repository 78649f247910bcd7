/**
 * Programs of the extended packet filter that run in the kernel (Documentation/bpf/standardization/instruction-set.rst). An
 * instruction is a struct bpf_insn:
 *
 *      0      1           2        4          8
 *     +------+-----------+--------+----------+
 *     | code | src | dst | offset |   imm    |    offset: how many instructions to leap over
 *     +------+-----------+--------+----------+
 *
 * Registers are r0, the result, to r10. r1 is what the program is called with, for a packet a struct __sk_buff; loads from the
 * packet want it in r6, destroy r1 to r5, and end the program with result 0 when the packet is too short.
 */

import { libc } from "./libc.ts";

export type Instruction = readonly [code: number, registers: number, offset: number, imm: number];

const SIZE = 8;

/** The size of a load, in its code. */
export const OCTET = 0x10;
export const HALF = 0x08;
export const WORD = 0x00;

const registers = (dst: number, src = 0) => src << 4 | dst;

/** r0 = the packet's octets there, in the order of numbers. Offsets count from the Ethernet header. */
export const loadPacket = (size: number, offset: number): Instruction => [0x20 | size, 0, 0, offset];
/** dst = the word there in what src points to. */
export const loadWord = (dst: number, src: number, offset: number): Instruction => [
  0x61,
  registers(dst, src),
  offset,
  0,
];
export const set = (dst: number, imm: number): Instruction => [0xb7, registers(dst), 0, imm];
export const copy = (dst: number, src: number): Instruction => [0xbf, registers(dst, src), 0, 0];
export const xor = (dst: number, src: number): Instruction => [0xaf, registers(dst, src), 0, 0];
export const and = (dst: number, imm: number): Instruction => [0x57, registers(dst), 0, imm];
export const multiply = (dst: number, imm: number): Instruction => [0x27, registers(dst), 0, imm];
/** Of the lower 32 bits; the upper ones are 0 then. */
export const multiply32 = (dst: number, imm: number): Instruction => [0x24, registers(dst), 0, imm];
export const shiftRight = (dst: number, bits: number): Instruction => [0x77, registers(dst), 0, bits];
export const leap = (over: number): Instruction => [0x05, 0, over, 0];
export const leapIfEqual = (dst: number, imm: number, over: number): Instruction => [
  0x15,
  registers(dst),
  over,
  imm,
];
export const leapIfNot = (dst: number, imm: number, over: number): Instruction => [
  0x55,
  registers(dst),
  over,
  imm,
];
/** Numbers without sign. */
export const leapIfLess = (dst: number, imm: number, over: number): Instruction => [
  0xa5,
  registers(dst),
  over,
  imm,
];
/** The program's end; its result is r0. */
export const EXIT: Instruction = [0x95, 0, 0, 0];

/** Octets of a program, host byte order, little-endian. */
export function assemble(instructions: readonly Instruction[]): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(new ArrayBuffer(instructions.length * SIZE));
  const view = new DataView(octets.buffer);
  for (const [index, [code, registers, offset, imm]] of instructions.entries()) {
    view.setUint8(index * SIZE, code);
    view.setUint8(index * SIZE + 1, registers);
    view.setInt16(index * SIZE + 2, offset, true);
    view.setInt32(index * SIZE + 4, imm, true);
  }
  return octets;
}

const PROG_LOAD = 5;
const SOCKET_FILTER = 1;
/** The part of union bpf_attr that is used: type (4), count (4), where the program is (8) and its licence (8), and more (24). */
const ATTRIBUTES = 48;

/**
 * Has the kernel check a program that looks at packets. Its descriptor, to be closed; negative when the kernel refuses, as it
 * does without CAP_BPF.
 */
export function load(program: Uint8Array<ArrayBuffer>): number {
  const attributes = new Uint8Array(new ArrayBuffer(ATTRIBUTES));
  const licence = new Uint8Array(new ArrayBuffer(1));
  const view = new DataView(attributes.buffer);
  view.setUint32(0, SOCKET_FILTER, true);
  view.setUint32(4, program.length / SIZE, true);
  view.setBigUint64(8, libc.addressOf(program), true);
  view.setBigUint64(16, libc.addressOf(licence), true);
  return libc.bpf(PROG_LOAD, attributes, attributes.length);
}

/** The client's hash: jhash over its address, as table/hash.ts computes it (include/linux/jhash.h). Octets are taken as they stand in the packet. */

import {
  add32,
  and32,
  type Item,
  load,
  move32,
  or32,
  type Register,
  remark,
  shiftLeft32,
  shiftRight32,
  subtract32,
  xor32,
} from "../assembler/instructions.ts";
import { HASH4, HASH6, MASK4, MASK6 } from "./places.ts";
import { CLUSTER, FRAME, OWNER } from "./registers.ts";

const A = "r1";
const B = "r2";
const C = "r3";
/** For what passes. */
const T = "r4";
const U = "r5";

export function hash4(src: number): Item[] {
  return [
    remark("The client's hash: jhash of four octets."),
    ...word(A, src, MASK4),
    load(32, B, CLUSTER, HASH4),
    add32(A, B),
    move32(C, B),
    ...final(),
    move32(OWNER, C),
  ];
}

export function hash6(src: number): Item[] {
  return [
    remark("The client's hash: jhash of sixteen octets."),
    load(32, OWNER, CLUSTER, HASH6),
    ...([A, B, C] as const).flatMap((
      to,
      index,
    ) => [...word(to, src + index * 4, MASK6 + index * 4), add32(to, OWNER)]),
    ...mix(A, C, 4, B),
    ...mix(B, A, 6, C),
    ...mix(C, B, 8, A),
    ...mix(A, C, 16, B),
    ...mix(B, A, 19, C),
    ...mix(C, B, 4, A),
    ...word(OWNER, src + 12, MASK6 + 12),
    add32(A, OWNER),
    ...final(),
    move32(OWNER, C),
  ];
}

/** to = the word of the client's address there, as far as the mask goes. */
function word(to: Register, at: number, mask: number): Item[] {
  return [load(32, to, FRAME, at), load(32, T, CLUSTER, mask), and32(to, T)];
}

/** A step of __jhash_mix: x -= y; x ^= rol32(y, n); y += z. */
function mix(x: Register, y: Register, n: number, z: Register): Item[] {
  return [subtract32(x, y), ...rotated(y, n), xor32(x, T), add32(y, z)];
}

/** __jhash_final */
function final(): Item[] {
  const step = (x: Register, y: Register, n: number) => [xor32(x, y), ...rotated(y, n), subtract32(x, T)];
  return [
    ...step(C, B, 14),
    ...step(A, C, 11),
    ...step(B, A, 25),
    ...step(C, B, 16),
    ...step(A, C, 4),
    ...step(B, A, 14),
    ...step(C, B, 24),
  ];
}

/** T = rol32(from, n) */
function rotated(from: Register, n: number): Item[] {
  return [move32(T, from), shiftLeft32(T, n), move32(U, from), shiftRight32(U, 32 - n), or32(T, U)];
}

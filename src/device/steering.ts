/**
 * Which queue of a TAP the kernel puts a frame into. ARP and neighbor discovery get the last one for themselves, so that no flood
 * of data stands before them or pushes them out; flows share the others.
 *
 *     queue 0 ... n-1    data, by source address and ports
 *     queue n            the neighbor queue: ARP, ICMPv6 types 133 to 137 (RFC 4861)
 *
 * The tag of a VLAN is not in the frame yet when this is decided. What is not recognised is data, and loses nothing by it.
 */

import {
  and,
  assemble,
  copy,
  EXIT,
  HALF,
  type Instruction,
  leap,
  leapIfEqual,
  leapIfLess,
  leapIfNot,
  load,
  loadPacket,
  loadWord,
  multiply,
  multiply32,
  OCTET,
  set,
  shiftRight,
  WORD,
  xor,
} from "./ebpf.ts";
import { libc } from "./libc.ts";

const TUNSETSTEERINGEBPF = 0x800454e0;
const NO_PROGRAM = -1;

/** Where the word of struct __sk_buff is that has the Ethernet type, in network order. */
const PROTOCOL = 16;
const ARP = 0x0608;
const IPV4 = 0x0008;
const IPV6 = 0xdd86;

const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;
const FIRST_DISCOVERY = 133;
const LAST_DISCOVERY = 137;

/** Spreads whatever differs over the upper bits: 2^32 divided by the golden ratio. */
const GOLDEN = 0x9e3779b1 | 0;

/** The address and, when the protocol in r0 has them, the ports there: into r8. */
const addPorts = (at: number): Instruction[] => [
  leapIfEqual(0, TCP, 1),
  leapIfNot(0, UDP, 2),
  loadPacket(WORD, at),
  xor(8, 0),
];
const addWords = (...offsets: readonly number[]): Instruction[] =>
  offsets.flatMap((at) => [loadPacket(WORD, at), xor(8, 0)]);

/** Only a packet without options, and no fragment, has its ports there. */
const HASH_IPV4: readonly Instruction[] = [
  ...addWords(26),
  loadPacket(OCTET, 14),
  leapIfNot(0, 0x45, 8),
  loadPacket(HALF, 20),
  and(0, 0x3fff),
  leapIfNot(0, 0, 5),
  loadPacket(OCTET, 23),
  ...addPorts(34),
];
const HASH_IPV6: readonly Instruction[] = [
  ...addWords(22, 26, 30, 34),
  loadPacket(OCTET, 20),
  ...addPorts(54),
];

/** Returns the number of the queue, with `queues` for data. */
export function steeringProgram(queues: number): Uint8Array<ArrayBuffer> {
  const toNeighbors: readonly Instruction[] = [set(0, queues), EXIT];
  const discovery: readonly Instruction[] = [
    loadPacket(OCTET, 20),
    leapIfNot(0, ICMPV6, 3 + toNeighbors.length),
    loadPacket(OCTET, 54),
    leapIfLess(0, FIRST_DISCOVERY, 1 + toNeighbors.length),
    leapIfLess(0, LAST_DISCOVERY + 1, 1),
    leap(toNeighbors.length),
    ...toNeighbors,
  ];
  return assemble([
    copy(6, 1),
    loadWord(7, 6, PROTOCOL),
    leapIfNot(7, ARP, toNeighbors.length),
    ...toNeighbors,
    leapIfNot(7, IPV6, discovery.length),
    ...discovery,
    ...(queues === 1 ? [set(0, 0)] : share(queues)),
    EXIT,
  ]);
}

/** r0 = one of so many queues, the same for all packets of a flow. */
function share(queues: number): Instruction[] {
  return [
    set(8, 0),
    leapIfNot(7, IPV4, HASH_IPV4.length),
    ...HASH_IPV4,
    leapIfNot(7, IPV6, HASH_IPV6.length),
    ...HASH_IPV6,
    multiply32(8, GOLDEN),
    copy(0, 8),
    multiply(0, queues),
    shiftRight(0, 32),
  ];
}

/** The program's descriptor, or negative when the kernel refuses it. */
export function loadSteering(queues: number): number {
  return load(steeringProgram(queues));
}

/** Lets a loaded program choose the queue of each frame for a TAP, by one of its queues. False when the kernel knows no such thing. */
export function steer(tap: number, program: number): boolean {
  return libc.ioctl(tap, TUNSETSTEERINGEBPF, new Uint8Array(Int32Array.of(program).buffer)) >= 0;
}

/** Lets the kernel choose by itself again. */
export function steerNoMore(tap: number): void {
  steer(tap, NO_PROGRAM);
}

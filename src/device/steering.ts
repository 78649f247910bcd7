/**
 * Which queue of a TAP the kernel puts a frame into. ARP and neighbor discovery get the last one for themselves, so that no flood
 * of data stands before them or pushes them out; flows share the others.
 *
 *     queue 0 ... n-1    data, by source address and ports
 *     queue n            the neighbor queue: ARP, ICMPv6 types 133 to 137 (RFC 4861), VRRP that has crossed no router (RFC 9568)
 *
 * The tag of a VLAN is not in the frame yet when this is decided. What is not recognised is data, and loses nothing by it.
 */

import { assemble } from "../kernel/assembler/assemble.ts";
import {
  and,
  exit,
  goto,
  type Item,
  label,
  load,
  loadPacket,
  move,
  multiply,
  multiply32,
  shiftRight,
  when,
  xor,
} from "../kernel/assembler/instructions.ts";
import { BpfError, loadProgram, SOCKET_FILTER } from "./ebpf.ts";
import { libc } from "./libc.ts";

const TUNSETSTEERINGEBPF = 0x800454e0;
const NO_PROGRAM = -1;

/** Where struct __sk_buff has the Ethernet type, in network order. */
const PROTOCOL = 16;
const ARP = 0x0608;
const IPV4 = 0x0008;
const IPV6 = 0xdd86;

const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;
const FIRST_DISCOVERY = 133;
const LAST_DISCOVERY = 137;

/** Two octets that stand beside each other: in IPv4 the TTL and the protocol, in IPv6 the next header and the hop limit. */
const VRRP4 = 0xff70;
const VRRP6 = 0x70ff;

/** Spreads whatever differs over the upper bits: 2^32 divided by the golden ratio. */
const GOLDEN = 0x9e3779b1 | 0;

const CONTEXT = "r6";
const TYPE = "r7";
const MIXED = "r8";

/** The program, whose result is the number of the queue, with `queues` for data. */
function program(queues: number): Item[] {
  return [
    move(CONTEXT, "r1"),
    load(32, TYPE, CONTEXT, PROTOCOL),
    when(TYPE, "==", ARP, "neighbors"),
    when(TYPE, "==", IPV6, "ipv6_packet"),
    when(TYPE, "!=", IPV4, "data"),
    loadPacket(16, 22),
    when("r0", "==", VRRP4, "neighbors"),
    goto("data"),
    label("ipv6_packet"),
    loadPacket(16, 20),
    when("r0", "==", VRRP6, "neighbors"),
    loadPacket(8, 20),
    when("r0", "!=", ICMPV6, "data"),
    loadPacket(8, 54),
    when("r0", "<", FIRST_DISCOVERY, "data"),
    when("r0", ">", LAST_DISCOVERY, "data"),
    label("neighbors"),
    move("r0", queues),
    exit,
    label("data"),
    ...(queues === 1 ? [move("r0", 0)] : share(queues)),
    exit,
  ];
}

/** r0 = one of so many queues, the same for all packets of a flow. */
function share(queues: number): Item[] {
  return [
    move(MIXED, 0),
    when(TYPE, "==", IPV4, "ipv4"),
    when(TYPE, "!=", IPV6, "mixed"),
    ...[22, 26, 30, 34].flatMap(mixWord),
    loadPacket(8, 20),
    ...mixPorts(54, "ipv6"),
    goto("mixed"),
    label("ipv4"),
    ...mixWord(26),
    // Only a packet without options, and no fragment, has its ports there.
    loadPacket(8, 14),
    when("r0", "!=", 0x45, "mixed"),
    loadPacket(16, 20),
    and("r0", 0x3fff),
    when("r0", "!=", 0, "mixed"),
    loadPacket(8, 23),
    ...mixPorts(34, "ipv4"),
    label("mixed"),
    multiply32(MIXED, GOLDEN),
    move("r0", MIXED),
    multiply("r0", queues),
    shiftRight("r0", 32),
  ];
}

const mixWord = (at: number): Item[] => [loadPacket(32, at), xor(MIXED, "r0")];

/** The ports there, when the protocol in r0 has some. */
const mixPorts = (at: number, name: string): Item[] => [
  when("r0", "==", TCP, `${name}_ports`),
  when("r0", "!=", UDP, "mixed"),
  label(`${name}_ports`),
  ...mixWord(at),
];

/** The program's descriptor, or negative when the kernel refuses it, as it does without CAP_BPF. */
export function loadSteering(queues: number): number {
  try {
    return loadProgram(SOCKET_FILTER, assemble(program(queues)));
  } catch (error) {
    if (error instanceof BpfError) return -1;
    throw error;
  }
}

/** Lets a loaded program choose the queue of each frame for a TAP, by one of its queues. False when the kernel knows no such thing. */
export function steer(tap: number, program: number): boolean {
  return libc.ioctl(tap, TUNSETSTEERINGEBPF, new Uint8Array(Int32Array.of(program).buffer)) >= 0;
}

/** Lets the kernel choose by itself again. */
export function steerNoMore(tap: number): void {
  steer(tap, NO_PROGRAM);
}

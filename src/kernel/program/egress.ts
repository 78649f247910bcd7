/**
 * The frame leaves: not larger than the way ahead, to a neighbor that is known and has not sent it; one hop less, both MACs, counted
 * (IpPath and Egress, path/). Up to the last question nothing is written.
 */

import * as ethernet from "../../wire/ethernet.ts";
import * as ipv4 from "../../wire/ipv4.ts";
import * as ipv6 from "../../wire/ipv6.ts";
import * as protocol from "../../wire/protocol.ts";
import * as tcp from "../../wire/tcp.ts";
import * as transport from "../../wire/transport.ts";
import type { Plan } from "../../path/plan.ts";
import {
  add,
  and,
  bigEndian,
  call,
  exit,
  goto,
  type Item,
  label,
  load,
  mapOf,
  move,
  or,
  remark,
  shiftLeft,
  shiftRight,
  store,
  subtract32,
  valueOf,
  when,
  when32,
} from "../assembler/instructions.ts";
import { INDEX, type Places } from "./places.ts";
import { macHalf, macWord } from "./network_order.ts";
import { passedUp } from "./passed_up.ts";
import {
  CLUSTER,
  CONTEXT,
  DATA_END,
  FRAME,
  GSO_SIZE,
  IFINDEX,
  KEY,
  LENGTH,
  OWNER,
  PROTOCOL,
  STACK,
  TOTAL_LENGTH,
  UPPER,
  VLAN_PRESENT,
} from "./registers.ts";

const IP = ethernet.HEADER;
const UPPER4 = IP + ipv4.HEADER;
const UPPER6 = IP + ipv6.HEADER;

/** Where the frame goes: to the ingress of the interface that it leaves by, or out of the one that it came in by. */
export const TO_INGRESS = 1;
export const TO_EGRESS = 0;

export function egress(plan: Plan, where: Places, direction: typeof TO_INGRESS | typeof TO_EGRESS): Item[] {
  return [
    ...size(plan, where),
    ...neighbor(where),
    ...oneHopLess(),
    remark("Both MACs: the backend's in r2 and r3, and ours."),
    store(16, FRAME, 0, "r2"),
    store(32, FRAME, 2, "r3"),
    store(16, FRAME, 6, macHalf(plan.mac)),
    store(32, FRAME, 8, macWord(plan.mac)),
    ...count(),
    remark(
      direction === TO_INGRESS
        ? "As if the dispatcher had written it to its device."
        : "Out again where it came in.",
    ),
    load(32, "r1", CONTEXT, IFINDEX),
    move("r2", direction),
    call("redirect"),
    exit,
  ];
}

/** Of a super-frame the packets count that it will be cut into (VirtioHeader.lengthOnWire, path/virtio_header.ts). */
function size(plan: Plan, where: Places): Item[] {
  return [
    remark("Not larger than the way ahead: the packet, or those that a super-frame is cut into."),
    move("r1", OWNER),
    shiftLeft("r1", 2),
    valueOf("r2", "plan", where.mtus),
    add("r2", "r1"),
    load(32, "r2", "r2", 0),
    load(32, "r1", STACK, TOTAL_LENGTH),
    when32("r1", "<=", "r2", "fits"),
    ...(plan.offloads ? superFrame() : [goto(passedUp("too_big"))]),
    label("fits"),
  ];
}

/** r1: octets of the packet, r2: the MTU. */
function superFrame(): Item[] {
  return [
    load(32, "r3", CONTEXT, GSO_SIZE),
    when32("r3", "==", 0, passedUp("too_big")),
    load(32, "r4", STACK, UPPER),
    load(32, "r5", STACK, PROTOCOL),
    when32("r5", "==", protocol.TCP, "tcp"),
    when32("r5", "!=", protocol.UDP, passedUp("too_big")),
    add("r4", transport.UDP_HEADER - IP),
    goto("headers"),
    label("tcp"),
    // The length of TCP's header is in the upper half of its thirteenth octet, RFC 9293 section 3.1.
    load(32, "r5", CONTEXT, DATA_END),
    when32("r4", "==", UPPER6, "tcp6"),
    ...tcpHeader(UPPER4),
    goto("tcp_length"),
    label("tcp6"),
    ...tcpHeader(UPPER6),
    label("tcp_length"),
    when32("r1", "<", "r5", passedUp("too_big")),
    label("headers"),
    add("r4", "r3"),
    when32("r4", ">", "r2", passedUp("too_big")),
  ];
}

/** r4 = octets of the headers, r5 = the least that a packet with them has. */
function tcpHeader(upper: number): Item[] {
  return [
    move("r4", FRAME),
    add("r4", upper + 13),
    when("r4", ">", "r5", passedUp("too_big")),
    load(8, "r4", FRAME, upper + 12),
    shiftRight("r4", 4),
    shiftLeft("r4", 2),
    add("r4", upper - IP),
    move("r5", upper - IP + tcp.HEADER),
  ];
}

/** Leaves its MAC in r2 and r3 as it stands in a frame. */
function neighbor({ table }: Places): Item[] {
  return [
    remark("A neighbor that is known: neither unresolved, 0 and 0, nor failed, less than 0."),
    move("r1", OWNER),
    shiftLeft("r1", 3),
    add("r1", "r0"),
    load(32, "r2", "r1", table.macs),
    load(32, "r3", "r1", table.macs + 4),
    when32("r2", "s<", 0, passedUp("neighbor")),
    move("r1", "r2"),
    or("r1", "r3"),
    when32("r1", "==", 0, passedUp("neighbor")),
    bigEndian("r2", 16),
    bigEndian("r3", 32),
    remark("Not the one that has sent it."),
    load(16, "r1", FRAME, 6),
    when32("r1", "!=", "r2", "no_loop"),
    load(32, "r1", FRAME, 8),
    when32("r1", "==", "r3", passedUp("loop")),
    label("no_loop"),
  ];
}

/** IPv4's checksum is patched as in wire/ipv4.ts, RFC 1624: it grows by 0x0100, and by one more where that carries. */
function oneHopLess(): Item[] {
  return [
    remark("One hop less."),
    load(32, "r1", STACK, UPPER),
    when32("r1", "==", UPPER6, "one_hop_less6"),
    load(8, "r1", FRAME, IP + 8),
    subtract32("r1", 1),
    store(8, FRAME, IP + 8, "r1"),
    load(16, "r1", FRAME, IP + 10),
    bigEndian("r1", 16),
    add("r1", 0x0100),
    when32("r1", "<", 0xffff, "checksum"),
    add("r1", 1),
    label("checksum"),
    and("r1", 0xffff),
    bigEndian("r1", 16),
    store(16, FRAME, IP + 10, "r1"),
    goto("rewritten"),
    label("one_hop_less6"),
    load(8, "r1", FRAME, IP + 7),
    subtract32("r1", 1),
    store(8, FRAME, IP + 7, "r1"),
    label("rewritten"),
  ];
}

/** Frames and octets, by neighbor and by cluster; a tag that the kernel keeps beside the frame is of it. */
function count(): Item[] {
  return [
    remark("Counted."),
    load(32, FRAME, CONTEXT, LENGTH),
    load(32, "r1", CONTEXT, VLAN_PRESENT),
    when32("r1", "==", 0, "octets"),
    add(FRAME, ethernet.TAG),
    label("octets"),
    ...countTo("to_neighbor"),
    load(32, OWNER, CLUSTER, INDEX),
    ...countTo("to_cluster"),
  ];
}

/** One frame more to OWNER, and as many octets as FRAME says: the frame itself is done. */
function countTo(map: "to_neighbor" | "to_cluster"): Item[] {
  return [
    store(32, STACK, KEY, OWNER),
    mapOf("r1", map),
    move("r2", STACK),
    add("r2", KEY),
    call("map_lookup_elem"),
    when("r0", "==", 0, `counted_${map}`),
    load(64, "r1", "r0", 0),
    add("r1", 1),
    store(64, "r0", 0, "r1"),
    load(64, "r1", "r0", 8),
    add("r1", FRAME),
    store(64, "r0", 8, "r1"),
    label(`counted_${map}`),
  ];
}

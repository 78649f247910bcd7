/** The IPv4 packet, RFC 791: what Packet.readIpv4 and Ipv4Path ask of it (path/), as far as it is a plain one. */

import * as ethernet from "../../wire/ethernet.ts";
import * as ipv4 from "../../wire/ipv4.ts";
import * as protocol from "../../wire/protocol.ts";
import {
  add,
  and,
  bigEndian,
  type Item,
  label,
  load,
  move,
  remark,
  shiftRight,
  store,
  subtract,
  when,
  when32,
} from "../assembler/instructions.ts";
import type { Places } from "./places.ts";
import { cluster, look4 } from "./addresses.ts";
import { hash4 } from "./client_hash.ts";
import { network16 } from "./network_order.ts";
import { passedUp } from "./passed_up.ts";
import { ports } from "./ports.ts";
import {
  CONTEXT,
  DATA_END,
  FRAME,
  HEADERS_IPV4,
  LENGTH,
  PROTOCOL,
  STACK,
  TOTAL_LENGTH,
  UPPER,
} from "./registers.ts";

const IP = ethernet.HEADER;
const UPPER_AT = IP + ipv4.HEADER;

/** Version 4, header of five words: no options. */
const PLAIN = 0x45;

/** Goes on behind, with the cluster and the client's hash. */
export function ipv4Packet(where: Places): Item[] {
  return [
    label("ipv4"),
    ...header(),
    ...addresses(where),
    ...ports(where, UPPER_AT, IP + 9, "ipv4"),
    ...hash4(IP + ipv4.SRC),
  ];
}

function header(): Item[] {
  return [
    remark("IPv4: RFC 1812 section 5.2.2, version, lengths, header checksum."),
    move("r3", FRAME),
    add("r3", HEADERS_IPV4),
    load(32, "r2", CONTEXT, DATA_END),
    when("r3", ">", "r2", passedUp("packet")),
    load(8, "r1", FRAME, IP),
    when32("r1", "!=", PLAIN, passedUp("packet")),
    load(16, "r5", FRAME, IP + 2),
    bigEndian("r5", 16),
    when32("r5", "<", ipv4.HEADER, passedUp("packet")),
    load(32, "r1", CONTEXT, LENGTH),
    subtract("r1", ethernet.HEADER),
    when("r5", ">", "r1", passedUp("packet")),
    store(32, STACK, TOTAL_LENGTH, "r5"),
    // The sum of ones' complement is the same in either byte order, RFC 1071 section 2.
    load(32, "r1", FRAME, IP),
    ...[4, 8, 12, 16].flatMap((at) => [load(32, "r2", FRAME, IP + at), add("r1", "r2")]),
    ...fold(),
    ...fold(),
    when32("r1", "!=", 0xffff, passedUp("packet")),
    remark("No fragment; TTL; not ICMP."),
    load(16, "r1", FRAME, IP + 6),
    when32("r1", "&", network16(0x3fff), passedUp("packet")),
    load(8, "r1", FRAME, IP + 8),
    when32("r1", "<=", 1, passedUp("hop_limit")),
    load(8, "r1", FRAME, IP + 9),
    when32("r1", "==", protocol.ICMP, passedUp("icmp")),
    store(32, STACK, PROTOCOL, "r1"),
    store(32, STACK, UPPER, UPPER_AT),
  ];
}

/** r1 = its lower 16 bits and its others, added. */
function fold(): Item[] {
  return [move("r2", "r1"), shiftRight("r2", 16), and("r1", 0xffff), add("r1", "r2")];
}

function addresses(where: Places): Item[] {
  return [
    remark("IPv4: a source that a machine can have, RFC 1812 section 5.3.7, and none of ours."),
    load(8, "r1", FRAME, IP + ipv4.SRC),
    when32("r1", "==", 0, passedUp("packet")),
    when32("r1", "==", 127, passedUp("packet")),
    when32("r1", ">=", 224, passedUp("packet")),
    ...look4(where, IP + ipv4.SRC, "ipv4_src"),
    when32("r2", "!=", 0, passedUp("elsewhere")),
    ...look4(where, IP + ipv4.DST, "ipv4_dst"),
    ...cluster(where, "IPv4"),
  ];
}

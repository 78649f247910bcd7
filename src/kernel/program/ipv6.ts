/** The IPv6 packet, RFC 8200: what Packet.readIpv6 and Ipv6Path ask of it (path/), as far as it is a plain one. */

import * as ethernet from "../../wire/ethernet.ts";
import * as ipv6 from "../../wire/ipv6.ts";
import * as protocol from "../../wire/protocol.ts";
import {
  add,
  and32,
  bigEndian,
  type Item,
  label,
  load,
  move,
  remark,
  store,
  subtract,
  when,
  when32,
} from "../assembler/instructions.ts";
import type { Places } from "./places.ts";
import { cluster, look6 } from "./addresses.ts";
import { hash6 } from "./client_hash.ts";
import { passedUp } from "./passed_up.ts";
import { ports } from "./ports.ts";
import {
  CONTEXT,
  DATA_END,
  FRAME,
  HEADERS_IPV6,
  LENGTH,
  PROTOCOL,
  STACK,
  TOTAL_LENGTH,
  UPPER,
} from "./registers.ts";

const IP = ethernet.HEADER;
const UPPER_AT = IP + ipv6.HEADER;

/** Next headers behind which another header follows, RFC 8200 section 4. */
const EXTENSIONS = [
  protocol.HOP_BY_HOP,
  protocol.ROUTING,
  protocol.FRAGMENT,
  protocol.AUTHENTICATION,
  protocol.DESTINATION_OPTIONS,
] as const;

/** Goes on behind, with the cluster and the client's hash. */
export function ipv6Packet(where: Places): Item[] {
  return [
    label("ipv6"),
    ...header(),
    ...addresses(where),
    ...ports(where, UPPER_AT, IP + ipv6.NEXT_HEADER, "ipv6"),
    ...hash6(IP + ipv6.SRC),
  ];
}

function header(): Item[] {
  return [
    remark("IPv6: version, length, next header, hop limit."),
    move("r3", FRAME),
    add("r3", HEADERS_IPV6),
    load(32, "r2", CONTEXT, DATA_END),
    when("r3", ">", "r2", passedUp("packet")),
    load(8, "r1", FRAME, IP),
    and32("r1", 0xf0),
    when32("r1", "!=", 0x60, passedUp("packet")),
    load(16, "r5", FRAME, IP + 4),
    // Nothing follows, or more than this field can say: a jumbogram, RFC 2675, or a super-frame of more than 64 KiB.
    when32("r5", "==", 0, passedUp("packet")),
    bigEndian("r5", 16),
    add("r5", ipv6.HEADER),
    load(32, "r1", CONTEXT, LENGTH),
    subtract("r1", ethernet.HEADER),
    when("r5", ">", "r1", passedUp("packet")),
    store(32, STACK, TOTAL_LENGTH, "r5"),
    load(8, "r1", FRAME, IP + ipv6.NEXT_HEADER),
    ...EXTENSIONS.map((extension) => when32("r1", "==", extension, passedUp("packet"))),
    when32("r1", "==", protocol.ICMPV6, passedUp("icmp")),
    store(32, STACK, PROTOCOL, "r1"),
    store(32, STACK, UPPER, UPPER_AT),
    load(8, "r1", FRAME, IP + 7),
    when32("r1", "<=", 1, passedUp("hop_limit")),
  ];
}

function addresses(where: Places): Item[] {
  return [
    remark(
      "IPv6: a source that a machine can have, RFC 4291: not ff00::/8, and what is in ::/64 is looked at elsewhere; none of ours.",
    ),
    load(8, "r1", FRAME, IP + ipv6.SRC),
    when32("r1", "==", 0xff, passedUp("packet")),
    load(64, "r1", FRAME, IP + ipv6.SRC),
    when("r1", "==", 0, passedUp("packet")),
    ...look6(where, IP + ipv6.SRC, "ipv6_src"),
    when32("r2", "!=", 0, passedUp("elsewhere")),
    ...look6(where, IP + ipv6.DST, "ipv6_dst"),
    ...cluster(where, "IPv6"),
  ];
}

/** Mistakes that somebody might make in the program: each one is the program without one instruction, or with another in its place. */

import {
  add,
  and,
  and32,
  goto,
  type Item,
  label,
  move,
  move32,
  shiftLeft,
  shiftLeft32,
  shiftRight,
  shiftRight32,
  when32,
} from "../../src/kernel/assembler/instructions.ts";
import { network16 } from "../../src/kernel/program/network_order.ts";
import { passedUp } from "../../src/kernel/program/passed_up.ts";
import type { program } from "../../src/kernel/program/program.ts";
import { prepared } from "./test_run.ts";

export interface Mistake {
  readonly what: string;
  /** Where it shows. */
  readonly scene: string;
  readonly walk: typeof program;
}

/** In place of an instruction: one that does nothing. A jump stays one, because the kernel wants a way to each instruction. */
function without(item: Item): Item {
  const never = when32("r1", "<", 0, "");
  return "code" in item && typeof item.offset === "string" ? { ...never, offset: item.offset } : label("out");
}

/** Behind the remark, the `nth` instruction of this text is not there, or something else is. */
function mistake(
  what: string,
  scene: string,
  remark: string,
  text: string,
  instead: Item | undefined = undefined,
  nth = 1,
): Mistake {
  const walk: typeof program = (...where) => {
    const items = prepared(...where);
    let at = items.findIndex((item) => "remark" in item && item.remark.startsWith(remark));
    for (let found = 0; at >= 0 && found < nth; found++) {
      at = items.findIndex((item, index) => index > at && "code" in item && item.text === text);
    }
    if (at < 0) throw new Error(`The program has no "${text}" behind "${remark}"`);
    return items.with(at, instead ?? without(items[at]!));
  };
  return { what, scene, walk };
}

const MACS = "Not from our MAC";
const VIRTUAL = "To our MAC, or to a virtual one";
const ACTIVE = "Active in its family";
const IPV4 = "IPv4: RFC 1812 section 5.2.2";
const SOURCE4 = "IPv4: a source";
const SOURCE6 = "IPv6: a source";
const IPV6 = "IPv6: version";
const PORT = "The service port";
const HASH4 = "The client's hash: jhash of four";
const HASH6 = "The client's hash: jhash of sixteen";
const BUCKET = "The bucket";
const SIZE = "Not larger";
const KNOWN = "A neighbor that is known";
const HOP = "One hop less";
const COUNTED = "Counted.";

export const MISTAKES: readonly Mistake[] = [
  mistake(
    "a backup dispatches what is for the virtual MAC",
    "pair",
    ACTIVE,
    "if w1 == 0 goto passed_up_not_active",
  ),
  mistake("IPv6's state is IPv4's", "pair", VIRTUAL, "r9 = 256", move("r9", 1)),
  mistake(
    "any MAC that begins with two zeros is a virtual one",
    "pair",
    VIRTUAL,
    "goto passed_up_frame",
    goto("virtual4"),
  ),
  mistake("from a group", "plain", MACS, "if w1 & 1 goto passed_up_frame"),
  mistake("four bits of a VLAN are not looked at", "everything", "VLAN", "w1 &= 4095", and32("r1", 0x00ff)),
  mistake("a tag of another kind", "vlan", "VLAN", `if w1 != ${network16(0x8100)} goto passed_up_frame`),
  mistake("a wrong checksum", "plain", IPV4, "if w1 != 65535 goto passed_up_packet"),
  mistake("the checksum's second carry is forgotten", "plain", IPV4, "r1 += r2", undefined, 6),
  mistake(
    "IPv4 with TTL 1 goes on",
    "plain",
    IPV4,
    "if w1 <= 1 goto passed_up_hop_limit",
    when32("r1", "<", 1, passedUp("hop_limit")),
  ),
  mistake(
    "IPv6 with hop limit 0 goes on",
    "plain",
    IPV6,
    "if w1 <= 1 goto passed_up_hop_limit",
    when32("r1", "==", 1, passedUp("hop_limit")),
  ),
  mistake("ICMP goes by its source", "plain", IPV4, "if w1 == 1 goto passed_up_icmp"),
  mistake("a fragment of IPv6", "plain", IPV6, "if w1 == 44 goto passed_up_packet"),
  mistake("from 127.0.0.0/8", "plain", SOURCE4, "if w1 == 127 goto passed_up_packet"),
  mistake("from an address of ours", "many", SOURCE4, "if w2 != 0 goto passed_up_elsewhere"),
  mistake("to a stranger", "many", SOURCE6, "if r4 != r5 goto ipv6_dst_not_1"),
  mistake(
    "the fourth address of a home is nobody's",
    "many",
    SOURCE4,
    "if w4 == w1 goto ipv4_dst",
    label("_"),
    2,
  ),
  mistake("UDP to TCP's ports", "ports", PORT, "r3 &= 16", and("r3", 0)),
  mistake("a port's bit among four", "ports", PORT, "r1 &= 7", and("r1", 3)),
  mistake("a port's octet of sixteen", "ports", PORT, "r4 >>= 3", shiftRight("r4", 4)),
  mistake("the mask is not laid over", "ports", HASH4, "w1 &= w4"),
  mistake("nor over the last word", "many", HASH6, "w9 &= w4"),
  mistake("turned by 13", "offloads", HASH4, "w4 <<= 14", shiftLeft32("r4", 13)),
  mistake("turned back by 18", "offloads", HASH6, "w5 >>= 13", shiftRight32("r5", 14)),
  mistake("the seed is not in", "many", HASH4, "w3 = w2", move32("r3", 0)),
  mistake("half of the buckets", "vlan", BUCKET, "w9 >>= w1", shiftRight32("r9", 23)),
  mistake("the first cluster's buckets", "many", BUCKET, "r9 += r1"),
  mistake("a group is overlooked", "many", "A cluster with a group", "if w1 != 0 goto passed_up_broadcast"),
  mistake(
    "as large as the MTU is too big",
    "plain",
    SIZE,
    "if w1 <= w2 goto fits",
    when32("r1", "<", "r2", "fits"),
  ),
  mistake("TCP's headers are an octet shorter", "offloads", SIZE, "r4 += 20", add("r4", 19)),
  mistake("TCP's header is half as long", "offloads", SIZE, "r4 <<= 2", shiftLeft("r4", 1)),
  mistake(
    "packets as large as the MTU are too big",
    "offloads",
    SIZE,
    "if w4 > w2 goto passed_up_too_big",
    when32("r4", ">=", "r2", passedUp("too_big")),
  ),
  mistake("to a neighbor that has failed", "many", KNOWN, "if w2 s< 0 goto passed_up_neighbor"),
  mistake("to one that is not known yet", "many", KNOWN, "if w1 == 0 goto passed_up_neighbor"),
  mistake("back to where it came from", "plain", KNOWN, "if w1 == w3 goto passed_up_loop"),
  mistake("half of the MAC is where it came from", "plain", KNOWN, "if w1 != w2 goto no_loop"),
  mistake("the patched checksum's carry is forgotten", "plain", HOP, "r1 += 1"),
  mistake(
    "it carries at 0x10000",
    "plain",
    HOP,
    "if w1 < 65535 goto checksum",
    when32("r1", "<=", 0xffff, "checksum"),
  ),
  mistake("it grows by 1", "plain", HOP, "r1 += 256", add("r1", 1)),
  mistake("the hop limit stays", "plain", HOP, "*(u8 *)(r7 + 21) = r1"),
  mistake("the backend's MAC is not written", "plain", "Both MACs", "*(u32 *)(r7 + 2) = r3"),
  mistake("a tag is not counted", "vlan", COUNTED, "r7 += 4"),
  mistake("the first cluster has all frames", "many", COUNTED, "r9 = *(u32 *)(r8 + 24)", move("r9", 0)),
  mistake("a frame counts for two", "plain", COUNTED, "r1 += 1", add("r1", 2)),
];

/** The Ethernet frame: is it whole, ours, and IPv4 or IPv6? As Dispatcher.receive asks (path/dispatcher.ts). */

import * as ethernet from "../../wire/ethernet.ts";
import { isIpv6 } from "../../wire/address.ts";
import * as vrrp from "../../wire/vrrp.ts";
import type { Plan, VrrpPlan } from "../../path/plan.ts";
import {
  add,
  and,
  and32,
  call,
  goto,
  type Item,
  label,
  load,
  move,
  move32,
  remark,
  valueOf,
  when,
  when32,
} from "../assembler/instructions.ts";
import { tableInUse } from "./bucket.ts";
import { macHalf, macWord, network16 } from "./network_order.ts";
import { passedUp } from "./passed_up.ts";
import type { Places } from "./places.ts";
import {
  CONTEXT,
  DATA,
  DATA_END,
  FRAME,
  GSO_SIZE,
  HEADERS_IPV6,
  LENGTH,
  OWNER,
  VLAN_PRESENT,
  VLAN_PROTO,
  VLAN_TCI,
} from "./registers.ts";

/** Two octets of the table, each 0 or 1, read as one number by a little-endian machine. */
const ACTIVE4 = 0x0001;
const ACTIVE6 = 0x0100;

/** Goes on at "ipv4" or "ipv6". */
export function frame(plan: Plan, where: Places): Item[] {
  return [
    remark("While somebody captures, all is passed up."),
    move(CONTEXT, "r1"),
    valueOf("r1", "held"),
    load(32, "r1", "r1", 0),
    when32("r1", "!=", 0, passedUp("capture")),
    ...(plan.offloads ? [] : superFrame()),
    ...headers(),
    ...(plan.vrrp === undefined ? toOwnMac(plan) : toVirtualMac(plan, plan.vrrp, where)),
    ...fromOthers(plan),
    ...vlan(plan),
    remark("EtherType."),
    load(16, "r1", FRAME, 12),
    when32("r1", "==", network16(ethernet.TYPE_IPV4), "ipv4"),
    when32("r1", "==", network16(ethernet.TYPE_IPV6), "ipv6"),
    goto(passedUp("frame")),
  ];
}

function superFrame(): Item[] {
  return [
    remark("Without offloads a super-frame is cut before it comes to us, and each packet counts."),
    load(32, "r1", CONTEXT, GSO_SIZE),
    when32("r1", "!=", 0, passedUp("frame")),
  ];
}

/** Headers may lie in fragments, where they cannot be read. */
function headers(): Item[] {
  return [
    remark("Headers in one stretch; the kernel puts them there."),
    load(32, FRAME, CONTEXT, DATA),
    load(32, "r2", CONTEXT, DATA_END),
    move("r3", FRAME),
    add("r3", HEADERS_IPV6),
    when("r3", "<=", "r2", "whole"),
    load(32, "r2", CONTEXT, LENGTH),
    when32("r2", "<=", HEADERS_IPV6, "pull"),
    move32("r2", HEADERS_IPV6),
    label("pull"),
    move("r1", CONTEXT),
    call("skb_pull_data"),
    load(32, FRAME, CONTEXT, DATA),
    label("whole"),
    load(32, "r2", CONTEXT, DATA_END),
    move("r3", FRAME),
    add("r3", ethernet.HEADER),
    when("r3", ">", "r2", passedUp("frame")),
  ];
}

function toOwnMac({ mac }: Plan): Item[] {
  return [
    remark("To our MAC."),
    load(16, "r1", FRAME, 0),
    when32("r1", "!=", macHalf(mac), passedUp("frame")),
    load(32, "r1", FRAME, 2),
    when32("r1", "!=", macWord(mac), passedUp("frame")),
  ];
}

/** To our MAC, or to the virtual MAC of a family in which we are the active one of a pair (Pair, path/pair.ts). */
function toVirtualMac({ mac }: Plan, { id, addresses }: VrrpPlan, { table }: Places): Item[] {
  const families = [false, true].filter((isV6) => addresses.some((address) => isIpv6(address) === isV6));
  const name = (isV6: boolean) => isV6 ? "virtual6" : "virtual4";
  return [
    remark("To our MAC, or to a virtual one."),
    load(16, "r1", FRAME, 0),
    when32("r1", "!=", macHalf(mac), "virtual"),
    load(32, "r1", FRAME, 2),
    when32("r1", "==", macWord(mac), "to_us"),
    label("virtual"),
    load(16, "r1", FRAME, 0),
    when32("r1", "!=", 0, passedUp("frame")),
    load(32, "r1", FRAME, 2),
    ...families.map((isV6) => when32("r1", "==", macWord(vrrp.macOf(id, isV6)), name(isV6))),
    goto(passedUp("frame")),
    ...families.flatMap((isV6) => [
      label(name(isV6)),
      move(OWNER, isV6 ? ACTIVE6 : ACTIVE4),
      goto("is_active"),
    ]),
    label("is_active"),
    ...tableInUse(),
    remark("Active in its family."),
    load(16, "r1", "r0", table.active),
    and("r1", OWNER),
    when32("r1", "==", 0, passedUp("not_active")),
    label("to_us"),
  ];
}

function fromOthers({ mac }: Plan): Item[] {
  return [
    remark("Not from our MAC, nor from a group."),
    load(16, "r1", FRAME, 6),
    when32("r1", "&", 1, passedUp("frame")),
    when32("r1", "!=", macHalf(mac), "other_mac"),
    load(32, "r1", FRAME, 8),
    when32("r1", "==", macWord(mac), passedUp("frame")),
    label("other_mac"),
  ];
}

/** The kernel keeps a tag beside the frame. One that stands in it is another EtherType here, and passed up. */
function vlan({ vlan = ethernet.NO_VLAN }: Plan): Item[] {
  const isTagged = vlan !== ethernet.NO_VLAN;
  return [
    remark(isTagged ? `VLAN ${vlan}, IEEE 802.1Q.` : "No VLAN; a tag of priority is as good as none."),
    load(32, "r1", CONTEXT, VLAN_PRESENT),
    when32("r1", "==", 0, isTagged ? passedUp("frame") : "untagged"),
    load(32, "r1", CONTEXT, VLAN_PROTO),
    when32("r1", "!=", network16(ethernet.TYPE_VLAN), passedUp("frame")),
    load(32, "r1", CONTEXT, VLAN_TCI),
    and32("r1", 0x0fff),
    when32("r1", "!=", vlan, passedUp("frame")),
    label("untagged"),
  ];
}

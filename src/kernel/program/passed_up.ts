/** The end of the walk for all that the fast path leaves to the path itself: the frame goes on as it came, and the reason is counted. */

import {
  add,
  call,
  exit,
  goto,
  type Item,
  label,
  load,
  mapOf,
  move,
  remark,
  store,
  when,
} from "../assembler/instructions.ts";
import type { Plan } from "../../path/plan.ts";
import { KEY, STACK } from "./registers.ts";

/** Why a frame is passed up; also the order of the counters. */
export const REASONS = [
  /** Somebody captures frames, and is to see all. */
  "capture",
  /** No plain Ethernet frame to us: another MAC, VLAN or type, or too short. */
  "frame",
  /** To a virtual MAC of a pair, of which the other one is active. */
  "not_active",
  /** IP with options, extension headers or fragments, or malformed, or from where nobody is. */
  "packet",
  /** To no cluster, or from an address of ours. */
  "elsewhere",
  /** ICMP, whose client may be embedded. */
  "icmp",
  /** Its TTL or hop limit ends here. */
  "hop_limit",
  /** To a port that is closed, or has none where ports count. */
  "port",
  /** Technique broadcast. */
  "broadcast",
  /** Its bucket is in transition, or has no owner. */
  "unsettled",
  /** Larger than the way ahead. */
  "too_big",
  /** The backend's MAC is not known. */
  "neighbor",
  /** From the backend itself. */
  "loop",
] as const;

export type Reason = (typeof REASONS)[number];

/** Goes on to the next program, and then to the device (include/uapi/linux/bpf.h, enum tcx_action_base). */
const TCX_NEXT = -1;

/** Where a frame goes that is passed up for this reason. */
export function passedUp(reason: Reason): string {
  return `passed_up_${reason}`;
}

/** The kernel takes no instruction to which nothing leads, and without a pair there is no virtual MAC. */
export function passUp({ vrrp }: Plan): Item[] {
  return [
    remark("Passed up: untouched, and counted by reason."),
    ...REASONS.flatMap((reason, index) =>
      reason === "not_active" && vrrp === undefined
        ? []
        : [label(passedUp(reason)), move("r1", index), goto("passed_up")]
    ),
    label("passed_up"),
    store(32, STACK, KEY, "r1"),
    mapOf("r1", "passed_up"),
    move("r2", STACK),
    add("r2", KEY),
    call("map_lookup_elem"),
    when("r0", "==", 0, "next"),
    load(64, "r1", "r0", 0),
    add("r1", 1),
    store(64, "r0", 0, "r1"),
    label("next"),
    move("r0", TCX_NEXT),
    exit,
  ];
}

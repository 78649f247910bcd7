/** What an address is: a cluster's, our own, or nobody's here (local_addresses.ts). */

import {
  add,
  constant,
  type Item,
  label,
  load,
  move,
  multiply,
  remark,
  shiftRight,
  subtract32,
  valueOf,
  when,
  when32,
  xor,
} from "../assembler/instructions.ts";
import type { Homes } from "./local_addresses.ts";
import { WAYS } from "./local_addresses.ts";
import { CELL4, CELL6, CLUSTER as CLUSTER_OCTETS, type Places, VALUE4, VALUE6 } from "./places.ts";
import { passedUp } from "./passed_up.ts";
import { CLUSTER, FRAME } from "./registers.ts";

/** r2 = what the IPv4 address is that stands there in the frame: 0 for nobody's. `name` is one of its own. */
export function look4(where: Places, at: number, name: string): Item[] {
  return [
    load(32, "r1", FRAME, at),
    move("r2", "r1"),
    ...home(where.ipv4, CELL4, 0),
    ...Array.from({ length: WAYS }, (_, way) => [
      load(32, "r2", "r3", way * CELL4 + VALUE4),
      when32("r2", "==", 0, name),
      load(32, "r4", "r3", way * CELL4),
      when32("r4", "==", "r1", name),
    ]).flat(),
    move("r2", 0),
    label(name),
  ];
}

/** The same for an IPv6 address. */
export function look6(where: Places, at: number, name: string): Item[] {
  return [
    load(64, "r1", FRAME, at),
    load(64, "r5", FRAME, at + 8),
    constant("r3", where.ipv6.multiplier),
    move("r2", "r1"),
    multiply("r2", "r3"),
    xor("r2", "r5"),
    ...home(where.ipv6, CELL6, where.addresses6),
    ...Array.from({ length: WAYS }, (_, way) => [
      load(32, "r2", "r3", way * CELL6 + VALUE6),
      when32("r2", "==", 0, name),
      load(64, "r4", "r3", way * CELL6 + 8),
      when("r4", "!=", "r5", `${name}_not_${way}`),
      load(64, "r4", "r3", way * CELL6),
      when("r4", "==", "r1", name),
      label(`${name}_not_${way}`),
    ]).flat(),
    move("r2", 0),
    label(name),
  ];
}

/** r3 = the first cell of the home of the key in r2. */
function home({ count, multiplier }: Homes, cell: number, begin: number): Item[] {
  return [
    constant("r3", multiplier),
    multiply("r2", "r3"),
    shiftRight("r2", 64 - Math.log2(count)),
    multiply("r2", WAYS * cell),
    valueOf("r3", "plan", begin),
    add("r3", "r2"),
  ];
}

/** From what an address is, in r2, to its cluster in the plan. */
export function cluster(where: Places, family: string): Item[] {
  return [
    remark(`${family}: the cluster.`),
    when32("r2", "==", 0, passedUp("elsewhere")),
    subtract32("r2", 1),
    when32("r2", ">=", where.size.clusters, passedUp("elsewhere")),
    multiply("r2", CLUSTER_OCTETS),
    valueOf(CLUSTER, "plan", where.clusters),
    add(CLUSTER, "r2"),
  ];
}

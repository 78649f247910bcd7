/** The client's bucket and its owner, by the forwarding table that the workers have, too (IpPath.dispatch, path/ip_path.ts). */

import { IN_TRANSITION } from "../../table/forwarding_table.ts";
import {
  add,
  call,
  type Item,
  load,
  mapOf,
  move,
  remark,
  shiftLeft,
  shiftRight32,
  store,
  when,
  when32,
} from "../assembler/instructions.ts";
import { FIRST_BUCKET, INDEX, type Places, SHIFT } from "./places.ts";
import { passedUp } from "./passed_up.ts";
import { CLUSTER, KEY, OWNER, STACK } from "./registers.ts";

/** r0 = the table. */
export function tableInUse(): Item[] {
  return [
    remark("The table that is in use."),
    store(32, STACK, KEY, 0),
    move("r2", STACK),
    add("r2", KEY),
    mapOf("r1", "tables"),
    call("map_lookup_elem"),
    when("r0", "==", 0, passedUp("unsettled")),
    move("r1", "r0"),
    move("r2", STACK),
    add("r2", KEY),
    call("map_lookup_elem"),
    when("r0", "==", 0, passedUp("unsettled")),
  ];
}

/** Leaves the owner in its register, and the table in r0. */
export function bucket({ size, table }: Places): Item[] {
  return [
    remark("The bucket: the upper bits of the hash, among those of all clusters."),
    load(32, "r1", CLUSTER, SHIFT),
    shiftRight32(OWNER, "r1"),
    load(32, "r1", CLUSTER, FIRST_BUCKET),
    add(OWNER, "r1"),
    when(OWNER, ">=", size.buckets, passedUp("unsettled")),
    ...tableInUse(),
    remark("A cluster with a group broadcasts."),
    load(32, "r1", CLUSTER, INDEX),
    when32("r1", ">=", size.clusters, passedUp("unsettled")),
    shiftLeft("r1", 1),
    add("r1", table.groups),
    add("r1", "r0"),
    load(16, "r1", "r1", 0),
    when32("r1", "!=", 0, passedUp("broadcast")),
    remark("The owner."),
    shiftLeft(OWNER, 1),
    add(OWNER, table.owners),
    move("r1", "r0"),
    add("r1", OWNER),
    load(16, OWNER, "r1", 0),
    when32(OWNER, ">=", IN_TRANSITION, passedUp("unsettled")),
    when32(OWNER, ">=", size.neighbors, passedUp("unsettled")),
  ];
}

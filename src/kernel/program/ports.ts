/** Is the port open? As Clusters.portState asks (path/clusters.ts), of a cluster that has service ports. */

import * as protocol from "../../wire/protocol.ts";
import * as transport from "../../wire/transport.ts";
import * as ethernet from "../../wire/ethernet.ts";
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
  valueOf,
  when32,
} from "../assembler/instructions.ts";
import { type Places, PORTS, PORTS_AT } from "./places.ts";
import { passedUp } from "./passed_up.ts";
import { CLUSTER, FRAME, STACK, TOTAL_LENGTH } from "./registers.ts";

/** `upper` and `protocolAt`: where the upper layer begins, and its protocol stands. `name` is one of its own. */
export function ports(where: Places, upper: number, protocolAt: number, name: string): Item[] {
  return [
    remark("The service port, where the cluster has some."),
    load(32, "r2", CLUSTER, PORTS_AT),
    when32("r2", "==", 0, `${name}_open`),
    load(8, "r1", FRAME, protocolAt),
    when32("r1", "==", protocol.TCP, `${name}_tcp`),
    when32("r1", "!=", protocol.UDP, passedUp("port")),
    add("r2", PORTS),
    label(`${name}_tcp`),
    load(32, "r1", STACK, TOTAL_LENGTH),
    when32("r1", "<", upper - ethernet.HEADER + transport.PORTS, passedUp("port")),
    load(16, "r1", FRAME, upper + 2),
    bigEndian("r1", 16),
    move("r3", "r1"),
    shiftRight("r3", 3),
    add("r2", "r3"),
    when32("r2", ">=", where.planLength, passedUp("port")),
    valueOf("r3", "plan"),
    add("r3", "r2"),
    load(8, "r3", "r3", 0),
    and("r1", 7),
    shiftRight("r3", "r1"),
    and("r3", 1),
    when32("r3", "==", 0, passedUp("port")),
    label(`${name}_open`),
  ];
}

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
  multiply,
  or,
  remark,
  shiftRight,
  valueOf,
  when,
  when32,
} from "../assembler/instructions.ts";
import { type Places, PORTS, PORTS_AT } from "./places.ts";
import { passedUp } from "./passed_up.ts";
import { CLUSTER, FRAME, STACK, TOTAL_LENGTH } from "./registers.ts";

const UDP_BIT = 16;

/** `upper` and `protocolAt`: where the upper layer begins, and its protocol stands. `name` is one of its own. */
export function ports(where: Places, upper: number, protocolAt: number, name: string): Item[] {
  return [
    remark("The service port, where the cluster has some."),
    load(32, "r2", CLUSTER, PORTS_AT),
    when32("r2", "==", 0, `${name}_open`),
    load(8, "r1", FRAME, protocolAt),
    when32("r1", "==", protocol.TCP, `${name}_ports`),
    when32("r1", "!=", protocol.UDP, passedUp("port")),
    label(`${name}_ports`),
    load(32, "r1", STACK, TOTAL_LENGTH),
    when32("r1", "<", upper - ethernet.HEADER + transport.PORTS, passedUp("port")),
    // Which bit: 16 is set in UDP's number, 17, and not in TCP's, 6. So no way to here differs in what may be in r3 then: without
    // CAP_PERFMON the verifier wants that of a number that is added to a pointer.
    load(8, "r3", FRAME, protocolAt),
    and("r3", UDP_BIT),
    multiply("r3", PORTS / UDP_BIT),
    load(16, "r1", FRAME, upper + 2),
    bigEndian("r1", 16),
    move("r4", "r1"),
    shiftRight("r4", 3),
    or("r3", "r4"),
    add("r2", "r3"),
    when("r2", ">=", where.planLength, passedUp("port")),
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

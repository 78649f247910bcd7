/**
 * The fast path: what Dispatcher.receive (path/dispatcher.ts) does with a plain frame, carried out by the kernel. It decides nothing of
 * its own. For each frame it either does to the octets exactly what the path would do, or leaves them as they are and passes the frame
 * up, to the next program and then to the device, where the path has it.
 *
 *     frame ──┬── ipv4 ── addresses ── ports ── hash ──┐
 *             └── ipv6 ── addresses ── ports ── hash ──┴── bucket ── egress ── redirected
 *        any question that is answered otherwise ── passed up, untouched
 */

import type { Plan } from "../../path/plan.ts";
import { goto, type Item, label } from "../assembler/instructions.ts";
import type { Places } from "./places.ts";
import { bucket } from "./bucket.ts";
import { egress, TO_EGRESS, TO_INGRESS } from "./egress.ts";
import { frame } from "./frame.ts";
import { ipv4Packet } from "./ipv4.ts";
import { ipv6Packet } from "./ipv6.ts";
import { passUp } from "./passed_up.ts";

/** Where the program stands: on the TAP, for frames that are about to come out of it; or on the uplink, for those that come in. */
export type AttachedTo = "tap" | "uplink";

export function program(plan: Plan, where: Places, attachedTo: AttachedTo): Item[] {
  return [
    ...frame(plan, where),
    ...ipv4Packet(where),
    goto("bucket"),
    ...ipv6Packet(where),
    label("bucket"),
    ...bucket(where),
    ...egress(plan, where, attachedTo === "tap" ? TO_INGRESS : TO_EGRESS),
    ...passUp(plan),
  ];
}

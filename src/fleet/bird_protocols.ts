/**
 * What `show protocols` of BIRD says: which of our protocols are enabled, and how many routers hear of them.
 *
 *     Name           Proto      Table      State  Since         Info
 *     oneip_web_ipv4 Static     master4    up     15:39:33.536
 *     router1        BGP        ---        up     15:39:31.033  Established
 */

import { PREFIX } from "./announcement.ts";
import type { ReplyLine } from "./bird_reply.ts";

/** Of a row of the table. */
const PROTOCOL_LIST = 1002;

/** A protocol of BGP that waits for whoever comes is no session: it makes one for each. */
const PASSIVE = "Passive";

export interface Sessions {
  readonly established: number;
  readonly all: number;
}

export interface BirdProtocols {
  /** Ours, by name: is it enabled? */
  readonly own: ReadonlyMap<string, boolean>;
  /** Of BGP. */
  readonly sessions: Sessions;
}

export function protocolsIn(reply: readonly ReplyLine[]): BirdProtocols {
  const rows = reply.filter(({ code }) => code === PROTOCOL_LIST).map(({ text }) => text.trim().split(/\s+/));
  // A static protocol is up as soon as it is enabled.
  const own = rows.filter(([name, type]) => type === "Static" && name!.startsWith(PREFIX))
    .map(([name, , , state]): [string, boolean] => [name!, state === "up" || state === "start"]);
  const bgp = rows.filter(([, type, , , , info]) => type === "BGP" && info !== PASSIVE);
  const established = bgp.filter(([, , , , , info]) => info === "Established").length;
  return { own: new Map(own), sessions: { established, all: bgp.length } };
}

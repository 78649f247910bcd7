/** Asks a route table where a packet's destination is. */

import * as ipv4 from "../wire/ipv4.ts";
import type { RouteTable } from "../table/route_table.ts";
import type { Packet } from "./packet.ts";

/** The neighbor that is the next hop, or NO_ROUTE. */
export function nextHop(routes: RouteTable, { frame, isIpv6, ip, dst }: Packet): number {
  return isIpv6 ? routes.lookup6(frame, dst) : routes.lookup(ipv4.dst(frame, ip));
}

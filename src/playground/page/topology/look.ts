/** What a frame on a link looks like: its shape says what kind it is, its colour whose it is. */

import * as ethernet from "../../../wire/ethernet.ts";
import * as protocol from "../../../wire/protocol.ts";

/** A circle for what clients and backends say, a square for questions about addresses, a diamond for ICMP, a dot for what machines say. */
export type Shape = "circle" | "square" | "diamond" | "dot";

/** Of agents (src/filter/agent), between backends. */
const HEARTBEAT_PORT = 4120;

const IPV4_PROTOCOL = ethernet.HEADER + 9;
const IPV6_NEXT_HEADER = ethernet.HEADER + 6;
const IPV4_PAYLOAD = ethernet.HEADER + 20;
const IPV6_PAYLOAD = ethernet.HEADER + 40;

export function shapeOf(octets: Uint8Array): Shape {
  const u16 = (at: number) => ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
  const type = u16(12);
  if (type === ethernet.TYPE_ARP) return "square";
  const isV6 = type === ethernet.TYPE_IPV6;
  const next = octets[isV6 ? IPV6_NEXT_HEADER : IPV4_PROTOCOL];
  const payload = isV6 ? IPV6_PAYLOAD : IPV4_PAYLOAD;
  if (next === protocol.VRRP) return "dot";
  if (next === protocol.UDP && u16(payload + 2) === HEARTBEAT_PORT) return "dot";
  if (next === protocol.ICMP) return "diamond";
  // Neighbor discovery is 133 to 137.
  if (next === protocol.ICMPV6) return (octets[payload] ?? 0) >= 133 ? "square" : "diamond";
  return "circle";
}

/** The same key of a MAC as people write it. */
export function macKey(mac: string): string {
  return String.fromCharCode(...mac.split(":").map((octet) => parseInt(octet, 16)));
}

/** As text for a key of a map. */
export function macAt(octets: Uint8Array, at: number): string {
  let text = "";
  for (let index = at; index < at + 6; index++) text += String.fromCharCode(octets[index] ?? 0);
  return text;
}

/** The backend whose MAC is in the header, so that a frame has a colour from the moment at which it was decided whose it is. */
export function ownerOf(octets: Uint8Array, backends: ReadonlyMap<string, number>): number | undefined {
  return backends.get(macAt(octets, 0)) ?? backends.get(macAt(octets, 6));
}

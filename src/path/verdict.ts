/**
 * What became of a frame: one verdict each, which is also the index of its counter.
 * The order tells what the engine does next: send the frame as it now stands, hand it up, or drop it.
 */

// Sent.
/** To the cluster: on its way to the client's backend. */
export const DISPATCHED = 0;
/** A who-has for one of our addresses, answered. */
export const ANSWERED_ARP = 1;
/** An echo request to the dispatcher itself, answered. */
export const ANSWERED_ECHO = 2;
/** TTL of 1 or less: ICMP time exceeded. */
export const TIME_EXCEEDED = 3;
/** No backend is live: ICMP host unreachable. */
export const HOST_UNREACHABLE = 4;
/** UDP to the dispatcher itself: ICMP port unreachable. */
export const PORT_UNREACHABLE = 5;
/** TCP to the dispatcher itself: reset. */
export const RESET = 6;
/** To a destination that no route leads to: ICMP network unreachable. */
export const NET_UNREACHABLE = 7;

// Handed up to the control plane.
/** To the cluster, but the backend's MAC is not known yet: kept until it is. */
export const PENDING = 8;
/** An ARP reply addressed to us. */
export const HEARD_ARP = 9;

// Dropped.
/** Shorter than an Ethernet header. */
export const DROP_RUNT = 10;
/** To another machine's MAC, or to a group that we are not in. */
export const DROP_NOT_OURS = 11;
/** From our own MAC, or from a group: a loop or a forgery. */
export const DROP_SOURCE_MAC = 12;
/** Neither ARP nor IPv4. */
export const DROP_ETHERTYPE = 13;
/** VLAN-tagged. */
export const DROP_VLAN = 14;
/** ARP that is none, or whose sender cannot be one. */
export const DROP_ARP_MALFORMED = 15;
/** ARP that speaks for one of our own addresses. */
export const DROP_ARP_CLAIM = 16;
/** ARP that asks for or speaks to others. */
export const DROP_ARP_OTHER = 17;
/** IPv4 with a wrong version, length or header checksum. */
export const DROP_MALFORMED = 18;
/** IPv4 to everyone: by MAC or by IP. */
export const DROP_GROUP = 19;
/** From a cluster address: a backend's reply that came through us. */
export const DROP_FROM_CLUSTER = 20;
/** From the dispatcher's own address. */
export const DROP_FROM_SELF = 21;
/** From an address that no host has. */
export const DROP_MARTIAN = 22;
/** It would go back to the backend it came from. */
export const DROP_LOOP = 23;
/** To the dispatcher itself, and nothing that it answers: replies, errors, resets, fragments, wrong checksums. */
export const DROP_SELF = 24;
/** An ICMP error is due but must not be sent: RFC 1812 section 4.3.2.7. */
export const DROP_UNANSWERABLE = 25;
/** An answer is due but over the rate limit. */
export const DROP_RATE_LIMIT = 26;

// Decided by the engine, in place of the path's verdict.
/** The device took no frame: its queue is full or it is down. */
export const DROP_TRANSMIT = 27;
/** The control plane cannot take any more frames for now. */
export const DROP_RING_FULL = 28;

/** Names by verdict, as counters and logs print them. */
export const NAMES = [
  "dispatched",
  "answered_arp",
  "answered_echo",
  "time_exceeded",
  "host_unreachable",
  "port_unreachable",
  "reset",
  "net_unreachable",
  "pending",
  "heard_arp",
  "drop_runt",
  "drop_not_ours",
  "drop_source_mac",
  "drop_ethertype",
  "drop_vlan",
  "drop_arp_malformed",
  "drop_arp_claim",
  "drop_arp_other",
  "drop_malformed",
  "drop_group",
  "drop_from_cluster",
  "drop_from_self",
  "drop_martian",
  "drop_loop",
  "drop_self",
  "drop_unanswerable",
  "drop_rate_limit",
  "drop_transmit",
  "drop_ring_full",
] as const;

/** The frame stands in its slot, ready to be sent. */
export function isSent(verdict: number): boolean {
  return verdict < PENDING;
}

/** The frame is for the control plane. */
export function isHandedUp(verdict: number): boolean {
  return verdict === PENDING || verdict === HEARD_ARP;
}

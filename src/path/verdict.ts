/**
 * What became of a frame: one verdict each, which is also the index of its counter.
 * The order tells what the engine does next: send the frame as it now stands, hand it up, or drop it.
 */

// Sent.
/** To the cluster: on its way to the client's backend. */
export const DISPATCHED = 0;
/** To another network: on its way to the next hop of its route. */
export const FORWARDED = 1;
/** A who-has for one of our addresses, answered. */
export const ANSWERED_ARP = 2;
/** A neighbor solicitation for one of our addresses, answered. */
export const ANSWERED_ND = 3;
/** An echo request to the dispatcher itself, answered. */
export const ANSWERED_ECHO = 4;
/** TTL or hop limit of 1 or less: ICMP time exceeded. */
export const TIME_EXCEEDED = 5;
/** No route leads to its destination: ICMP network unreachable, ICMPv6 no route. */
export const NET_UNREACHABLE = 6;
/** No backend is live, or the next hop does not answer: ICMP host unreachable, ICMPv6 address unreachable. */
export const HOST_UNREACHABLE = 7;
/** UDP to the dispatcher itself or to a closed port of a cluster: ICMP port unreachable. */
export const PORT_UNREACHABLE = 8;
/** A protocol that the dispatcher does not speak: ICMP protocol unreachable, ICMPv6 parameter problem. */
export const PROTOCOL_UNREACHABLE = 9;
/** A protocol without ports to a cluster that has service ports: ICMP administratively prohibited. */
export const PROHIBITED = 10;
/** Larger than the way ahead: ICMP fragmentation needed, ICMPv6 packet too big. */
export const TOO_BIG = 11;
/** An IPv4 option that cannot be, or an IPv6 route by way of the dispatcher itself: ICMP parameter problem. */
export const PARAMETER_PROBLEM = 12;
/** TCP to the dispatcher itself or to a closed port of a cluster: reset. */
export const RESET = 13;

// Handed up to the control plane.
/** Dispatched or forwarded, but the next hop's MAC is not known yet: kept until it is. */
export const PENDING = 14;
/** An ARP reply or a solicited neighbor advertisement, addressed to us. */
export const HEARD_NEIGHBOR = 15;
/** Another machine says that one of our addresses is its own. */
export const HEARD_CLAIM = 16;
/** To the dispatcher itself, and perhaps an answer to the control plane: from a cluster address, an echo reply, a SYN-ACK. */
export const HEARD_ANSWER = 17;
/** From a cluster address to a port that the prober asks from: likely an answer to a probe. */
export const HEARD_PROBE = 18;
/** An advertisement of the other one of a pair, and right. */
export const HEARD_ADVERTISEMENT = 19;
/** From the other one of a pair: what it tells of maps and connections. */
export const HEARD_PEER = 20;
/** The beginning of a connection in a bucket that moves: dispatched when the other one of a pair has been told whose it is. */
export const TOLD = 21;

// Dropped.
/** Shorter than an Ethernet header. */
export const DROP_RUNT = 22;
/** To another machine's MAC, or to a group that we are not in. */
export const DROP_NOT_OURS = 23;
/** From our own MAC, or from a group: a loop or a forgery. */
export const DROP_SOURCE_MAC = 24;
/** Neither ARP, IPv4 nor IPv6. */
export const DROP_ETHERTYPE = 25;
/** Of another VLAN than the configured one: a tag that carries only a priority is as good as none. */
export const DROP_VLAN = 26;
/** ARP that is none, or whose sender cannot be one. */
export const DROP_ARP_MALFORMED = 27;
/** ARP that asks for or speaks to others, or that nobody asked for. */
export const DROP_ARP_OTHER = 28;
/** Neighbor discovery that RFC 4861 section 7.1 calls invalid. */
export const DROP_ND_MALFORMED = 29;
/** Neighbor discovery about others, or that nobody asked for. */
export const DROP_ND_OTHER = 30;
/** IP with a wrong version, length or header checksum, or extension headers that cannot be. */
export const DROP_MALFORMED = 31;
/** IP to everyone or to a group: by MAC or by address. */
export const DROP_GROUP = 32;
/** From a cluster address: a backend's reply that came through us; or to us, and more of it than one would ask for. */
export const DROP_FROM_CLUSTER = 33;
/** From the dispatcher's own address. */
export const DROP_FROM_SELF = 34;
/** From an address that no host has, or to one. */
export const DROP_MARTIAN = 35;
/** IPv4 source routing, which nobody uses but to get where they should not. */
export const DROP_SOURCE_ROUTE = 36;
/** To the cluster, from the backend that it would go to. */
export const DROP_LOOP = 37;
/** To a closed port of a cluster that drops such packets, or too short to tell its port. */
export const DROP_CLOSED = 38;
/** IPv4, larger than the way ahead, and may be fragmented: we do not fragment. */
export const DROP_TOO_BIG = 39;
/** To the dispatcher itself, and nothing that it answers: replies, errors, resets, fragments, wrong checksums. */
export const DROP_SELF = 40;
/** An ICMP error is due but must not be sent: RFC 1812 section 4.3.2.7, RFC 4443 section 2.4. */
export const DROP_UNANSWERABLE = 41;
/** An answer is due but over the rate limit. */
export const DROP_RATE_LIMIT = 42;
/** To a next hop whose MAC is not known yet, and more such frames than can be kept. */
export const DROP_PENDING = 43;
/** To the virtual MAC, or to what a pair shares, while the other one is active. */
export const DROP_NOT_ACTIVE = 44;
/** An advertisement of VRRP that RFC 9568 section 7.1 calls invalid. */
export const DROP_VRRP_MALFORMED = 45;
/** An advertisement of another virtual router. */
export const DROP_VRRP_OTHER = 46;

// Decided by the engine, in place of the path's verdict.
/** The device took no frame: its queue is full or it is down. */
export const DROP_TRANSMIT = 47;
/** The control plane cannot take any more frames for now. */
export const DROP_RING_FULL = 48;

/** Names by verdict, as counters and logs print them. */
export const NAMES = [
  "dispatched",
  "forwarded",
  "answered_arp",
  "answered_nd",
  "answered_echo",
  "time_exceeded",
  "net_unreachable",
  "host_unreachable",
  "port_unreachable",
  "protocol_unreachable",
  "prohibited",
  "too_big",
  "parameter_problem",
  "reset",
  "pending",
  "heard_neighbor",
  "heard_claim",
  "heard_answer",
  "heard_probe",
  "heard_advertisement",
  "heard_peer",
  "told",
  "drop_runt",
  "drop_not_ours",
  "drop_source_mac",
  "drop_ethertype",
  "drop_vlan",
  "drop_arp_malformed",
  "drop_arp_other",
  "drop_nd_malformed",
  "drop_nd_other",
  "drop_malformed",
  "drop_group",
  "drop_from_cluster",
  "drop_from_self",
  "drop_martian",
  "drop_source_route",
  "drop_loop",
  "drop_closed",
  "drop_too_big",
  "drop_self",
  "drop_unanswerable",
  "drop_rate_limit",
  "drop_pending",
  "drop_not_active",
  "drop_vrrp_malformed",
  "drop_vrrp_other",
  "drop_transmit",
  "drop_ring_full",
] as const;

/** The frame stands in its slot, ready to be sent. */
export function isSent(verdict: number): boolean {
  return verdict < PENDING;
}

/** The frame that is to be sent is one of our own, in place of the one that came. */
export function isAnswer(verdict: number): boolean {
  return verdict >= ANSWERED_ARP && verdict < PENDING;
}

/** The frame goes nowhere. */
export function isDropped(verdict: number): boolean {
  return verdict > TOLD;
}

/** The frame is for the control plane. */
export function isHandedUp(verdict: number): boolean {
  return verdict >= PENDING && verdict <= TOLD;
}

/** The fields of each header, in the order and the widths of its figure in src/wire. */

import * as arp from "../../wire/arp.ts";
import * as ethernet from "../../wire/ethernet.ts";
import * as icmpv4 from "../../wire/icmpv4.ts";
import * as icmpv6 from "../../wire/icmpv6.ts";
import * as nd from "../../wire/nd.ts";
import * as protocol from "../../wire/protocol.ts";
import * as vrrp from "../../wire/vrrp.ts";
import { flag, hex, ip, type Layout, mac, named } from "./field.ts";

const ETHERTYPES = {
  [ethernet.TYPE_IPV4]: "IPv4",
  [ethernet.TYPE_ARP]: "ARP",
  [ethernet.TYPE_IPV6]: "IPv6",
  [ethernet.TYPE_VLAN]: "a VLAN tag",
  [ethernet.TYPE_QINQ]: "a service tag",
};

export const PROTOCOLS: Readonly<Record<number, string>> = {
  [protocol.ICMP]: "ICMP",
  [protocol.TCP]: "TCP",
  [protocol.UDP]: "UDP",
  [protocol.ICMPV6]: "ICMPv6",
  [protocol.VRRP]: "VRRP",
  [protocol.HOP_BY_HOP]: "hop-by-hop options",
  [protocol.ROUTING]: "routing header",
  [protocol.FRAGMENT]: "fragment header",
  [protocol.AUTHENTICATION]: "authentication header",
  [protocol.NO_NEXT_HEADER]: "nothing",
  [protocol.DESTINATION_OPTIONS]: "destination options",
};

export const ETHERTYPE = named(ETHERTYPES, hex(4));

export const ETHERNET: Layout = [["Destination", 48, mac], ["Source", 48, mac], ["Type", 16, ETHERTYPE]];

export const TAG: Layout = [["Priority", 3], ["DEI", 1, flag], ["VLAN", 12], ["Type", 16, ETHERTYPE]];

export const ARP: Layout = [
  ["Hardware type", 16, named({ 1: "Ethernet" })],
  ["Protocol type", 16, ETHERTYPE],
  ["Hardware length", 8],
  ["Protocol length", 8],
  ["Operation", 16, named({ [arp.REQUEST]: "request: who has it?", [arp.REPLY]: "reply: I have it" })],
  ["Sender MAC", 48, mac],
  ["Sender IP", 32, ip],
  ["Target MAC", 48, mac],
  ["Target IP", 32, ip],
];

export const IPV4: Layout = [
  ["Version", 4],
  ["IHL", 4, (words) => `${words}, so ${words * 4} octets`],
  ["Type of service", 8, hex(2)],
  ["Total length", 16],
  ["Identification", 16, hex(4)],
  ["Reserved", 1],
  ["DF", 1, (value) => value === 1 ? "1, don't fragment" : "0, may be fragmented"],
  ["MF", 1, (value) => value === 1 ? "1, more fragments follow" : "0, the last or only one"],
  ["Fragment offset", 13, (units) => `${units}, so octet ${units * 8}`],
  ["Time to live", 8],
  ["Protocol", 8, named(PROTOCOLS)],
  ["Header checksum", 16, hex(4)],
  ["Source address", 32, ip],
  ["Destination address", 32, ip],
];

export const IPV6: Layout = [
  ["Version", 4],
  ["Traffic class", 8, hex(2)],
  ["Flow label", 20, hex(5)],
  ["Payload length", 16],
  ["Next header", 8, named(PROTOCOLS)],
  ["Hop limit", 8],
  ["Source address", 128, ip],
  ["Destination address", 128, ip],
];

export const FRAGMENT: Layout = [
  ["Next header", 8, named(PROTOCOLS)],
  ["Reserved", 8],
  ["Fragment offset", 13, (units) => `${units}, so octet ${units * 8}`],
  ["Reserved", 2],
  ["M", 1, (value) => value === 1 ? "1, more fragments follow" : "0, the last or only one"],
  ["Identification", 32, hex(8)],
];

export const EXTENSION: Layout = [["Next header", 8, named(PROTOCOLS)], ["Length", 8]];

export const TCP: Layout = [
  ["Source port", 16],
  ["Destination port", 16],
  ["Sequence number", 32],
  ["Acknowledgment number", 32],
  ["Data offset", 4, (words) => `${words}, so ${words * 4} octets`],
  ["Reserved", 4],
  ["CWR", 1, flag],
  ["ECE", 1, flag],
  ["URG", 1, flag],
  ["ACK", 1, flag],
  ["PSH", 1, flag],
  ["RST", 1, flag],
  ["SYN", 1, flag],
  ["FIN", 1, flag],
  ["Window", 16],
  ["Checksum", 16, hex(4)],
  ["Urgent pointer", 16],
];

export const UDP: Layout = [
  ["Source port", 16],
  ["Destination port", 16],
  ["Length", 16],
  ["Checksum", 16, hex(4)],
];

export const VRRP: Layout = [
  ["Version", 4],
  ["Type", 4, named({ 1: "advertisement" })],
  ["Virtual router", 8],
  ["Priority", 8, (value) => value === vrrp.STOPS ? "0, it stops" : String(value)],
  ["Count of addresses", 8],
  ["Reserved", 4],
  ["Interval", 12, (value) => `${value}, so ${value * 10} ms`],
  ["Checksum", 16, hex(4)],
];

export const ICMP_TYPES: Readonly<Record<number, string>> = {
  [icmpv4.ECHO_REPLY]: "echo reply",
  [icmpv4.DESTINATION_UNREACHABLE]: "destination unreachable",
  [icmpv4.ECHO_REQUEST]: "echo request",
  [icmpv4.TIME_EXCEEDED]: "time exceeded",
  [icmpv4.PARAMETER_PROBLEM]: "parameter problem",
};

export const UNREACHABLE: Readonly<Record<number, string>> = {
  [icmpv4.NET_UNREACHABLE]: "network unreachable",
  [icmpv4.HOST_UNREACHABLE]: "host unreachable",
  [icmpv4.PROTOCOL_UNREACHABLE]: "protocol unreachable",
  [icmpv4.PORT_UNREACHABLE]: "port unreachable",
  [icmpv4.FRAGMENTATION_NEEDED]: "fragmentation needed",
  [icmpv4.ADMINISTRATIVELY_PROHIBITED]: "administratively prohibited",
};

export const ICMPV6_TYPES: Readonly<Record<number, string>> = {
  [icmpv6.DESTINATION_UNREACHABLE]: "destination unreachable",
  [icmpv6.PACKET_TOO_BIG]: "packet too big",
  [icmpv6.TIME_EXCEEDED]: "time exceeded",
  [icmpv6.PARAMETER_PROBLEM]: "parameter problem",
  [icmpv6.ECHO_REQUEST]: "echo request",
  [icmpv6.ECHO_REPLY]: "echo reply",
  [icmpv6.NEIGHBOR_SOLICITATION]: "neighbor solicitation: who has it?",
  [icmpv6.NEIGHBOR_ADVERTISEMENT]: "neighbor advertisement: I have it",
  [icmpv6.REDIRECT]: "redirect",
};

export const ECHO: Layout = [["Identifier", 16], ["Sequence number", 16]];
export const ND_FLAGS: Layout = [["R", 1, flag], ["S", 1, flag], ["O", 1, flag], ["Reserved", 29]];
export const ND_OPTION: Layout = [
  ["Option", 8, named({ [nd.SOURCE_LINK_LAYER]: "sender's MAC", [nd.TARGET_LINK_LAYER]: "target's MAC" })],
  ["Length", 8, (units) => `${units}, so ${units * 8} octets`],
  ["Link-layer address", 48, mac],
];

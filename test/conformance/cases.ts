/** Packets, and what a router should make of them: a row each, with the section that says so. */

import * as f from "../frames.ts";

const { icmp, icmpv6, ipv4, ipv6, tcp, tcp6, udp, udp6 } = f;

/** The addresses of the router that a packet is sent to. */
export interface RouterUnderTest {
  readonly mac: string;
  readonly ip: string;
  readonly ip6: string;
}

export interface Case {
  readonly section: string;
  readonly name: string;
  /** The frame for this router. */
  frame(router: RouterUnderTest): Uint8Array<ArrayBuffer>;
  /** Where we differ from Linux on purpose: why, and what becomes of the packet here. */
  readonly differs?: { readonly why: string; readonly ours: string };
}

const PROBE = "02:00:00:00:00:09";
const CLIENT = "198.51.100.7";
const CLIENT6 = "2001:db8:51::7";
const THERE = "192.0.2.1";
const THERE6 = "2001:db8:9::1";

type Packet = (router: RouterUnderTest) => f.Octets;
type Options = {
  dst?: string;
  group?: boolean;
  padding?: number;
  /** In a tag without a VLAN. */
  priority?: number;
  differs?: Case["differs"];
};

function row(section: string, name: string, type: number, packet: Packet, options: Options): Case {
  return {
    section,
    name,
    ...(options.differs === undefined ? {} : { differs: options.differs }),
    frame: (router) => {
      const octets = [...packet(router), ...new Array<number>(options.padding ?? 0).fill(0)];
      const { priority } = options;
      return f.ethernet(priority === undefined ? octets : [priority << 5, 0, ...f.u16(type), ...octets], {
        src: PROBE,
        dst: options.group ? `33:33:ff:00:00:${router.mac.slice(-2)}` : options.dst ?? router.mac,
        type: priority === undefined ? type : f.ETHERTYPE.vlan,
      });
    },
  };
}

const v4 = (section: string, name: string, packet: Packet, options: Options = {}) =>
  row(section, name, f.ETHERTYPE.ipv4, packet, options);
const v6 = (section: string, name: string, packet: Packet, options: Options = {}) =>
  row(section, name, f.ETHERTYPE.ipv6, packet, options);

const LINK_LOCAL =
  "no router passes it on; Linux looks at IPv6 only, and only when the packet leaves by another interface";
const KEEPS_PRIORITY = "Linux takes the tag off, and its priority is lost for the rest of the way";

/** Asks for the router's own address. */
const asked = (router: RouterUnderTest) => ({
  from: "2001:db8::9",
  to: router.ip6,
  target: router.ip6,
  mac: PROBE,
});
const groupOf = (router: RouterUnderTest) => `ff02::1:ff00:${router.ip6.slice(-1)}`;

/** To the other network, from the client. */
const through = (options: f.Ipv4Options = {}, payload: f.Octets = udp([1, 2, 3])) => () =>
  ipv4(payload, { src: CLIENT, dst: THERE, ...options });
const through6 =
  (options: f.Ipv6Options = {}, payload: f.Octets = udp6([1, 2, 3], { src: CLIENT6, dst: THERE6 })) => () =>
    ipv6(payload, { src: CLIENT6, dst: THERE6, ...options });

/** To the router itself. */
const self = (
  protocol: number,
  payload: (addresses: { src: string; dst: string }) => f.Octets,
  options: f.Ipv4Options = {},
) =>
(router: RouterUnderTest) => {
  const addresses = { src: CLIENT, dst: router.ip };
  return ipv4(payload(addresses), { ...addresses, protocol, ...options });
};
const self6 = (
  next: number,
  payload: (addresses: { src: string; dst: string }) => f.Octets,
  options: f.Ipv6Options = {},
) =>
(router: RouterUnderTest) => {
  const addresses = { src: CLIENT6, dst: router.ip6, ...options };
  return ipv6(payload(addresses), { ...addresses, next });
};

const embedded = ipv4(udp([]), { src: THERE, dst: CLIENT });
const embedded6 = ipv6(udp6([]), { src: THERE6, dst: CLIENT6 });
const large = (octets: number) => udp(new Array<number>(octets - 28).fill(7));
const large6 = (octets: number) =>
  udp6(new Array<number>(octets - 48).fill(7), { src: CLIENT6, dst: THERE6 });
const spoiled = (octets: f.Octets, at: number) => octets.with(at, octets[at]! ^ 0xff);
const header = (change: (octets: f.Octets) => f.Octets) => () => {
  const octets = change(through()()).with(10, 0).with(11, 0);
  return octets.toSpliced(10, 2, ...f.u16(f.checksum(octets.slice(0, 20))));
};

export const CASES: readonly Case[] = [
  v4("RFC 1812 5.2.1", "forwards, TTL less one", through()),
  v4("RFC 1812 5.3.1", "forwards TTL 2 as 1", through({ ttl: 2 })),
  v4("RFC 1812 5.3.1", "TTL 1 is exceeded", through({ ttl: 1 })),
  v4("RFC 1812 5.3.1", "TTL 0 is exceeded", through({ ttl: 0 })),
  v4("RFC 1812 4.3.2.3", "a long packet is quoted in part", through({ ttl: 1 }, large(1200))),
  v4("RFC 1812 4.3.2.5", "the precedence of an error", through({ ttl: 1, tos: 0x28 })),
  v4(
    "RFC 1812 5.3.1",
    "the TTL does not matter to the router itself",
    self(1, () => icmp(8, 0, [1, 2]), { ttl: 1 }),
  ),
  v4("RFC 1812 5.2.2", "a wrong header checksum", () => spoiled(through()(), 10)),
  v4("RFC 1812 5.2.2", "version 5", header((octets) => octets.with(0, 0x55))),
  v4("RFC 1812 5.2.2", "a header of 16 octets", header((octets) => octets.with(0, 0x44))),
  v4("RFC 1812 5.2.2", "a total length beyond the frame", header((octets) => octets.with(3, 200))),
  v4("RFC 1812 5.2.2", "a total length within the header", header((octets) => octets.with(3, 19))),
  v4("RFC 1812 5.2.2", "padding behind the packet", through(), { padding: 9 }),
  v4("RFC 1812 5.2.7.1", "no route", through({ dst: "203.0.113.1" })),
  v4("RFC 1812 5.2.7.1", "no route and TTL 1", through({ dst: "203.0.113.1", ttl: 1 })),
  v4(
    "RFC 1812 4.3.2.7",
    "no error about an ICMP error",
    through({ ttl: 1, protocol: 1 }, icmp(3, 1, embedded)),
  ),
  v4("RFC 1812 4.3.2.7", "no error about a later fragment", through({ ttl: 1, fragment: 0x2010 })),
  v4("RFC 1812 4.3.2.7", "an error about a first fragment", through({ ttl: 1, fragment: 0x2000 })),
  v4("RFC 1812 4.3.2.7", "an error about an echo request", through({ ttl: 1, protocol: 1 }, icmp(8, 0, []))),
  v4("RFC 1812 5.2.1", "an ICMP error is forwarded", through({ protocol: 1 }, icmp(3, 1, embedded))),
  v4("RFC 1812 5.2.1", "a later fragment is forwarded", through({ fragment: 0x2010 })),
  v4("RFC 1812 5.3.7", "source 127.0.0.1", through({ src: "127.0.0.1" })),
  v4("RFC 1812 5.3.7", "source 0.0.0.0", through({ src: "0.0.0.0" })),
  v4("RFC 1812 5.3.7", "a multicast source", through({ src: "224.0.0.9" })),
  v4("RFC 1812 5.3.7", "the broadcast source", through({ src: "255.255.255.255" })),
  v4("RFC 1812 5.3.7", "a class E source", through({ src: "240.0.0.1" }), {
    differs: { why: "RFC 1812 calls it martian; Linux opened class E for unicast in 2008", ours: "nothing" },
  }),
  v4("RFC 3927 2.7", "a link-local source", through({ src: "169.254.1.9" }), {
    differs: { why: LINK_LOCAL, ours: "ICMP 3/0, 00 00 00 00, quotes 31 octets, TOS 192" },
  }),
  v4("RFC 1812 5.3.7", "the link's broadcast address as source", through({ src: "10.0.0.255" }), {
    differs: { why: "no machine has it; Linux looks only where rp_filter is on", ours: "nothing" },
  }),
  v4("RFC 1812 5.3.8", "the router's own address as source", (router) => through({ src: router.ip })()),
  v4("RFC 1812 5.3.7", "destination 127.0.0.1", through({ dst: "127.0.0.1" })),
  v4("RFC 1812 5.3.7", "destination 0.0.0.1", through({ dst: "0.0.0.1" }), {
    differs: {
      why: "0/8 is this network, RFC 1122 section 3.2.1.3; Linux opened all of it but 0.0.0.0",
      ours: "nothing",
    },
  }),
  v4("RFC 1812 5.3.5", "a multicast destination", through({ dst: "224.0.0.99" })),
  v4("RFC 1812 5.3.5.1", "destination 255.255.255.255", through({ dst: "255.255.255.255" })),
  v4("RFC 1812 5.3.5.2", "the link's broadcast address", through({ dst: "10.0.0.255" })),
  v4("RFC 1812 5.3.4", "unicast that came to all MACs", through(), { dst: f.MAC.broadcast }),
  v4("RFC 1812 5.2.1", "another machine's MAC", through(), { dst: f.MAC.other }),
  v4("IEEE 802.1Q 6.9", "a priority tag", through(), {
    priority: 5,
    differs: { why: KEEPS_PRIORITY, ours: "forwarded, TTL 63, priority 5" },
  }),
  v4("IEEE 802.1Q 6.9", "an echo request with a priority tag", self(1, () => icmp(8, 0, [1, 2])), {
    priority: 5,
    differs: { why: KEEPS_PRIORITY, ours: "ICMP 0/0, 00 00 00 00, carries 2 octets, TOS 0, priority 5" },
  }),
  v4("RFC 1191 4", "DF, larger than the way ahead", through({ fragment: 0x4000 }, large(1401))),
  v4("RFC 1191 4", "DF, as large as fits", through({ fragment: 0x4000 }, large(1400))),
  v4("RFC 1812 5.2.6", "larger than the way ahead, without DF", through({}, large(1401)), {
    differs: {
      why: "a dispatcher that rewrites MACs does not fragment: the way to its backends is one link",
      ours: "nothing",
    },
  }),
  v4("RFC 791 3.1", "options that do nothing", through({ options: [1, 1, 1, 0] })),
  v4("RFC 791 3.1", "record route", through({ options: [7, 7, 4, 0, 0, 0, 0, 0] }), {
    differs: {
      why: "options pass as they are: a cluster's packet changes in TTL and checksum only",
      ours: "forwarded, TTL 63",
    },
  }),
  v4("RFC 1812 4.3.3.5", "an option of length 0", through({ options: [7, 0, 0, 0] })),
  v4("RFC 1812 4.3.3.5", "an option longer than the header", through({ options: [1, 7, 9, 4] })),
  v4(
    "RFC 1812 4.3.2.7",
    "no error about a packet to a group",
    through({ dst: "224.0.0.99", options: [7, 0, 0, 0] }),
  ),
  v4(
    "RFC 1812 4.3.2.7",
    "no error about a packet to the link's broadcast address",
    through({ dst: "10.0.0.255", options: [7, 0, 0, 0] }),
  ),
  v4("RFC 7126 4.3", "loose source routing", through({ options: [0x83, 7, 4, 10, 0, 0, 1, 0] })),
  v4("RFC 792", "an echo request to the router", self(1, () => icmp(8, 0, [1, 2, 3], [0, 7, 0, 1]))),
  v4("RFC 1122 3.2.2.6", "an echo request with a wrong checksum", self(1, () => spoiled(icmp(8, 0, [1]), 2))),
  v4("RFC 792", "an echo reply to the router", self(1, () => icmp(0, 0, [1]))),
  v4("RFC 1812 4.3.3.2", "a redirect to the router", self(1, () => icmp(5, 1, embedded, [10, 0, 0, 9]))),
  v4("RFC 1122 4.1.3.1", "UDP to a closed port of the router", self(17, () => udp([1]))),
  v4("RFC 1122 4.1.3.4", "UDP with a wrong checksum", self(17, () => udp([1]).with(6, 1))),
  v4("RFC 768", "UDP with a length beyond the packet", self(17, () => udp([1]).with(5, 99))),
  v4(
    "RFC 9293 3.10.7.1",
    "a SYN to a closed port of the router",
    self(6, (addresses) => tcp({ ...addresses, port: 9 })),
  ),
  v4(
    "RFC 9293 3.10.7.1",
    "an ACK to a closed port",
    self(6, (to) => tcp({ ...to, port: 9, flags: 0x10, acknowledgment: 99 })),
  ),
  v4(
    "RFC 9293 3.10.7.1",
    "data with FIN to a closed port",
    self(6, (to) => tcp({ ...to, port: 9, flags: 1, data: [1, 2] })),
  ),
  v4("RFC 9293 3.10.7.1", "a reset", self(6, (addresses) => tcp({ ...addresses, port: 9, flags: 4 }))),
  v4(
    "RFC 9293 3.1",
    "a SYN with a wrong checksum",
    self(6, (addresses) => spoiled(tcp({ ...addresses, port: 9 }), 16)),
  ),
  v4("RFC 1122 3.2.2.1", "a protocol that the router does not speak", self(253, () => [1, 2, 3, 4])),

  v6("RFC 8200 3", "forwards, hop limit less one", through6()),
  v6("RFC 8200 3", "forwards hop limit 2 as 1", through6({ hopLimit: 2 })),
  v6("RFC 4443 3.3", "hop limit 1 is exceeded", through6({ hopLimit: 1 })),
  v6("RFC 4443 3.3", "hop limit 0 is exceeded", through6({ hopLimit: 0 })),
  v6("RFC 4443 2.4 (c)", "a long packet is quoted in part", through6({ hopLimit: 1 }, large6(1399))),
  v6("RFC 4443 3.1", "no route", through6({ dst: "2001:db8:77::1" })),
  v6("RFC 4443 3.1", "no route and hop limit 1", through6({ dst: "2001:db8:77::1", hopLimit: 1 })),
  v6(
    "RFC 4443 2.4 (e)",
    "no error about an ICMPv6 error",
    through6({ hopLimit: 1, next: 58 }, icmpv6(1, 0, [0, 0, 0, 0], embedded6)),
  ),
  v6(
    "RFC 4443 2.4 (e)",
    "no error about a redirect",
    through6({ hopLimit: 1, next: 58 }, icmpv6(137, 0, [0, 0, 0, 0], [])),
    { differs: { why: "the RFC forbids it; Linux looks at the type's highest bit only", ours: "nothing" } },
  ),
  v6("RFC 4443 3.2", "larger than the way ahead", through6({}, large6(1401))),
  v6("RFC 4443 3.2", "as large as fits", through6({}, large6(1400))),
  v6("RFC 4291 2.5.6", "a link-local source", through6({ src: "fe80::9" }), {
    differs: { why: LINK_LOCAL, ours: "ICMP 1/0, 00 00 00 00, quotes 51 octets, from itself" },
  }),
  v6("RFC 4291 2.5.3", "source ::1", through6({ src: "::1" })),
  v6("RFC 4291 2.5.2", "source ::", through6({ src: "::" }), {
    differs: {
      why: "the RFC: never forwarded; Linux looks only when the packet leaves by another interface",
      ours: "nothing",
    },
  }),
  v6("RFC 4291 2.7", "a multicast source", through6({ src: "ff02::9" })),
  v6("RFC 4291 2.5.3", "destination ::1", through6({ dst: "::1" })),
  v6("RFC 8200 3", "a payload length beyond the frame", () => through6()().with(5, 200)),
  v6("RFC 8200 3", "version 4 in an IPv6 frame", () => through6()().with(0, 0x40)),
  v6("RFC 8200 3", "padding behind the packet", through6(), { padding: 9 }),
  v6(
    "RFC 8200 4.6",
    "destination options pass",
    through6({ next: 60 }, [17, 0, 1, 4, 0, 0, 0, 0, ...udp6([1])]),
  ),
  v6(
    "RFC 8200 4.5",
    "a later fragment is forwarded",
    through6({ next: 44 }, [17, 0, 0, 9, 0, 0, 0, 1, 1, 2, 3]),
  ),
  v6(
    "RFC 4443 2.4",
    "hop limit 1, a first fragment",
    through6({ next: 44, hopLimit: 1 }, [17, 0, 0, 1, 0, 0, 0, 1, ...udp6([1])]),
  ),
  v6(
    "RFC 8200 4.3",
    "a hop-by-hop option that may be skipped",
    through6({ next: 0 }, [17, 0, 0x1e, 4, 0, 0, 0, 0, ...udp6([1])]),
  ),
  v6(
    "RFC 8200 4.2",
    "a hop-by-hop option that must be known",
    through6({ next: 0 }, [17, 0, 0x9e, 4, 0, 0, 0, 0, ...udp6([1])]),
    {
      differs: {
        why: "RFC 8200 section 4: a router looks at hop-by-hop options only when told to",
        ours: "forwarded, TTL 63",
      },
    },
  ),
  v6(
    "RFC 4443 4.2",
    "an echo request to the router",
    self6(58, (to) => icmpv6(128, 0, [0, 7, 0, 1], [1, 2], to)),
  ),
  v6(
    "RFC 4443 4.2",
    "an echo request with a wrong checksum",
    self6(58, (to) => spoiled(icmpv6(128, 0, [0, 7, 0, 1], [1], to), 2)),
  ),
  v6("RFC 4443 4.2", "an echo reply to the router", self6(58, (to) => icmpv6(129, 0, [0, 7, 0, 1], [1], to))),
  v6("RFC 4443 3.1", "UDP to a closed port of the router", self6(17, (to) => udp6([1], to))),
  v6("RFC 8200 8.1", "UDP without a checksum", self6(17, () => udp([1]))),
  v6("RFC 8200 8.1", "UDP with a wrong checksum", self6(17, (to) => spoiled(udp6([1], to), 6))),
  v6("RFC 9293 3.10.7.1", "a SYN to a closed port of the router", self6(6, (to) => tcp6({ ...to, port: 9 }))),
  v6(
    "RFC 9293 3.10.7.1",
    "an ACK to a closed port",
    self6(6, (to) => tcp6({ ...to, port: 9, flags: 0x10, acknowledgment: 99 })),
  ),
  v6("RFC 9293 3.10.7.1", "a reset", self6(6, (to) => tcp6({ ...to, port: 9, flags: 4 }))),
  v6("RFC 4443 3.4", "a next header that the router does not speak", self6(253, () => [1, 2, 3, 4])),
  v6(
    "RFC 8200 4.4",
    "a routing header with nodes still to visit, to the router",
    self6(43, (to) => [17, 2, 0, 1, 0, 0, 0, 0, ...f.ip6(THERE6), ...udp6([1], to)]),
  ),
  v6(
    "RFC 8200 4.4",
    "a routing header of an unknown type, behind options",
    self6(60, (to) => [43, 0, 1, 4, 0, 0, 0, 0, 17, 0, 253, 7, 0, 0, 0, 0, ...udp6([1], to)]),
  ),
  v6(
    "RFC 8200 4.4",
    "a routing header with no node left to visit",
    self6(43, (to) => [17, 2, 0, 0, 0, 0, 0, 0, ...f.ip6(THERE6), ...udp6([1], to)]),
  ),
  v6(
    "RFC 8200 4",
    "two hop-by-hop headers, to the router",
    self6(
      0,
      (to) => [0, 0, 1, 4, 0, 0, 0, 0, 58, 0, 1, 4, 0, 0, 0, 0, ...icmpv6(128, 0, [0, 7, 0, 1], [1], to)],
    ),
  ),
  v6(
    "RFC 8200 4",
    "a hop-by-hop header that is not the first, to the router",
    self6(
      60,
      (to) => [0, 0, 1, 4, 0, 0, 0, 0, 58, 0, 1, 4, 0, 0, 0, 0, ...icmpv6(128, 0, [0, 7, 0, 1], [1], to)],
    ),
  ),
  v6(
    "RFC 8200 4",
    "two hop-by-hop headers, to others",
    through6({ next: 0 }, [0, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0, ...udp6([1])]),
  ),
  v6("RFC 8200 4.7", "no next header", self6(59, () => [])),
  v6(
    "RFC 4861 7.2.4",
    "a solicitation of the router, to its group",
    (router) => f.solicitation({ ...asked(router), to: groupOf(router) }),
    { group: true },
  ),
  v6("RFC 4861 7.2.4", "a solicitation of the router alone", (router) => f.solicitation(asked(router)), {
    differs: {
      why: "Linux leaves out what it may leave out: override flag and link-layer address",
      ours: "advertisement, flags 224, 32 octets",
    },
  }),
  v6(
    "RFC 4862 5.4.3",
    "is the router's address free",
    (router) => f.solicitation({ from: "::", to: groupOf(router), target: router.ip6, option: false }),
    { group: true },
  ),
  v6(
    "RFC 4861 7.1.1",
    "a solicitation that crossed a router",
    (router) => f.solicitation({ ...asked(router), hopLimit: 254 }),
  ),
  v6(
    "RFC 4861 7.1.1",
    "a solicitation with an option of length 0",
    (router) => f.solicitation({ ...asked(router), optionLength: 0 }),
  ),
  v6(
    "RFC 4861 7.2.3",
    "a solicitation of somebody else",
    (router) => f.solicitation({ ...asked(router), target: "2001:db8::77" }),
  ),
];

import { describe, expect, test } from "vitest";
import { findFaults } from "../../../src/backend/check/find_faults.ts";
import { formatCommand } from "../../../src/system/programs.ts";
import type { Snapshot } from "../../../src/backend/check/snapshot.ts";
import {
  address,
  ALIAS,
  ALIAS6,
  CLUSTER,
  CLUSTER6,
  ETH1,
  EXPECTED,
  link,
  loopback,
  machine,
} from "./machine.ts";

/** Each fault as "id: command; command". */
function faults(snapshot: Snapshot, expected = EXPECTED): string[] {
  return findFaults(snapshot, expected).map(({ id, mend }) =>
    [id, mend.map(formatCommand).join("; ")].join(": ")
  );
}

const all = (key: string, value: number) => ({ [`net.ipv4.conf.all.${key}`]: value });
const eth1 = (key: string, value: number) => ({ [`net.ipv4.conf.eth1.${key}`]: value });

const SILENCE = "arp-ignore: sysctl -w net.ipv4.conf.all.arp_ignore=1";
const ANNOUNCE = "arp-announce: sysctl -w net.ipv4.conf.all.arp_announce=2";

const cases: { name: string; of: Snapshot; want: string[]; expected?: typeof EXPECTED }[] = [
  { name: "a sound backend", of: machine(), want: [] },
  { name: "arp_ignore 0", of: machine({ sysctls: all("arp_ignore", 0) }), want: [SILENCE] },
  { name: "arp_ignore 2, stricter", of: machine({ sysctls: all("arp_ignore", 2) }), want: [] },
  {
    name: "arp_ignore 2 on the only link",
    of: machine({ sysctls: { ...all("arp_ignore", 0), ...eth1("arp_ignore", 2) } }),
    want: [],
  },
  {
    name: "arp_ignore on lo, which changes nothing",
    of: machine({ sysctls: { ...all("arp_ignore", 0), "net.ipv4.conf.lo.arp_ignore": 1 } }),
    want: [SILENCE],
  },
  {
    name: "arp_ignore 8, silent also for the machine's own address",
    of: machine({ sysctls: all("arp_ignore", 8) }),
    want: [SILENCE],
  },
  {
    name: "arp_ignore 4 on the link, reserved",
    of: machine({ sysctls: eth1("arp_ignore", 4) }),
    want: ["arp-ignore: sysctl -w net.ipv4.conf.eth1.arp_ignore=1"],
  },
  {
    name: "a link whose name has a dot",
    of: machine({
      interfaces: [loopback(ALIAS, ALIAS6), ETH1, link("eth1.5")],
      sysctls: { "net.ipv4.conf.eth1/5.arp_ignore": 5 },
    }),
    want: ["arp-ignore: sysctl -w net.ipv4.conf.eth1/5.arp_ignore=1"],
  },
  { name: "arp_announce 0", of: machine({ sysctls: all("arp_announce", 0) }), want: [ANNOUNCE] },
  {
    name: "arp_announce 1, and the cluster address in the link's network",
    of: machine({ sysctls: all("arp_announce", 1) }),
    want: [ANNOUNCE],
  },
  {
    name: "arp_announce 1, and the cluster address elsewhere",
    of: machine({
      sysctls: all("arp_announce", 1),
      interfaces: [
        loopback(ALIAS, ALIAS6),
        link("eth1", address("10.0.9.11/24"), address("2001:db8::11/64")),
      ],
    }),
    want: [],
  },
  {
    name: "published entries",
    of: machine({
      published: [{ address: CLUSTER, interface: "eth1" }, { address: "10.0.0.7", interface: "eth1" }, {
        address: CLUSTER6,
        interface: "eth1",
      }],
    }),
    want: [
      "arp-published: ip neigh del proxy 10.0.0.100 dev eth1",
      "arp-published: ip neigh del proxy 2001:db8::100 dev eth1",
    ],
  },
  {
    name: "proxy_arp with forwarding",
    of: machine({ sysctls: { ...eth1("proxy_arp", 1), ...eth1("forwarding", 1) } }),
    want: ["proxy-arp: sysctl -w net.ipv4.conf.eth1.proxy_arp=0"],
  },
  { name: "proxy_arp without forwarding", of: machine({ sysctls: eth1("proxy_arp", 1) }), want: [] },
  {
    name: "no alias",
    of: machine({ interfaces: [loopback(), ETH1] }),
    want: [
      "alias-missing: ip address replace 10.0.0.100/32 dev lo scope host",
      "alias-missing: ip address replace 2001:db8::100/128 dev lo",
    ],
  },
  {
    name: "the alias on an interface without ARP, such as a dummy",
    of: machine({
      interfaces: [loopback(), ETH1, { ...link("dummy0", ALIAS, ALIAS6), isLink: false, isQuiet: true }],
    }),
    want: [],
  },
  {
    name: "the alias on the link, instead of lo",
    of: machine({ interfaces: [loopback(ALIAS6), { ...ETH1, addresses: [...ETH1.addresses, ALIAS] }] }),
    want: [
      "alias-interface: ip address del 10.0.0.100/32 dev eth1; ip address replace 10.0.0.100/32 dev lo scope host",
    ],
  },
  {
    name: "the alias on the link, beside lo, and somebody else has it too",
    of: machine({
      interfaces: [loopback(ALIAS, ALIAS6), {
        ...ETH1,
        addresses: [...ETH1.addresses, address(`${CLUSTER6}/64`, "global", true)],
      }],
    }),
    want: ["dad-failed: ip address del 2001:db8::100/64 dev eth1"],
  },
  {
    name: "the mask of a network",
    of: machine({
      interfaces: [loopback(address(`${CLUSTER}/24`), address(`${CLUSTER6}/64`)), ETH1],
      routes: (rows) =>
        `${rows}\nlocal 10.0.0.0/24 dev lo table local proto kernel scope host src 10.0.0.100\n2001:db8::/64 dev lo metric 256`,
    }),
    want: [
      "alias-mask: ip address replace 10.0.0.100/32 dev lo scope host; ip address del 10.0.0.100/24 dev lo",
      "alias-mask: ip address del 2001:db8::100/64 dev lo; ip address replace 2001:db8::100/128 dev lo",
    ],
  },
  {
    name: "both masks",
    of: machine({ interfaces: [loopback(ALIAS, ALIAS6, address(`${CLUSTER}/24`)), ETH1] }),
    want: ["alias-mask: ip address del 10.0.0.100/24 dev lo"],
  },
  {
    name: "scope global with arp_ignore 3",
    of: machine({
      interfaces: [loopback(address(`${CLUSTER}/32`), ALIAS6), ETH1],
      sysctls: eth1("arp_ignore", 3),
    }),
    want: [
      "alias-scope: ip address del 10.0.0.100/32 dev lo; ip address replace 10.0.0.100/32 dev lo scope host",
    ],
  },
  {
    name: "scope global with arp_ignore 1",
    of: machine({ interfaces: [loopback(address(`${CLUSTER}/32`), ALIAS6), ETH1] }),
    want: [],
  },
  {
    name: "scope host with arp_ignore 3",
    of: machine({ sysctls: all("arp_ignore", 3) }),
    want: [],
  },
  {
    name: "an extra route without the mask that would explain it",
    of: machine({
      routes: (rows) => `${rows}\nlocal 10.0.0.0/24 dev lo table local proto kernel scope host`,
    }),
    want: ["extra-route: ip route del local 10.0.0.0/24 dev lo table local"],
  },
  {
    name: "no default route",
    of: machine({ routes: (rows) => rows.replaceAll(/^default.*$/gm, "") }),
    want: [
      "no-default-route: ip route add default via ROUTER",
      "no-default-route: ip route add default via ROUTER",
    ],
  },
  {
    name: "no default route, and the configuration knows a router",
    of: machine({
      routes: (rows) => rows.replace(/^default via 10.*$/m, "unreachable default metric 4278198272"),
    }),
    expected: { ...EXPECTED, gateways: ["2001:db8::1", "10.0.0.1"] },
    want: ["no-default-route: ip route add default via 10.0.0.1"],
  },
  {
    name: "strict rp_filter, and the way back by another interface",
    of: machine({
      interfaces: [loopback(ALIAS, ALIAS6), ETH1, link("eth0", address("192.0.2.5/24"))],
      routes: (rows) => rows.replace("via 10.0.0.1 dev eth1", "via 192.0.2.1 dev eth0"),
      sysctls: all("rp_filter", 1),
    }),
    want: ["rp-filter: sysctl -w net.ipv4.conf.eth1.rp_filter=2"],
  },
  {
    name: "strict rp_filter, and the same way back",
    of: machine({ sysctls: all("rp_filter", 1) }),
    want: [],
  },
  {
    name: "strict rp_filter on a link where the dispatcher is not",
    of: machine({
      interfaces: [loopback(ALIAS, ALIAS6), ETH1, link("eth0", address("192.0.2.5/24"))],
      sysctls: all("rp_filter", 1),
    }),
    expected: { ...EXPECTED, dispatcher: [{ address: "10.0.0.2", prefixLength: 24 }] },
    want: [],
  },
  {
    name: "frames to all are dropped, and frames come to all",
    of: machine({
      sysctls: {
        ...all("drop_unicast_in_l2_multicast", 1),
        "net.ipv6.conf.eth1.drop_unicast_in_l2_multicast": 1,
        "net.ipv6.conf.all.drop_unicast_in_l2_multicast": 1,
      },
    }),
    expected: {
      ...EXPECTED,
      clusters: EXPECTED.clusters.map((cluster) => ({ ...cluster, mayBroadcast: true })),
    },
    want: [
      "multicast-drop: sysctl -w net.ipv4.conf.all.drop_unicast_in_l2_multicast=0",
      "multicast-drop: sysctl -w net.ipv6.conf.eth1.drop_unicast_in_l2_multicast=0",
    ],
  },
  {
    name: "frames to all are dropped, and none come",
    of: machine({ sysctls: all("drop_unicast_in_l2_multicast", 1) }),
    want: [],
  },
  {
    name: "a smaller MTU",
    of: machine({ interfaces: [loopback(ALIAS, ALIAS6), { ...ETH1, mtu: 1400 }] }),
    want: ["mtu: ip link set dev eth1 mtu 1500"],
  },
  {
    name: "a larger MTU than the link's",
    of: machine({ interfaces: [loopback(ALIAS, ALIAS6), { ...ETH1, mtu: 9000 }] }),
    want: ["mtu: ip link set dev eth1 mtu 1500"],
  },
  {
    name: "a smaller MTU that the configuration grants",
    of: machine({ interfaces: [loopback(ALIAS, ALIAS6), { ...ETH1, mtu: 1400 }] }),
    expected: { ...EXPECTED, mtu: { least: 1400, most: 1500 } },
    want: [],
  },
  { name: "no server", of: machine({ listeners: [] }), want: ["no-service: ", "no-service: "] },
  {
    name: "a server on the primary address only, and one of the other protocol",
    of: machine({
      listeners: [
        { protocol: "tcp", address: "10.0.0.11", port: 80 },
        { protocol: "udp", address: "*", port: 80 },
        { protocol: "tcp", address: CLUSTER6, port: 80 },
      ],
    }),
    want: ["no-service: "],
  },
  {
    name: "a server on all addresses of one family",
    of: machine({ listeners: [{ protocol: "tcp", address: "::", port: 80 }] }),
    want: ["no-service: "],
  },
  {
    name: "many at once: silence is mended before the address comes",
    of: machine({
      interfaces: [loopback(ALIAS6), ETH1],
      sysctls: { ...all("arp_ignore", 0), ...all("arp_announce", 0) },
    }),
    want: [SILENCE, ANNOUNCE, "alias-missing: ip address replace 10.0.0.100/32 dev lo scope host"],
  },
];

describe("findFaults finds, and mends with these commands:", () => {
  for (const { name, of, want, expected } of cases) {
    test(name, () => expect(faults(of, expected)).toEqual(want));
  }
});

test("a fault says what was found in the machine's own words", () => {
  const of = machine({
    interfaces: [loopback(address(`${CLUSTER}/24`), ALIAS6), ETH1],
    routes: (rows) => `${rows}\nlocal 10.0.0.0/24 dev lo table local proto kernel scope host src 10.0.0.100`,
  });
  expect(findFaults(of, EXPECTED)[0]!.found).toBe(
    '10.0.0.100 has the mask /24 on lo, which brings the extra route "local 10.0.0.0/24"',
  );
});

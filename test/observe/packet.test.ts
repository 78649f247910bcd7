/** What of a frame tells a story, and that none is too strange. */

import { expect, test } from "vitest";
import { packetOf } from "../../src/observe/packet.ts";
import * as f from "../frames.ts";
import { roundsOf } from "../needs.ts";
import { Random } from "../random.ts";

const TCP = { protocol: f.PROTOCOL.tcp };
const V6 = { type: f.ETHERTYPE.ipv6 };
const ARP = { type: f.ETHERTYPE.arp, src: f.MAC.backend1 };
const between = { src: f.IP.client, dst: f.IP.cluster };
const between6 = { src: f.IP6.client, dst: f.IP6.cluster };

test.each([
  ["a SYN", f.synToCluster(), {
    kind: "tcp",
    ...between,
    srcPort: 40_000,
    dstPort: 80,
    flags: 2,
    sequence: 1000,
  }],
  ["a reset", f.ethernet(f.ipv4(f.tcp({ flags: 4 }), TCP)), { kind: "tcp", flags: 4 }],
  ["a datagram", f.ethernet(f.ipv4(f.udp([]))), { kind: "udp", ...between, srcPort: 40_000, dstPort: 53 }],
  [
    "an echo request",
    f.ethernet(f.ipv4(f.icmp(8, 0, [], [0, 1, 0, 2]), { protocol: f.PROTOCOL.icmp })),
    { kind: "icmp", ...between, flags: 0x800, sequence: 0x10002 },
  ],
  ["a SYN in IPv6", f.ethernet(f.ipv6(f.tcp6(between6), { ...between6, next: 6 }), V6), {
    kind: "tcp",
    ...between6,
  }],
  [
    "an ARP reply",
    f.ethernet(
      f.arp({ operation: 2, senderMac: f.MAC.backend1, senderIp: f.IP.cluster, targetIp: f.IP.router }),
      ARP,
    ),
    { kind: "claim", srcMac: f.MAC.backend1, src: f.IP.cluster, dst: f.IP.router },
  ],
  [
    "a neighbor advertisement",
    f.ethernet(f.advertisement({ target: f.IP6.cluster }), V6),
    { kind: "claim", src: f.IP6.cluster, dst: "ff02::1" },
  ],
  [
    "a tagged SYN",
    f.ethernet([0, 7, 8, 0, ...f.ipv4(f.tcp(), TCP)], { type: f.ETHERTYPE.vlan }),
    { kind: "tcp", ...between },
  ],
  ["data of a connection", f.ethernet(f.ipv4(f.tcp({ flags: 0x10, data: [1] }), TCP)), undefined],
  ["an ARP request", f.ethernet(f.arp(), ARP), undefined],
  ["a fragment that is not the first", f.ethernet(f.ipv4(f.udp([]), { fragment: 1 })), undefined],
])("%s", (_, frame, expected) => {
  const packet = packetOf(frame);
  if (expected === undefined) expect(packet).toBeUndefined();
  else expect(packet).toMatchObject(expected);
});

test("frames that end anywhere, or are damaged anywhere, do no harm", () => {
  const random = new Random(15);
  const whole = [
    f.synToCluster(),
    f.ethernet(f.advertisement(), V6),
    f.ethernet(f.arp({ operation: 2 }), ARP),
  ];
  for (let round = 0; round < roundsOf(3000); round++) {
    const frame = random.pick(whole).slice(0, random.below(90));
    for (let damage = random.below(4); damage > 0 && frame.length > 0; damage--) {
      frame[random.below(frame.length)] = random.below(256);
    }
    const packet = packetOf(frame);
    if (packet !== undefined) expect(["tcp", "udp", "icmp", "claim"]).toContain(packet.kind);
  }
});

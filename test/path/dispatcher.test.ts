import { describe, expect, test } from "vitest";
import { ofIpv4 } from "../../src/table/hash.ts";
import { bucketOf } from "../../src/table/bucket_map.ts";
import { parseMac, wordOf } from "../../src/wire/address.ts";
import { Bench, BUCKETS, NEIGHBOR } from "./arrange.ts";
import * as f from "../frames.ts";
import { ETHERTYPE, IP, MAC, PROTOCOL } from "../frames.ts";

const { ethernet, ipv4, udp, tcp, icmp, arp } = f;

/** The neighbor that owns a client, by the oracle's arithmetic. */
function ownerOf(client: string): number {
  return bucketOf(ofIpv4(wordOf(client), 0), BUCKETS) % 2 === 0 ? NEIGHBOR.backend1 : NEIGHBOR.backend2;
}

/** Two clients with different backends. */
const [CLIENT_A, CLIENT_B] = (() => {
  const clients = Array.from({ length: 50 }, (_, index) => `198.51.100.${index + 1}`);
  return [
    clients.find((client) => ownerOf(client) === NEIGHBOR.backend1)!,
    clients.find((client) => ownerOf(client) === NEIGHBOR.backend2)!,
  ] as const;
})();

const ECHO = icmp(8, 0, [1, 2, 3], [0x12, 0x34, 0, 1]);

describe("every frame ends in one verdict:", () => {
  const toSelf = (payload: f.Octets, protocol: number, options: f.Ipv4Options = {}) =>
    ethernet(ipv4(payload, { dst: IP.dispatcher, protocol, ...options }));
  const badSum = (frame: Uint8Array, at: number) => frame.with(at, frame[at]! ^ 0xff);
  const embedded = ipv4(tcp(), { src: IP.cluster, dst: CLIENT_B, protocol: PROTOCOL.tcp });
  const cases: { name: string; frame: Uint8Array; want: string; plan?: "nobody live" | "unresolved" }[] = [
    { name: "an empty frame", frame: new Uint8Array(0), want: "drop_runt" },
    { name: "13 octets", frame: f.synToCluster().slice(0, 13), want: "drop_runt" },
    { name: "14 octets", frame: f.synToCluster().slice(0, 14), want: "drop_malformed" },
    { name: "another machine's MAC", frame: ethernet([], { dst: MAC.other }), want: "drop_not_ours" },
    { name: "a multicast MAC", frame: ethernet([], { dst: "01:00:5e:00:00:01" }), want: "drop_not_ours" },
    { name: "our own MAC as source", frame: ethernet([], { src: MAC.dispatcher }), want: "drop_source_mac" },
    { name: "a group as source", frame: ethernet([], { src: MAC.broadcast }), want: "drop_source_mac" },
    { name: "an unknown type", frame: ethernet([], { type: 0x88cc }), want: "drop_ethertype" },
    { name: "an 802.3 length", frame: ethernet([], { type: 46 }), want: "drop_ethertype" },
    { name: "a VLAN tag", frame: ethernet([], { type: ETHERTYPE.vlan }), want: "drop_vlan" },

    { name: "TCP to the cluster", frame: f.synToCluster(), want: "dispatched" },
    { name: "UDP to the cluster", frame: ethernet(ipv4(udp([1]))), want: "dispatched" },
    {
      name: "an echo request to the cluster",
      frame: ethernet(ipv4(ECHO, { protocol: 1 })),
      want: "dispatched",
    },
    { name: "a protocol without ports", frame: ethernet(ipv4([1], { protocol: 47 })), want: "dispatched" },
    { name: "IPv4 options", frame: ethernet(ipv4(udp([]), { options: [1, 1, 1, 0] })), want: "dispatched" },
    { name: "a first fragment", frame: ethernet(ipv4(udp([1]), { fragment: 0x2000 })), want: "dispatched" },
    { name: "a later fragment", frame: ethernet(ipv4([1], { fragment: 0x2064 })), want: "dispatched" },
    { name: "TTL 2", frame: ethernet(ipv4(udp([1]), { ttl: 2 })), want: "dispatched" },
    { name: "TTL 1", frame: ethernet(ipv4(udp([1]), { ttl: 1 })), want: "time_exceeded" },
    { name: "TTL 0", frame: ethernet(ipv4(udp([1]), { ttl: 0 })), want: "time_exceeded" },
    {
      name: "TTL 1, a later fragment",
      frame: ethernet(ipv4(udp([1]), { ttl: 1, fragment: 1 })),
      want: "drop_unanswerable",
    },
    {
      name: "TTL 1, an ICMP error",
      frame: ethernet(ipv4(icmp(3, 4, embedded), { ttl: 1, protocol: 1 })),
      want: "drop_unanswerable",
    },
    { name: "no backend live", frame: f.synToCluster(), plan: "nobody live", want: "host_unreachable" },
    {
      name: "no backend live, an ICMP error",
      frame: ethernet(ipv4(icmp(3, 4, embedded), { protocol: 1 })),
      plan: "nobody live",
      want: "drop_unanswerable",
    },
    { name: "a backend without MAC", frame: f.synToCluster(), plan: "unresolved", want: "pending" },
    {
      name: "from the backend it would go to",
      frame: ethernet(ipv4(udp([]), { src: CLIENT_A }), { src: MAC.backend1 }),
      want: "drop_loop",
    },
    {
      name: "a cluster address as source",
      frame: ethernet(ipv4(udp([]), { src: IP.cluster })),
      want: "drop_from_cluster",
    },
    {
      name: "our own address as source",
      frame: ethernet(ipv4(udp([]), { src: IP.dispatcher })),
      want: "drop_from_self",
    },
    { name: "source 0.0.0.0", frame: ethernet(ipv4(udp([]), { src: "0.0.0.0" })), want: "drop_martian" },
    { name: "source 127.0.0.1", frame: ethernet(ipv4(udp([]), { src: "127.0.0.1" })), want: "drop_martian" },
    {
      name: "a multicast source",
      frame: ethernet(ipv4(udp([]), { src: "224.0.0.1" })),
      want: "drop_martian",
    },
    {
      name: "the broadcast source",
      frame: ethernet(ipv4(udp([]), { src: "255.255.255.255" })),
      want: "drop_martian",
    },
    { name: "a wrong header checksum", frame: badSum(f.synToCluster(), 24), want: "drop_malformed" },
    { name: "a packet cut short", frame: f.synToCluster().slice(0, 40), want: "drop_malformed" },
    {
      name: "IPv4 to the broadcast MAC",
      frame: ethernet(ipv4(udp([])), { dst: MAC.broadcast }),
      want: "drop_group",
    },
    {
      name: "IPv4 to a multicast address",
      frame: ethernet(ipv4(udp([]), { dst: "224.0.0.5" })),
      want: "drop_group",
    },
    {
      name: "IPv4 to another network",
      frame: ethernet(ipv4(udp([]), { dst: "192.0.2.99" })),
      want: "net_unreachable",
    },

    { name: "an echo request to us", frame: toSelf(ECHO, 1), want: "answered_echo" },
    {
      name: "an echo request to us, fragmented",
      frame: toSelf(ECHO, 1, { fragment: 0x2000 }),
      want: "drop_self",
    },
    { name: "an echo request to us, wrong checksum", frame: badSum(toSelf(ECHO, 1), 36), want: "drop_self" },
    { name: "an echo reply to us", frame: toSelf(icmp(0, 0, []), 1), want: "heard_answer" },
    { name: "ICMP of 7 octets to us", frame: toSelf([8, 0, 0, 0, 0, 0, 0], 1), want: "drop_self" },
    { name: "UDP to us", frame: toSelf(udp([1]), PROTOCOL.udp), want: "port_unreachable" },
    { name: "TCP to us", frame: toSelf(tcp({ dst: IP.dispatcher }), PROTOCOL.tcp), want: "reset" },
    {
      name: "a TCP reset to us",
      frame: toSelf(tcp({ dst: IP.dispatcher, flags: 4 }), PROTOCOL.tcp),
      want: "drop_self",
    },
    { name: "19 octets of TCP to us", frame: toSelf(tcp().slice(0, 19), PROTOCOL.tcp), want: "drop_self" },
    { name: "GRE to us", frame: toSelf([0, 0, 8, 0], 47), want: "protocol_unreachable" },

    {
      name: "who has the cluster address",
      frame: ethernet(arp(), { dst: MAC.broadcast, type: 0x0806 }),
      want: "answered_arp",
    },
    {
      name: "who has our address, asked of us alone",
      frame: ethernet(arp({ targetIp: IP.dispatcher }), { type: 0x0806 }),
      want: "answered_arp",
    },
    {
      name: "who has our address, from a machine that checks if it is free",
      frame: ethernet(arp({ targetIp: IP.dispatcher, senderIp: "0.0.0.0" }), {
        dst: MAC.broadcast,
        type: 0x0806,
      }),
      want: "answered_arp",
    },
    {
      name: "who has somebody else",
      frame: ethernet(arp({ targetIp: IP.backend1 }), { dst: MAC.broadcast, type: 0x0806 }),
      want: "drop_arp_other",
    },
    {
      name: "somebody else says the cluster address is theirs",
      frame: ethernet(arp({ senderIp: IP.cluster, senderMac: MAC.other }), {
        dst: MAC.broadcast,
        type: 0x0806,
      }),
      want: "heard_claim",
    },
    {
      name: "an answer to us",
      frame: ethernet(arp({ operation: 2, senderIp: IP.backend1, targetIp: IP.dispatcher }), {
        type: 0x0806,
      }),
      want: "heard_neighbor",
    },
    {
      name: "an answer to everyone",
      frame: ethernet(arp({ operation: 2, senderIp: IP.backend1, targetIp: IP.dispatcher }), {
        dst: MAC.broadcast,
        type: 0x0806,
      }),
      want: "drop_arp_other",
    },
    {
      name: "ARP of 27 octets",
      frame: ethernet(arp().slice(0, 27), { type: 0x0806 }),
      want: "drop_arp_malformed",
    },
    {
      name: "ARP for other hardware",
      frame: ethernet(arp().with(1, 6), { type: 0x0806 }),
      want: "drop_arp_malformed",
    },
    {
      name: "ARP from a group",
      frame: ethernet(arp({ senderMac: MAC.broadcast }), { type: 0x0806 }),
      want: "drop_arp_malformed",
    },
    {
      name: "an ARP reply from the MAC that nobody has",
      frame: ethernet(
        arp({ operation: 2, senderMac: "00:00:00:00:00:00", senderIp: IP.backend1, targetIp: IP.dispatcher }),
        { type: 0x0806 },
      ),
      want: "drop_arp_malformed",
    },
  ];
  for (const { name, frame, want, plan } of cases) {
    test(`${name}: ${want}`, () => {
      const bench = new Bench();
      if (plan === "nobody live") bench.killAll();
      if (plan === "unresolved") {
        for (const neighbor of Object.values(NEIGHBOR)) bench.table.clearMac(neighbor);
      }
      expect(bench.receive(frame).verdict).toBe(want);
    });
  }
});

describe("a dispatched frame", () => {
  test.each([CLIENT_A, CLIENT_B])(
    "from %s goes to its client's backend and changes in MACs, TTL and checksum only",
    (client) => {
      const bench = new Bench();
      const data = Array.from({ length: 200 }, (_, index) => index);
      const packet = (ttl: number) =>
        ipv4(tcp({ src: client, data }), { src: client, protocol: PROTOCOL.tcp, ttl });
      const { frame, neighbor } = bench.receive(ethernet(packet(64)));
      const backend = ownerOf(client) === NEIGHBOR.backend1 ? MAC.backend1 : MAC.backend2;
      expect(neighbor).toBe(ownerOf(client));
      expect(f.hex(frame)).toBe(f.hex(ethernet(packet(63), { src: MAC.dispatcher, dst: backend })));
    },
  );

  test("keeps its padding", () => {
    const frame = Uint8Array.from([...ethernet(ipv4(udp([]))), 9, 9, 9]);
    expect([...new Bench().receive(frame).frame.slice(-3)]).toEqual([9, 9, 9]);
  });

  test("whose backend has no MAC yet lacks the destination MAC only", () => {
    const bench = new Bench();
    bench.table.clearMac(ownerOf(CLIENT_A));
    const { verdict, frame, neighbor } = bench.receive(ethernet(ipv4(udp([7]), { src: CLIENT_A })));
    expect({ verdict, neighbor }).toEqual({ verdict: "pending", neighbor: NEIGHBOR.backend1 });
    const want = ethernet(ipv4(udp([7]), { src: CLIENT_A, ttl: 63 }), {
      src: MAC.dispatcher,
      dst: "00:00:00:00:00:00",
    });
    expect(f.hex(frame)).toBe(f.hex(want));
  });

  test("all fragments of a datagram meet one backend", () => {
    const bench = new Bench();
    const fragments = [[udp([1]), 0x2000], [[2], 0x2001], [[3], 0x0002]] as const;
    const neighbors = fragments.map(([payload, fragment]) =>
      bench.receive(ethernet(ipv4(payload, { src: CLIENT_B, fragment }))).neighbor
    );
    expect(neighbors).toEqual([NEIGHBOR.backend2, NEIGHBOR.backend2, NEIGHBOR.backend2]);
  });
});

describe("an ICMP error about a cluster flow reaches the backend of the embedded packet's client:", () => {
  /** What a backend sent to CLIENT_B, with 8 octets of transport header. */
  const embedded = ipv4(tcp().slice(0, 8), { src: IP.cluster, dst: CLIENT_B, protocol: PROTOCOL.tcp });
  const withOptions = ipv4(tcp().slice(0, 8), {
    src: IP.cluster,
    dst: CLIENT_B,
    protocol: 6,
    options: [1, 1, 1, 1],
  });
  const from = (data: f.Octets, type = 3, code = 4) =>
    ethernet(ipv4(icmp(type, code, data), { src: CLIENT_A, protocol: PROTOCOL.icmp }));
  const cases = [
    { name: "fragmentation needed", frame: from(embedded), want: NEIGHBOR.backend2 },
    { name: "time exceeded", frame: from(embedded, 11, 0), want: NEIGHBOR.backend2 },
    { name: "source quench", frame: from(embedded, 4, 0), want: NEIGHBOR.backend2 },
    { name: "parameter problem", frame: from(embedded, 12, 0), want: NEIGHBOR.backend2 },
    { name: "options in the embedded packet", frame: from(withOptions), want: NEIGHBOR.backend2 },
    { name: "no more than the embedded header", frame: from(embedded.slice(0, 20)), want: NEIGHBOR.backend2 },
    {
      name: "but not an address that is cut off",
      frame: from(embedded.slice(0, 19)),
      want: NEIGHBOR.backend1,
    },
    { name: "but not a redirect", frame: from(embedded, 5, 0), want: NEIGHBOR.backend1 },
    { name: "but not an echo that looks like one", frame: from(embedded, 8, 0), want: NEIGHBOR.backend1 },
    {
      name: "but not about a packet that is not the cluster's",
      frame: from(ipv4(udp([]), { src: IP.backend1, dst: CLIENT_B })),
      want: NEIGHBOR.backend1,
    },
  ];
  for (const { name, frame, want } of cases) {
    test(name, () => {
      const { verdict, neighbor } = new Bench().receive(frame);
      expect({ verdict, neighbor }).toEqual({ verdict: "dispatched", neighbor: want });
    });
  }
});

describe("an answer", () => {
  test("to a who-has names our MAC", () => {
    const { frame } = new Bench().receive(ethernet(arp(), { dst: MAC.broadcast, type: ETHERTYPE.arp }));
    const reply = arp({
      operation: 2,
      senderMac: MAC.dispatcher,
      senderIp: IP.cluster,
      targetMac: MAC.router,
      targetIp: IP.router,
    });
    const want = ethernet(reply, { src: MAC.dispatcher, dst: MAC.router, type: ETHERTYPE.arp });
    expect(f.hex(frame)).toBe(f.hex(want));
  });

  test("to an echo request is its reply, without its padding", () => {
    const request = ipv4(ECHO, { dst: IP.dispatcher, protocol: PROTOCOL.icmp, ttl: 7 });
    const { frame } = new Bench().receive(Uint8Array.from([...ethernet(request), 0, 0, 0]));
    const reply = ipv4(icmp(0, 0, [1, 2, 3], [0x12, 0x34, 0, 1]), {
      src: IP.dispatcher,
      dst: IP.client,
      protocol: PROTOCOL.icmp,
    });
    expect(f.hex(frame)).toBe(f.hex(ethernet(reply, { src: MAC.dispatcher, dst: MAC.router })));
  });

  test("to a packet at its end quotes it as it came", () => {
    const packet = ipv4(udp([1, 2, 3]), { ttl: 1, tos: 0x10 });
    const { frame } = new Bench().receive(ethernet(packet));
    const error = ipv4(icmp(11, 0, packet), {
      src: IP.dispatcher,
      dst: IP.client,
      protocol: PROTOCOL.icmp,
      tos: 0xd0,
      id: 0,
      fragment: 0x4000,
    });
    expect(f.hex(frame)).toBe(f.hex(ethernet(error, { src: MAC.dispatcher, dst: MAC.router })));
  });

  test("to a long packet quotes as much as fits in 576 octets", () => {
    const packet = ipv4(udp(new Array<number>(1400).fill(5)), { ttl: 1 });
    const { frame } = new Bench().receive(ethernet(packet));
    expect(frame.length).toBe(14 + 576);
    expect([...frame.slice(14 + 28)]).toEqual(packet.slice(0, 548));
    expect(f.checksum([...frame.slice(34)])).toBe(0);
  });

  const resets: { name: string; segment: f.TcpOptions; want: f.TcpOptions }[] = [
    {
      name: "a SYN",
      segment: { flags: 0x02, sequence: 1000 },
      want: { flags: 0x14, sequence: 0, acknowledgment: 1001 },
    },
    {
      name: "data with FIN",
      segment: { flags: 0x01, sequence: -2, data: [1, 2, 3] },
      want: { flags: 0x14, sequence: 0, acknowledgment: 2 },
    },
    { name: "an ACK", segment: { flags: 0x10, acknowledgment: 77 }, want: { flags: 0x04, sequence: 77 } },
  ];
  for (const { name, segment, want } of resets) {
    test(`to ${name} is the reset of RFC 9293`, () => {
      const packet = ipv4(tcp({ ...segment, dst: IP.dispatcher }), {
        dst: IP.dispatcher,
        protocol: PROTOCOL.tcp,
      });
      const { frame } = new Bench().receive(ethernet(packet));
      const expected = f.tcp({ ...want, src: IP.dispatcher, dst: IP.client });
      const turned = [...expected.slice(2, 4), ...expected.slice(0, 2), ...expected.slice(4)].with(14, 0)
        .with(15, 0);
      const summed = f.u16(f.checksum([
        ...f.ip(IP.dispatcher),
        ...f.ip(IP.client),
        0,
        6,
        0,
        20,
        ...turned.with(16, 0).with(17, 0),
      ]));
      expect(f.hex(frame.slice(34))).toBe(f.hex(turned.toSpliced(16, 2, ...summed)));
    });
  }

  test("goes to the gateway, when one is known and the asker is not on the link", () => {
    const bench = new Bench({ gateway: { ipv4: NEIGHBOR.gateway, ipv6: undefined } });
    const ask = (src: string) =>
      bench.receive(ethernet(ipv4(ECHO, { src, dst: IP.dispatcher, protocol: 1 }), { src: MAC.other })).frame;
    expect(f.hex(ask(IP.client).slice(0, 6)), "not known yet").toBe(f.hex(f.mac(MAC.other)));
    const { high, low } = parseMac(MAC.router)!;
    bench.table.setMac(NEIGHBOR.gateway, high, low);
    expect(f.hex(ask(IP.client).slice(0, 6))).toBe(f.hex(f.mac(MAC.router)));
    expect(f.hex(ask("10.0.0.77").slice(0, 6)), "on the link").toBe(f.hex(f.mac(MAC.other)));
  });

  test("is held back by the rate limit, and comes again later", () => {
    const bench = new Bench();
    const frame = ethernet(ipv4(udp([1]), { ttl: 1 }));
    const verdicts = Array.from({ length: 60 }, () => bench.receive(frame).verdict);
    expect(verdicts.filter((verdict) => verdict === "time_exceeded")).toHaveLength(50);
    expect(verdicts.at(-1)).toBe("drop_rate_limit");
    expect(bench.receive(frame, 1000).verdict).toBe("time_exceeded");
  });
});

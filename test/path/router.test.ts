import { describe, expect, test } from "vitest";
import type { Plan } from "../../src/path/plan.ts";
import { parseMac } from "../../src/wire/address.ts";
import { Bench, NEIGHBOR, PLAN } from "./arrange.ts";
import * as f from "../frames.ts";
import { ETHERTYPE, IP, IP6, MAC } from "../frames.ts";

const { ethernet, icmp, icmpv6, ipv4, ipv6, tcp, tcp6, udp } = f;
const v6 = (packet: f.Octets) => ethernet(packet, { type: ETHERTYPE.ipv6 });
const TURNED = { src: IP.dispatcher, dst: IP.client, protocol: 1, id: 0, fragment: 0x4000, tos: 0xc0 };
const BACK = { src: MAC.dispatcher, dst: MAC.router };

function withCluster(change: Partial<Plan["clusters"][0]>): Bench {
  return new Bench({ clusters: [{ ...PLAN.clusters[0]!, ...change }] });
}

describe("service ports 80/tcp and 53/udp:", () => {
  const ports = [{ port: 80, protocol: "tcp" }, { port: 53, protocol: "udp" }] as const;
  const to = (port: number) => udp([1], 40_000, port);
  const cases: { name: string; frame: Uint8Array; reject: string; drop?: string }[] = [
    { name: "TCP to 80", frame: ethernet(ipv4(tcp(), { protocol: 6 })), reject: "dispatched" },
    { name: "UDP to 53", frame: ethernet(ipv4(to(53))), reject: "dispatched" },
    {
      name: "TCP to 53",
      frame: ethernet(ipv4(tcp({ port: 53 }), { protocol: 6 })),
      reject: "reset",
      drop: "drop_closed",
    },
    { name: "UDP to 80", frame: ethernet(ipv4(to(80))), reject: "port_unreachable", drop: "drop_closed" },
    { name: "an echo request", frame: ethernet(ipv4(icmp(8, 0, []), { protocol: 1 })), reject: "dispatched" },
    {
      name: "GRE",
      frame: ethernet(ipv4([0, 0, 0, 0], { protocol: 47 })),
      reject: "prohibited",
      drop: "drop_closed",
    },
    { name: "a later fragment", frame: ethernet(ipv4([1], { fragment: 0x2064 })), reject: "dispatched" },
    {
      name: "a first fragment to a closed port",
      frame: ethernet(ipv4(to(80), { fragment: 0x2000 })),
      reject: "port_unreachable",
      drop: "drop_closed",
    },
    {
      name: "three octets of TCP",
      frame: ethernet(ipv4([0, 1, 2], { protocol: 6 })),
      reject: "drop_closed",
      drop: "drop_closed",
    },
    { name: "IPv6: TCP to 80", frame: v6(ipv6(tcp6(), { next: 6 })), reject: "dispatched" },
    {
      name: "IPv6: TCP to 53",
      frame: v6(ipv6(tcp6({ port: 53 }), { next: 6 })),
      reject: "reset",
      drop: "drop_closed",
    },
    { name: "IPv6: UDP to 80", frame: v6(ipv6(to(80))), reject: "port_unreachable", drop: "drop_closed" },
    {
      name: "IPv6: an echo request",
      frame: v6(ipv6(icmpv6(128, 0, [0, 0, 0, 0], []), { next: 58 })),
      reject: "dispatched",
    },
    {
      name: "IPv6: GRE",
      frame: v6(ipv6([0, 0, 0, 0], { next: 47 })),
      reject: "prohibited",
      drop: "drop_closed",
    },
    {
      name: "IPv6: a later fragment",
      frame: v6(ipv6([17, 0, 0, 9, 0, 0, 0, 1], { next: 44 })),
      reject: "dispatched",
    },
  ];
  for (const { name, frame, reject, drop = reject } of cases) {
    test(`${name}: ${reject}, or ${drop}`, () => {
      expect(withCluster({ ports, closed: "reject" }).receive(frame).verdict).toBe(reject);
      expect(withCluster({ ports, closed: "drop" }).receive(frame).verdict).toBe(drop);
    });
  }

  test("the reset comes from the cluster address, the unreachable from the dispatcher", () => {
    const bench = withCluster({ ports, closed: "reject" });
    const reset = bench.receive(ethernet(ipv4(tcp({ port: 81 }), { protocol: 6 }))).frame;
    expect([...reset.slice(26, 34)]).toEqual([...f.ip(IP.cluster), ...f.ip(IP.client)]);
    const packet = ipv4(to(81));
    const unreachable = bench.receive(ethernet(packet)).frame;
    expect(f.hex(unreachable)).toBe(f.hex(ethernet(ipv4(icmp(3, 3, packet), TURNED), BACK)));
  });
});

test("a client mask sends a whole network to one backend", () => {
  const bench = withCluster({ mask: { ipv4: 24, ipv6: 64 } });
  const neighbors = (frames: Uint8Array[]) => new Set(frames.map((frame) => bench.receive(frame).neighbor));
  const last = Array.from({ length: 64 }, (_, index) => index + 1);
  expect(neighbors(last.map((octet) => f.synToCluster(`198.51.100.${octet}`))).size).toBe(1);
  expect(neighbors(last.map((octet) => f.synToCluster(`198.51.${octet}.7`))).size).toBe(2);
  const from6 = (src: string) => v6(ipv6(tcp6({ src }), { src, next: 6 }));
  expect(neighbors(last.map((octet) => from6(`2001:db8:51::${octet}`))).size).toBe(1);
  expect(neighbors(last.map((octet) => from6(`2001:db8:51:${octet}::7`))).size).toBe(2);
});

describe("a way with a smaller MTU:", () => {
  const large = (fragment: number) => ipv4(udp(new Array<number>(1373).fill(5)), { fragment });

  test("with DF it is answered with the MTU, RFC 1191", () => {
    const packet = large(0x4000);
    const { verdict, frame } = new Bench({ mtus: [1400, 1400, 1400] }).receive(ethernet(packet));
    expect(verdict).toBe("too_big");
    const error = ipv4(icmp(3, 4, packet.slice(0, 548), [0, 0, 0x05, 0x78]), TURNED);
    expect(f.hex(frame)).toBe(f.hex(ethernet(error, BACK)));
  });

  test("without DF it is dropped, and what fits passes", () => {
    const bench = new Bench({ mtus: [1400, 1400, 1400] });
    expect(bench.receive(ethernet(large(0))).verdict).toBe("drop_too_big");
    expect(bench.receive(ethernet(ipv4(udp(new Array<number>(1372).fill(5)), { fragment: 0x4000 }))).verdict)
      .toBe("dispatched");
  });

  test("a jumbo frame passes where the MTU is 9000", () => {
    const bench = new Bench({ mtus: [9000, 9000, 9000] }, 9216);
    expect(bench.receive(ethernet(ipv4(udp(new Array<number>(8972).fill(5))))).verdict).toBe("dispatched");
    expect(bench.receive(v6(ipv6(udp(new Array<number>(8952).fill(5))))).verdict).toBe("dispatched");
    expect(bench.receive(v6(ipv6(udp(new Array<number>(8953).fill(5))))).verdict).toBe("too_big");
  });
});

describe("IPv4 options:", () => {
  const cases: { name: string; options: f.Octets; want: string; pointer?: number }[] = [
    { name: "no operation and end", options: [1, 1, 1, 0], want: "dispatched" },
    { name: "record route", options: [7, 7, 4, 0, 0, 0, 0, 0], want: "dispatched" },
    { name: "what stands behind the end is nothing", options: [0, 7, 0, 0], want: "dispatched" },
    { name: "loose source route", options: [0x83, 7, 4, 10, 0, 0, 1, 0], want: "drop_source_route" },
    { name: "strict source route", options: [1, 0x89, 7, 4, 10, 0, 0, 1], want: "drop_source_route" },
    { name: "a length of 0", options: [7, 0, 0, 0], want: "parameter_problem", pointer: 20 },
    { name: "a length of 1", options: [1, 7, 1, 0], want: "parameter_problem", pointer: 21 },
    { name: "a length beyond the header", options: [7, 5, 4, 0], want: "parameter_problem", pointer: 20 },
    { name: "a length that is cut off", options: [1, 1, 1, 7], want: "parameter_problem", pointer: 23 },
  ];
  for (const { name, options, want, pointer } of cases) {
    test(`${name}: ${want}`, () => {
      const packet = ipv4(udp([1]), { options });
      const { verdict, frame } = new Bench().receive(ethernet(packet));
      expect(verdict).toBe(want);
      if (pointer !== undefined) {
        const error = ipv4(icmp(12, 0, packet, [pointer, 0, 0, 0]), TURNED);
        expect(f.hex(frame)).toBe(f.hex(ethernet(error, BACK)));
      }
    });
  }
});

test.each(["224.0.0.99", "255.255.255.255", "10.0.0.255"])(
  "about a wrong option of a packet to %s there is no error, RFC 1812 section 4.3.2.7",
  (dst) => {
    const frame = ethernet(ipv4(udp([1]), { dst, options: [7, 0, 0, 0] }));
    expect(new Bench().receive(frame).verdict).toBe("drop_group");
  },
);

describe("the links' broadcast address", () => {
  test.each([
    ["as destination", ethernet(ipv4(udp([]), { dst: "10.0.0.255" })), "drop_group"],
    ["as source", ethernet(ipv4(udp([]), { src: "10.0.0.255" })), "drop_martian"],
  ])("%s", (_, frame, want) => expect(new Bench().receive(frame).verdict).toBe(want));
});

describe("with routes", () => {
  const routes = [
    { prefix: { address: "0.0.0.0", prefixLength: 0 }, neighbor: NEIGHBOR.backend1 },
    { prefix: { address: "192.0.2.0", prefixLength: 24 }, neighbor: NEIGHBOR.backend2 },
    { prefix: { address: "192.0.2.128", prefixLength: 25 }, neighbor: NEIGHBOR.gateway },
    { prefix: { address: "2001:db8:9::", prefixLength: 48 }, neighbor: NEIGHBOR.backend1 },
    { prefix: { address: "2001:db8:9:1::", prefixLength: 64 }, neighbor: NEIGHBOR.backend2 },
  ];
  const cases: { name: string; frame: Uint8Array; want: string; neighbor?: number }[] = [
    {
      name: "the longest prefix decides",
      frame: ethernet(ipv4(udp([]), { dst: "192.0.2.1" })),
      want: "forwarded",
      neighbor: NEIGHBOR.backend2,
    },
    {
      name: "a longer one is longer",
      frame: ethernet(ipv4(udp([]), { dst: "192.0.2.129" })),
      want: "pending",
      neighbor: NEIGHBOR.gateway,
    },
    {
      name: "the default for the rest",
      frame: ethernet(ipv4(udp([]), { dst: "8.8.8.8" })),
      want: "forwarded",
      neighbor: NEIGHBOR.backend1,
    },
    { name: "the cluster is still the cluster's", frame: f.synToCluster(), want: "dispatched" },
    { name: "TTL 1", frame: ethernet(ipv4(udp([]), { dst: "8.8.8.8", ttl: 1 })), want: "time_exceeded" },
    {
      name: "also back to where it came from, as any router",
      frame: ethernet(ipv4(udp([]), { dst: "8.8.8.8" }), { src: MAC.backend1 }),
      want: "forwarded",
    },
    {
      name: "IPv6, the longest prefix",
      frame: v6(ipv6(udp([]), { dst: "2001:db8:9:1::1" })),
      want: "forwarded",
      neighbor: NEIGHBOR.backend2,
    },
    {
      name: "IPv6, the shorter one",
      frame: v6(ipv6(udp([]), { dst: "2001:db8:9:2::1" })),
      want: "forwarded",
      neighbor: NEIGHBOR.backend1,
    },
    { name: "IPv6, none", frame: v6(ipv6(udp([]), { dst: "2001:db8:10::1" })), want: "net_unreachable" },
    {
      name: "IPv6, a link-local destination",
      frame: v6(ipv6(udp([]), { dst: "fe80::99" })),
      want: "net_unreachable",
    },
    {
      name: "IPv6, a link-local source",
      frame: v6(ipv6(udp([]), { src: "fe80::99", dst: "2001:db8:9:1::1" })),
      want: "net_unreachable",
    },
    {
      name: "a link-local source",
      frame: ethernet(ipv4(udp([]), { src: "169.254.1.9", dst: "8.8.8.8" })),
      want: "net_unreachable",
    },
    {
      name: "a link-local destination",
      frame: ethernet(ipv4(udp([]), { dst: "169.254.169.254" })),
      want: "net_unreachable",
    },
    {
      name: "a link-local client of the cluster, whose backends are on its link",
      frame: f.synToCluster("169.254.1.9"),
      want: "dispatched",
    },
    {
      name: "IPv6, hop limit 1",
      frame: v6(ipv6(udp([]), { dst: "2001:db8:9:1::1", hopLimit: 1 })),
      want: "time_exceeded",
    },
  ];
  for (const { name, frame, want, neighbor } of cases) {
    test(name, () => {
      const outcome = new Bench({ routes }).receive(frame);
      expect(outcome.verdict).toBe(want);
      if (neighbor !== undefined) expect(outcome.neighbor).toBe(neighbor);
    });
  }
});

/** With priority 5, and the mark of a frame that may be dropped first (DEI). */
const PRIORITY = 0xb000;
const tagged = (frame: Uint8Array, tag: number) =>
  Uint8Array.from([...frame.slice(0, 12), 0x81, 0x00, ...f.u16(tag), ...frame.slice(12)]);
const TAGGED: Record<string, [Uint8Array, string]> = {
  "the cluster's frames pass": [f.synToCluster(), "dispatched"],
  "ARP is answered": [ethernet(f.arp(), { dst: MAC.broadcast, type: ETHERTYPE.arp }), "answered_arp"],
  "an ICMP error is sent": [ethernet(ipv4(udp([1]), { ttl: 1 })), "time_exceeded"],
  "IPv6 passes": [v6(ipv6(udp([1]))), "dispatched"],
};

describe("with VLAN 10, and without one where a tag carries nothing but a priority,", () => {
  for (const [name, [frame, want]] of Object.entries(TAGGED)) {
    test.each([[10, PRIORITY | 10], [undefined, PRIORITY]])(
      `${name}, and the tag stays as it is: VLAN %s`,
      (vlan, tag) => {
        const plain = new Bench().receive(frame);
        const { verdict, frame: sent } = new Bench({ vlan }).receive(tagged(frame, tag));
        expect(verdict).toBe(want);
        expect(f.hex(sent)).toBe(f.hex(tagged(plain.frame, tag)));
      },
    );
  }
  test.each([
    ["no tag", 10, f.synToCluster()],
    ["another tag", 10, tagged(f.synToCluster(), 11)],
    ["a tag of priority only", 10, tagged(f.synToCluster(), PRIORITY)],
    ["17 octets", 10, tagged(f.synToCluster(), 10).slice(0, 17)],
    ["a second tag", 10, tagged(tagged(f.synToCluster(), 20), 10)],
    ["any VLAN", undefined, tagged(f.synToCluster(), 10)],
    ["17 octets", undefined, tagged(f.synToCluster(), PRIORITY).slice(0, 17)],
    ["a second tag", undefined, tagged(tagged(f.synToCluster(), PRIORITY), PRIORITY)],
  ])("%s is dropped: VLAN %s", (_, vlan, frame) => {
    expect(new Bench({ vlan }).receive(frame).verdict).toBe("drop_vlan");
  });
});

test("each kind of answer has a limit of its own", () => {
  const bench = new Bench({ rateLimits: { ...PLAN.rateLimits, timeExceeded: 1 } });
  const expire = () => bench.receive(ethernet(ipv4(udp([1]), { ttl: 1 })), 0).verdict;
  while (expire() === "time_exceeded");
  expect(expire()).toBe("drop_rate_limit");
  expect(bench.receive(ethernet(ipv4(udp([1]), { dst: "192.0.2.99" })), 0).verdict).toBe("net_unreachable");
  expect(bench.receive(v6(ipv6(udp([1]), { hopLimit: 1 })), 0).verdict, "both families together").toBe(
    "drop_rate_limit",
  );
});

test("IPv6 answers go to the gateway, when one is known and the asker is not on the link", () => {
  const bench = new Bench({ gateway: { ipv4: undefined, ipv6: NEIGHBOR.gateway } });
  const { high, low } = parseMac(MAC.router)!;
  bench.table.setMac(NEIGHBOR.gateway, high, low);
  const ask = (src: string) => {
    const options = { src, dst: IP6.dispatcher };
    const packet = ipv6(icmpv6(128, 0, [0, 0, 0, 0], [], options), { ...options, next: 58 });
    return f.hex(bench.receive(ethernet(packet, { src: MAC.other, type: ETHERTYPE.ipv6 })).frame.slice(0, 6));
  };
  expect(ask(IP6.client)).toBe(f.hex(f.mac(MAC.router)));
  expect(ask("2001:db8::77")).toBe(f.hex(f.mac(MAC.other)));
  expect(ask("fe80::77")).toBe(f.hex(f.mac(MAC.other)));
});

describe("a next hop that does not answer:", () => {
  const bench = new Bench();
  bench.failAll();

  test("the client hears of it, IPv4 with code 1, IPv6 with code 3, about the packet as it came", () => {
    const packet = ipv4(udp([1]), { ttl: 9 });
    const answer4 = bench.receive(ethernet(packet));
    expect(answer4.verdict).toBe("host_unreachable");
    expect([...answer4.frame.slice(34, 36)]).toEqual([3, 1]);
    expect([...answer4.frame.slice(42, 42 + packet.length)]).toEqual(packet);
    const answer6 = bench.receive(v6(ipv6(tcp6(), { next: 6 })));
    expect(answer6.verdict).toBe("host_unreachable");
    expect([...answer6.frame.slice(54, 56)]).toEqual([1, 3]);
  });

  test("within the rate limit", () => {
    const verdicts = Array.from({ length: 60 }, () => bench.receive(f.synToCluster(), 5000).verdict);
    expect(verdicts.slice(0, 50)).toEqual(new Array(50).fill("host_unreachable"));
    expect(verdicts.slice(50)).toEqual(new Array(10).fill("drop_rate_limit"));
  });
});

test("of the frames whose next hop is not known yet only so many a second are handed up", () => {
  const bench = new Bench();
  bench.table.clearMac(NEIGHBOR.backend1);
  bench.table.clearMac(NEIGHBOR.backend2);
  const count = (nowMs: number) =>
    Array.from({ length: 1000 }, () => bench.receive(f.synToCluster(), nowMs).verdict)
      .filter((verdict) => verdict === "pending").length;
  expect(count(0)).toBe(64);
  expect(count(0)).toBe(0);
  expect(count(10)).toBe(5);
  expect(count(60_000)).toBe(64);
});

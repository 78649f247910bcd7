import { describe, expect, test } from "vitest";
import { ofIpv6 } from "../../src/table/hash.ts";
import { bucketOf } from "../../src/table/bucket_map.ts";
import { linkLocalOf, parseMac, wordsOf } from "../../src/wire/address.ts";
import { Bench, BUCKETS, NEIGHBOR } from "./arrange.ts";
import * as f from "../frames.ts";
import { ETHERTYPE, IP6, MAC } from "../frames.ts";

const { icmpv6, ipv6, tcp6, udp } = f;

function ownerOf(client: string): number {
  const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = wordsOf(client);
  return bucketOf(ofIpv6(w0, w1, w2, w3, 0), BUCKETS) % 2 === 0 ? NEIGHBOR.backend1 : NEIGHBOR.backend2;
}

const CLIENTS = Array.from({ length: 50 }, (_, index) => `2001:db8:51::${(index + 1).toString(16)}`);
const CLIENT_A = CLIENTS.find((client) => ownerOf(client) === NEIGHBOR.backend1)!;
const CLIENT_B = CLIENTS.find((client) => ownerOf(client) === NEIGHBOR.backend2)!;

const frame = (packet: f.Octets, options: f.EthernetOptions = {}) =>
  f.ethernet(packet, { type: ETHERTYPE.ipv6, ...options });
const LINK_LOCAL = linkLocalOf(parseMac(MAC.dispatcher)!);

/** A neighbor solicitation of the router for the cluster address, to its group, unless told otherwise. */
function solicit(options: f.SolicitOptions = {}, ethernet: f.EthernetOptions = {}) {
  return frame(f.solicitation(options), { dst: "33:33:ff:00:01:00", ...ethernet });
}

const UDP = 17;
const TCP = 6;
const ICMPV6 = 58;
const toSelf = { dst: IP6.dispatcher };
const echo = (options: f.Ipv6Options = {}) =>
  ipv6(icmpv6(128, 0, [0x12, 0x34, 0, 1], [1, 2, 3], options), { next: ICMPV6, ...options });
const embedded = ipv6(tcp6({ src: IP6.cluster, dst: CLIENT_B }).slice(0, 8), {
  src: IP6.cluster,
  dst: CLIENT_B,
  next: TCP,
});
const fragmented = ipv6([TCP, 0, 0, 1, 0, 0, 0, 7], { src: IP6.cluster, dst: CLIENT_B, next: 44 });
const errorFrom = (data: f.Octets, type = 2, options: f.Ipv6Options = {}) => {
  const header = { src: CLIENT_A, ...options };
  return frame(ipv6(icmpv6(type, 0, [0, 0, 5, 0], data, header), { ...header, next: ICMPV6 }));
};
const HOP_BY_HOP = (next: number) => [next, 0, 1, 4, 0, 0, 0, 0];
const chain = (count: number): f.Octets =>
  Array.from({ length: count }, (_, index) => HOP_BY_HOP(index === count - 1 ? UDP : 60)).flat();

describe("every IPv6 frame ends in one verdict:", () => {
  const cases: { name: string; frame: Uint8Array; want: string; plan?: "nobody live" | "unresolved" }[] = [
    { name: "TCP to the cluster", frame: frame(ipv6(tcp6(), { next: TCP })), want: "dispatched" },
    { name: "UDP to the cluster", frame: frame(ipv6(udp([1]), { next: UDP })), want: "dispatched" },
    { name: "an echo request to the cluster", frame: frame(echo()), want: "dispatched" },
    {
      name: "a first fragment",
      frame: frame(ipv6([UDP, 0, 0, 1, 0, 0, 0, 1, ...udp([1])], { next: 44 })),
      want: "dispatched",
    },
    {
      name: "a later fragment",
      frame: frame(ipv6([UDP, 0, 0, 9, 0, 0, 0, 1, 1, 2], { next: 44 })),
      want: "dispatched",
    },
    {
      name: "eight extension headers",
      frame: frame(ipv6([...chain(8), ...udp([])], { next: 60 })),
      want: "dispatched",
    },
    {
      name: "nine extension headers",
      frame: frame(ipv6([...chain(9), ...udp([])], { next: 60 })),
      want: "drop_malformed",
    },
    {
      name: "an extension header that is cut off",
      frame: frame(ipv6([UDP, 3, 1, 4, 0, 0, 0, 0], { next: 60 })),
      want: "drop_malformed",
    },
    { name: "39 octets", frame: frame(ipv6([]).slice(0, 39)), want: "drop_malformed" },
    { name: "version 4", frame: frame(ipv6([]).with(0, 0x40)), want: "drop_malformed" },
    {
      name: "a payload length beyond the frame",
      frame: frame(ipv6(udp([1]), { next: UDP }).slice(0, -1)),
      want: "drop_malformed",
    },
    { name: "hop limit 1", frame: frame(ipv6(udp([1]), { next: UDP, hopLimit: 1 })), want: "time_exceeded" },
    { name: "hop limit 0", frame: frame(ipv6(udp([1]), { next: UDP, hopLimit: 0 })), want: "time_exceeded" },
    {
      name: "hop limit 1, an ICMPv6 error",
      frame: errorFrom(embedded, 2, { hopLimit: 1 }),
      want: "drop_unanswerable",
    },
    {
      name: "hop limit 1, a later fragment",
      frame: frame(ipv6([UDP, 0, 0, 9, 0, 0, 0, 1], { next: 44, hopLimit: 1 })),
      want: "drop_unanswerable",
    },
    {
      name: "no backend live",
      frame: frame(ipv6(udp([1]), { next: UDP })),
      plan: "nobody live",
      want: "host_unreachable",
    },
    {
      name: "a backend without MAC",
      frame: frame(ipv6(udp([1]), { next: UDP })),
      plan: "unresolved",
      want: "pending",
    },
    {
      name: "from the backend it would go to",
      frame: frame(ipv6(udp([]), { next: UDP, src: CLIENT_A }), { src: MAC.backend1 }),
      want: "drop_loop",
    },
    {
      name: "a cluster address as source",
      frame: frame(ipv6(udp([]), { src: IP6.cluster, next: UDP })),
      want: "drop_from_cluster",
    },
    {
      name: "our own address as source",
      frame: frame(ipv6(udp([]), { src: IP6.dispatcher, next: UDP })),
      want: "drop_from_self",
    },
    {
      name: "our link-local address as source",
      frame: frame(ipv6(udp([]), { src: LINK_LOCAL, next: UDP })),
      want: "drop_from_self",
    },
    {
      name: "a link-local client",
      frame: frame(ipv6(udp([]), { src: "fe80::7", next: UDP })),
      want: "dispatched",
    },
    { name: "source ::1", frame: frame(ipv6(udp([]), { src: "::1", next: UDP })), want: "drop_martian" },
    { name: "source ::", frame: frame(ipv6(udp([]), { src: "::", next: UDP })), want: "drop_martian" },
    {
      name: "IPv4 in disguise as source",
      frame: frame(ipv6(udp([]), { src: "::ffff:10.0.0.1", next: UDP })),
      want: "drop_martian",
    },
    {
      name: "a multicast source",
      frame: frame(ipv6(udp([]), { src: "ff02::1", next: UDP })),
      want: "drop_martian",
    },
    {
      name: "to a group",
      frame: frame(ipv6(udp([]), { dst: "ff02::1", next: UDP }), { dst: "33:33:00:00:00:01" }),
      want: "drop_group",
    },
    {
      name: "to a group that we are not in",
      frame: frame(ipv6(udp([]), { dst: "ff02::2", next: UDP }), { dst: "33:33:00:00:00:02" }),
      want: "drop_not_ours",
    },
    {
      name: "to another network",
      frame: frame(ipv6(udp([]), { dst: "2001:db8:99::1", next: UDP })),
      want: "net_unreachable",
    },

    { name: "an echo request to us", frame: frame(echo(toSelf)), want: "answered_echo" },
    {
      name: "an echo request to our link-local address",
      frame: frame(echo({ src: "fe80::7", dst: LINK_LOCAL })),
      want: "answered_echo",
    },
    {
      name: "an echo request to us, wrong checksum",
      frame: frame(echo(toSelf)).with(60, 9),
      want: "drop_self",
    },
    {
      name: "an echo reply to us",
      frame: frame(ipv6(icmpv6(129, 0, [0, 0, 0, 0], [], toSelf), { ...toSelf, next: ICMPV6 })),
      want: "heard_answer",
    },
    {
      name: "a fragment to us",
      frame: frame(ipv6([ICMPV6, 0, 0, 1, 0, 0, 0, 1, 128, 0, 0, 0, 0, 0, 0, 0], { ...toSelf, next: 44 })),
      want: "drop_self",
    },
    {
      name: "a fragment to us behind which a second fragment header says that it is whole",
      frame: frame(
        ipv6([
          44,
          0,
          0,
          1,
          0,
          0,
          0,
          1,
          ICMPV6,
          0,
          0,
          0,
          0,
          0,
          0,
          1,
          ...icmpv6(128, 0, [0, 0, 0, 0], [], toSelf),
        ], {
          ...toSelf,
          next: 44,
        }),
      ),
      want: "drop_self",
    },
    {
      name: "UDP to us",
      frame: frame(ipv6(f.udp6([1], toSelf), { ...toSelf, next: UDP })),
      want: "port_unreachable",
    },
    { name: "TCP to us", frame: frame(ipv6(tcp6(toSelf), { ...toSelf, next: TCP })), want: "reset" },
    {
      name: "GRE to us",
      frame: frame(ipv6([0, 0, 8, 0], { ...toSelf, next: 47 })),
      want: "protocol_unreachable",
    },
    { name: "no next header to us", frame: frame(ipv6([], { ...toSelf, next: 59 })), want: "drop_self" },
    {
      name: "a routing header with segments left, to us",
      frame: frame(ipv6([UDP, 0, 0, 1, 0, 0, 0, 0, ...udp([])], { ...toSelf, next: 43 })),
      want: "parameter_problem",
    },
    {
      name: "a fragment behind a routing header with segments left, to us",
      frame: frame(
        ipv6([44, 0, 0, 1, 0, 0, 0, 0, UDP, 0, 0, 1, 0, 0, 0, 1, ...udp([])], { ...toSelf, next: 43 }),
      ),
      want: "drop_self",
    },
    {
      name: "a routing header with segments left, to the cluster",
      frame: frame(ipv6([UDP, 0, 0, 1, 0, 0, 0, 0, ...udp([])], { next: 43 })),
      want: "dispatched",
    },
    {
      name: "two hop-by-hop headers, to us",
      frame: frame(
        ipv6([...HOP_BY_HOP(0), ...HOP_BY_HOP(UDP), ...f.udp6([], toSelf)], { ...toSelf, next: 0 }),
      ),
      want: "protocol_unreachable",
    },
    {
      name: "two hop-by-hop headers, to the cluster",
      frame: frame(ipv6([...HOP_BY_HOP(0), ...HOP_BY_HOP(UDP), ...udp([])], { next: 0 })),
      want: "dispatched",
    },

    { name: "who has the cluster address", frame: solicit(), want: "answered_nd" },
    {
      name: "who has our address",
      frame: solicit({ target: IP6.dispatcher }, { dst: "33:33:ff:00:00:02" }),
      want: "answered_nd",
    },
    {
      name: "who has the cluster address, asked of us alone",
      frame: solicit({ to: IP6.cluster }, { dst: MAC.dispatcher }),
      want: "answered_nd",
    },
    {
      name: "is the cluster address free",
      frame: solicit({ from: "::", option: false }),
      want: "answered_nd",
    },
    {
      name: "is it free, with a source address option",
      frame: solicit({ from: "::" }),
      want: "drop_nd_malformed",
    },
    {
      name: "who has somebody else of our group",
      frame: solicit({ target: "2001:db8:1::100" }),
      want: "drop_nd_other",
    },
    {
      name: "a solicitation that crossed a router",
      frame: solicit({ hopLimit: 254 }),
      want: "drop_nd_malformed",
    },
    { name: "a solicitation with a wrong checksum", frame: solicit().with(56, 1), want: "drop_nd_malformed" },
    {
      name: "a solicitation with an option of length 0",
      frame: solicit({ optionLength: 0 }),
      want: "drop_nd_malformed",
    },
    {
      name: "a solicitation from the cluster address",
      frame: solicit({ from: IP6.cluster, target: IP6.router }),
      want: "heard_claim",
    },
    {
      name: "an advertisement of the cluster address",
      frame: frame(f.advertisement({ target: IP6.cluster }), { dst: "33:33:00:00:00:01" }),
      want: "heard_claim",
    },
    {
      name: "an answer to us",
      frame: frame(f.advertisement({ to: IP6.dispatcher })),
      want: "heard_neighbor",
    },
    {
      name: "an answer to us without a MAC, as Linux gives it to who asks it alone",
      frame: frame(f.advertisement({ to: IP6.dispatcher, option: false })),
      want: "heard_neighbor",
    },
    ...["ff:ff:ff:ff:ff:ff", "33:33:00:00:00:01", "00:00:00:00:00:00"].map((mac) => ({
      name: `an answer that names ${mac}, which no machine has`,
      frame: frame(f.advertisement({ to: IP6.dispatcher, mac })),
      want: "drop_nd_malformed",
    })),
    {
      name: "an advertisement that nobody asked for",
      frame: frame(f.advertisement({ to: IP6.dispatcher, solicited: false })),
      want: "drop_nd_other",
    },
    {
      name: "an answer to everyone",
      frame: frame(f.advertisement({}), { dst: "33:33:00:00:00:01" }),
      want: "drop_nd_other",
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

test.each([CLIENT_A, CLIENT_B])(
  "a frame from %s goes to its backend and changes in MACs and hop limit only",
  (client) => {
    const packet = (hopLimit: number) => ipv6(tcp6({ src: client }), { src: client, next: TCP, hopLimit });
    const { frame: sent, neighbor } = new Bench().receive(frame(packet(64)));
    expect(neighbor).toBe(ownerOf(client));
    const backend = neighbor === NEIGHBOR.backend1 ? MAC.backend1 : MAC.backend2;
    expect(f.hex(sent)).toBe(f.hex(frame(packet(63), { src: MAC.dispatcher, dst: backend })));
  },
);

describe("an ICMPv6 error about a cluster flow reaches the backend of the embedded packet's client:", () => {
  const cases = [
    { name: "packet too big", frame: errorFrom(embedded), want: NEIGHBOR.backend2 },
    { name: "destination unreachable", frame: errorFrom(embedded, 1), want: NEIGHBOR.backend2 },
    { name: "time exceeded", frame: errorFrom(embedded, 3), want: NEIGHBOR.backend2 },
    { name: "parameter problem", frame: errorFrom(embedded, 4), want: NEIGHBOR.backend2 },
    { name: "a fragment inside", frame: errorFrom(fragmented), want: NEIGHBOR.backend2 },
    {
      name: "no more than the embedded header",
      frame: errorFrom(embedded.slice(0, 40)),
      want: NEIGHBOR.backend2,
    },
    {
      name: "but not an address that is cut off",
      frame: errorFrom(embedded.slice(0, 39)),
      want: NEIGHBOR.backend1,
    },
    { name: "but not an echo that looks like one", frame: errorFrom(embedded, 128), want: NEIGHBOR.backend1 },
    {
      name: "but not about a packet that is not the cluster's",
      frame: errorFrom(ipv6(udp([]), { src: IP6.backend1, dst: CLIENT_B })),
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

describe("an IPv6 answer", () => {
  test("to a solicitation is an advertisement with our MAC", () => {
    const { frame: sent } = new Bench().receive(solicit());
    const want = f.advertisement({
      from: IP6.cluster,
      to: IP6.router,
      target: IP6.cluster,
      mac: MAC.dispatcher,
      router: true,
    });
    expect(f.hex(sent)).toBe(f.hex(frame(want, { src: MAC.dispatcher, dst: MAC.router })));
  });

  test("to a probe is heard by all", () => {
    const { frame: sent } = new Bench().receive(solicit({ from: "::", option: false }));
    const want = f.advertisement({
      from: IP6.cluster,
      to: "ff02::1",
      target: IP6.cluster,
      mac: MAC.dispatcher,
      router: true,
      solicited: false,
    });
    expect(f.hex(sent)).toBe(f.hex(frame(want, { src: MAC.dispatcher, dst: "33:33:00:00:00:01" })));
  });

  test("to an echo request is its reply, without extension headers and padding", () => {
    const request = ipv6([
      ICMPV6,
      0,
      1,
      4,
      0,
      0,
      0,
      0,
      ...icmpv6(128, 0, [0x12, 0x34, 0, 1], [1, 2, 3], toSelf),
    ], { ...toSelf, next: 60 });
    const { frame: sent } = new Bench().receive(Uint8Array.from([...frame(request), 0, 0]));
    const turned = { src: IP6.dispatcher, dst: IP6.client };
    const reply = ipv6(icmpv6(129, 0, [0x12, 0x34, 0, 1], [1, 2, 3], turned), { ...turned, next: ICMPV6 });
    expect(f.hex(sent)).toBe(f.hex(frame(reply, { src: MAC.dispatcher, dst: MAC.router })));
  });

  test("to a packet that is too big says the MTU and quotes as much as fits in 1280 octets", () => {
    const bench = new Bench({ mtus: [1400, 1400, 1400] });
    const packet = ipv6(udp(new Array<number>(1353).fill(5)), { next: UDP });
    const { verdict, frame: sent } = bench.receive(frame(packet));
    expect(verdict).toBe("too_big");
    const turned = { src: IP6.dispatcher, dst: IP6.client };
    const error = ipv6(icmpv6(2, 0, [0, 0, 0x05, 0x78], packet.slice(0, 1232), turned), {
      ...turned,
      next: ICMPV6,
    });
    expect(error.length).toBe(1280);
    expect(f.hex(sent)).toBe(f.hex(frame(error, { src: MAC.dispatcher, dst: MAC.router })));
    expect(
      bench.receive(frame(packet.slice(0, 1400).with(4, 1360 >> 8).with(5, 1360 & 255))).verdict,
      "as large as fits",
    ).toBe("dispatched");
  });

  test("of a dispatcher without an IPv6 address of its own comes from its link-local one, as RFC 6724 chooses", () => {
    const packet = ipv6(udp([1]), { next: UDP, hopLimit: 1 });
    const turned = { src: LINK_LOCAL, dst: IP6.client };
    const error = ipv6(icmpv6(3, 0, [0, 0, 0, 0], packet, turned), { ...turned, next: ICMPV6 });
    const bench = new Bench({ addresses: [{ address: f.IP.dispatcher, prefixLength: 24 }] });
    expect(f.hex(bench.receive(frame(packet)).frame)).toBe(
      f.hex(frame(error, { src: MAC.dispatcher, dst: MAC.router })),
    );
  });

  test("to an unknown protocol points at it", () => {
    const packet = ipv6([47, 0, 1, 4, 0, 0, 0, 0, 1, 2, 3, 4], { ...toSelf, next: 60 });
    const turned = { src: IP6.dispatcher, dst: IP6.client };
    const error = ipv6(icmpv6(4, 1, [0, 0, 0, 40], packet, turned), { ...turned, next: ICMPV6 });
    expect(f.hex(new Bench().receive(frame(packet)).frame)).toBe(
      f.hex(frame(error, { src: MAC.dispatcher, dst: MAC.router })),
    );
  });

  test("to a route by way of us points at the type of its header", () => {
    const packet = ipv6([...HOP_BY_HOP(43), UDP, 0, 0, 1, 0, 0, 0, 0, ...udp([])], { ...toSelf, next: 60 });
    const turned = { src: IP6.dispatcher, dst: IP6.client };
    const error = ipv6(icmpv6(4, 0, [0, 0, 0, 40 + 8 + 2], packet, turned), { ...turned, next: ICMPV6 });
    expect(f.hex(new Bench().receive(frame(packet)).frame)).toBe(
      f.hex(frame(error, { src: MAC.dispatcher, dst: MAC.router })),
    );
  });

  test("to TCP is a reset with a right checksum", () => {
    const { frame: sent } = new Bench().receive(
      frame(ipv6(tcp6({ ...toSelf, sequence: 5 }), { ...toSelf, next: TCP })),
    );
    expect(sent.length).toBe(14 + 40 + 20);
    const pseudo = [...f.ip6(IP6.dispatcher), ...f.ip6(IP6.client), 0, 0, 0, 20, 0, 0, 0, TCP];
    expect(f.checksum([...pseudo, ...sent.slice(54)])).toBe(0);
    expect(f.hex(sent.slice(54 + 4, 54 + 14))).toBe("00 00 00 00 00 00 00 06 50 14");
  });
});

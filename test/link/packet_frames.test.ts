import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LinkFrames } from "../../src/link/link_frames.ts";
import { PacketFrames } from "../../src/link/packet_frames.ts";
import { parseMac } from "../../src/wire/address.ts";
import * as f from "../frames.ts";
import { PLAN } from "../path/arrange.ts";
import { MACHINE_RANDOM } from "../../src/system/random.ts";

const packets = new PacketFrames(PLAN, MACHINE_RANDOM);
const backend = parseMac(f.MAC.backend1)!;
const toBackend = { src: f.MAC.dispatcher, dst: f.MAC.backend1 };
const fromBackend = { src: f.MAC.backend1, dst: f.MAC.dispatcher };
const TOKEN = 0xc123;
const token = f.u16(TOKEN);
const DONT_FRAGMENT = 0x4000;

const families = [
  {
    family: "IPv4",
    us: f.IP.dispatcher,
    cluster: f.IP.cluster,
    type: f.ETHERTYPE.ipv4,
    packet: (payload: f.Octets, protocol: number, way: { src: string; dst: string }) =>
      f.ipv4(payload, { ...way, protocol, id: 0, fragment: DONT_FRAGMENT }),
    icmp: 1,
    echo: (isReply: boolean) => f.icmp(isReply ? 0 : 8, 0, [], [...token, 0, 0]),
    unreachable: (packet: f.Octets) => f.icmp(3, 10, packet),
    tcp: f.tcp,
  },
  {
    family: "IPv6",
    us: f.IP6.dispatcher,
    cluster: f.IP6.cluster,
    type: f.ETHERTYPE.ipv6,
    packet: (payload: f.Octets, next: number, way: { src: string; dst: string }) =>
      f.ipv6(payload, { ...way, next }),
    icmp: 58,
    echo: (isReply: boolean, way: { src: string; dst: string }) =>
      f.icmpv6(isReply ? 129 : 128, 0, [...token, 0, 0], [], way),
    unreachable: (packet: f.Octets, way: { src: string; dst: string }) =>
      f.icmpv6(1, 1, [0, 0, 0, 0], packet, way),
    tcp: f.tcp6,
  },
];

describe.each(families)("$family", ({ us, cluster, type, packet, icmp, echo, unreachable, tcp }) => {
  const there = { src: us, dst: cluster };
  const back = { src: cluster, dst: us };
  const syn = packets.syn(us, cluster, backend, TOKEN, 80);
  const sequence = new DataView(syn.buffer).getUint32(syn.length - 16);
  const answerTo = (flags: number, more: { dst?: string; src?: string; acknowledgment?: number } = {}) => {
    const segment = {
      ...back,
      srcPort: 80,
      port: TOKEN,
      flags,
      acknowledgment: (sequence + 1) >>> 0,
      ...more,
    };
    return f.ethernet(packet(tcp(segment), f.PROTOCOL.tcp, { ...back, ...more }), { ...fromBackend, type });
  };

  test("an echo request and a SYN, as the oracle builds them", () => {
    expect(f.hex(packets.echo(us, cluster, backend, TOKEN))).toBe(
      f.hex(f.ethernet(packet(echo(false, there), icmp, there), { ...toBackend, type })),
    );
    const segment = tcp({ ...there, srcPort: TOKEN, sequence });
    expect(f.hex(syn)).toBe(
      f.hex(f.ethernet(packet(segment, f.PROTOCOL.tcp, there), { ...toBackend, type })),
    );
  });

  test("answers are known by their token, and name who answers from where", () => {
    const about = { token: TOKEN, from: cluster, mac: backend };
    const reply = f.ethernet(packet(echo(true, back), icmp, back), { ...fromBackend, type });
    expect(packets.answer(reply)).toEqual({ ...about, kind: "echo" });
    expect(packets.answer(answerTo(0x12))).toEqual({ ...about, kind: "open" });
    expect(packets.answer(answerTo(0x14))).toEqual({ ...about, kind: "closed" });
    for (const asked of [syn, packets.echo(us, cluster, backend, TOKEN)]) {
      const error = unreachable([...asked.slice(14)], back);
      expect(packets.answer(f.ethernet(packet(error, icmp, back), { ...fromBackend, type })))
        .toEqual({ ...about, kind: "refused" });
    }
  });

  test("what acknowledges another SYN is no answer, nor is what is not to us", () => {
    expect(packets.answer(answerTo(0x12, { acknowledgment: sequence }))).toBeUndefined();
    expect(packets.answer(answerTo(0x10))).toBeUndefined();
    const astray = answerTo(0x12);
    astray.set(f.mac(f.MAC.other));
    expect(packets.answer(astray)).toBeUndefined();
    expect(packets.resetOf(astray), "another machine's connection").toBeUndefined();
  });

  test("a SYN-ACK is reset where its sequence number stands, and nothing else is", () => {
    const segment = tcp({ ...there, srcPort: TOKEN, port: 80, flags: 4, sequence: (sequence + 1) >>> 0 });
    const reset = f.ethernet(packet(segment, f.PROTOCOL.tcp, there), { ...toBackend, type });
    // The window of a reset is 0; the oracle's segments have another, and so another checksum.
    const plain = (frame: Uint8Array) => f.hex([...frame.slice(0, -6), ...frame.slice(-2)]);
    expect(plain(packets.resetOf(answerTo(0x12))!)).toBe(plain(reset));
    for (const flags of [0x02, 0x10, 0x14]) expect(packets.resetOf(answerTo(flags))).toBeUndefined();
  });
});

test("where our address is not on the link of the cluster address, any of its family asks", () => {
  expect(packets.ownAddressFor("192.0.2.80")).toBe(f.IP.dispatcher);
  expect(packets.ownAddressFor("2001:db8:9::80")).toBe(f.IP6.dispatcher);
  const [ipv4, ipv6] = PLAN.addresses;
  expect(new PacketFrames({ ...PLAN, addresses: [ipv6!] }, MACHINE_RANDOM).ownAddressFor(f.IP.cluster))
    .toBeUndefined();
  expect(new PacketFrames({ ...PLAN, addresses: [ipv4!] }, MACHINE_RANDOM).ownAddressFor(f.IP6.cluster)).toBe(
    "fe80::ff:fe00:2",
  );
});

test("any octets: no throw", () => {
  const header = [...f.mac(f.MAC.dispatcher), ...f.mac(f.MAC.backend1)];
  const types = [f.ETHERTYPE.ipv4, f.ETHERTYPE.ipv6, f.ETHERTYPE.arp, f.ETHERTYPE.vlan];
  const right = [
    f.ipv4(f.icmp(3, 1, f.ipv4([1, 2, 3]))),
    f.ipv6(f.icmpv6(1, 1, [0, 0, 0, 0], f.ipv6([1, 2, 3])), { next: 58 }),
    f.ipv4(f.tcp({ flags: 0x12 }), { protocol: 6 }),
    f.arp(),
    f.advertisement(),
  ];
  const octet = fc.integer({ min: 0, max: 255 });
  const spoilt = fc.tuple(
    fc.constantFrom(...right),
    fc.array(fc.tuple(fc.nat(80), octet), { maxLength: 3 }),
    fc.nat(80),
  )
    .map(([octets, changes, length]) => {
      const frame = [...octets];
      for (const [at, octet] of changes) if (at < frame.length) frame[at] = octet;
      return frame.slice(0, length);
    });
  const readers = [PLAN, { ...PLAN, vlan: 10 }].map((plan) =>
    [new PacketFrames(plan, MACHINE_RANDOM), new LinkFrames(plan)] as const
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...types),
      fc.oneof(fc.array(octet, { maxLength: 80 }), spoilt),
      fc.nat(120),
      (type, payload, length) => {
        const frame = Uint8Array.from([...header, ...f.u16(type), ...payload].slice(0, length));
        for (const [packets, links] of readers) {
          packets.answer(frame);
          packets.resetOf(frame);
          links.claim(frame);
          links.questionIn(frame);
        }
      },
    ),
    { numRuns: 3000 },
  );
});

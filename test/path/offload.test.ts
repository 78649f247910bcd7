import { describe, expect, test } from "vitest";
import { Bench, NEIGHBOR, PLAN } from "./arrange.ts";
import * as f from "../frames.ts";
import { ETHERTYPE, IP, IP6, MAC, PROTOCOL } from "../frames.ts";

const { ethernet, icmp, icmpv6, ipv4, ipv6, tcp, tcp6, udp } = f;
const v6 = (packet: f.Octets) => ethernet(packet, { type: ETHERTYPE.ipv6 });

const GSO = { none: 0, tcpv4: 1, tcpv6: 4, udp: 5 } as const;
const NEEDS_CSUM = 1;
const DATA_VALID = 2;
const PSH_ACK = 0x18;
const ACK = 0x10;
const NOTHING = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

interface Promises {
  flags?: number;
  gso?: number;
  size?: number;
  /** Where the checksum begins, from the frame's start, and its place from there. */
  checksum?: [start: number, offset: number];
}

/** struct virtio_net_hdr, little-endian. */
function header({ flags = NEEDS_CSUM, gso = GSO.none, size = 0, checksum = [34, 16] }: Promises) {
  const le = (value: number) => [value & 255, value >>> 8];
  return Uint8Array.from([flags, gso, 54, 0, ...le(size), ...le(checksum[0]), ...le(checksum[1])]);
}

const MTU = 1400;
const SIZE = 1360;
const DATA = Array.from({ length: 20_000 }, (_, index) => index & 255);
const DF = 0x4000;

/** What is quoted stands behind Ethernet, IP and ICMP headers. */
const quoted = (frame: Uint8Array, ip: number) => [...frame.slice(14 + ip + 8)];

/** A segment whose checksum field holds what is there before it is summed up: anything, since GSO computes it anew. */
const unsummed = (segment: f.Octets, at: number) => segment.with(at, 0x12).with(at + 1, 0x34);

function bench(change: Partial<typeof PLAN> = {}): Bench {
  return new Bench({ offloads: true, mtus: [MTU, MTU, MTU], ...change }, 65_664);
}

const families = [
  {
    name: "IPv4",
    header: { gso: GSO.tcpv4, size: SIZE },
    ipHeader: 20,
    most: 548,
    packet: (segment: f.Octets, ttl = 64) => ipv4(segment, { protocol: PROTOCOL.tcp, fragment: DF, ttl }),
    segment: tcp,
    frame: (packet: f.Octets) => ethernet(packet),
  },
  {
    name: "IPv6",
    header: { gso: GSO.tcpv6, size: SIZE - 20 },
    ipHeader: 40,
    most: 1232,
    packet: (segment: f.Octets, hopLimit = 64) => ipv6(segment, { next: PROTOCOL.tcp, hopLimit }),
    segment: tcp6,
    frame: v6,
  },
] as const;

describe.each(families)("a super-frame of TCP over $name", (family) => {
  const segment = { flags: PSH_ACK, data: DATA };
  const frame = family.frame(family.packet(unsummed(family.segment(segment), 16)));

  test("is dispatched as it is when its packets fit, though itself it is larger than any MTU", () => {
    const before = header(family.header);
    const { verdict, frame: after, header: kept, neighbor } = bench().receive(frame, 0, before);
    expect(verdict).toBe("dispatched");
    expect(kept).toEqual(before);
    expect([...after.slice(14 + family.ipHeader)]).toEqual([...frame.slice(14 + family.ipHeader)]);
    expect([NEIGHBOR.backend1, NEIGHBOR.backend2]).toContain(neighbor);
  });

  test("whose packets do not fit is answered, with the first of them quoted", () => {
    const size = family.header.size + 1;
    const { verdict, frame: answer, header: own } = bench().receive(
      frame,
      0,
      header({ ...family.header, size }),
    );
    expect(verdict).toBe("too_big");
    expect([...own]).toEqual(NOTHING);
    const first = family.packet(family.segment({ flags: ACK, data: DATA.slice(0, size) }));
    expect(quoted(answer, family.ipHeader)).toEqual(first.slice(0, family.most));
  });

  test("to a closed port is reset", () => {
    const closed = bench({ clusters: [{ ...PLAN.clusters[0]!, ports: [{ port: 22, protocol: "tcp" }] }] });
    const { verdict, frame: answer } = closed.receive(frame, 0, header(family.header));
    expect(verdict).toBe("reset");
    expect(answer).toHaveLength(14 + family.ipHeader + 20);
  });

  test("that one packet can hold keeps what tells the end of its data", () => {
    const short = { flags: PSH_ACK, data: DATA.slice(0, 100) };
    const last = family.frame(family.packet(unsummed(family.segment(short), 16), 1));
    const { verdict, frame: answer } = bench().receive(last, 0, header(family.header));
    expect(verdict).toBe("time_exceeded");
    expect(quoted(answer, family.ipHeader)).toEqual(family.packet(family.segment(short), 1));
  });
});

test("a super-frame of UDP is quoted as its first datagram, length and checksum right", () => {
  const frame = v6(ipv6(unsummed(udp(DATA), 6), { hopLimit: 1 }));
  const promised = header({ gso: GSO.udp, size: 100, checksum: [54, 6] });
  const { verdict, frame: answer } = bench().receive(frame, 0, promised);
  expect(verdict).toBe("time_exceeded");
  expect(quoted(answer, 40)).toEqual(ipv6(f.udp6(DATA.slice(0, 100)), { hopLimit: 1 }));
});

describe("a checksum that is left to the wire", () => {
  /** The folded sum of the pseudo-header, not complemented: what the kernel leaves in the field. */
  const partial = (packet: f.Octets, at: number, pseudo: f.Octets) =>
    packet.toSpliced(at, 2, ...f.u16(0xffff - f.checksum(pseudo)));
  const pseudo = (
    length: number,
    protocol: number,
    dst: string,
  ) => [...f.ip(IP.client), ...f.ip(dst), 0, protocol, ...f.u16(length)];

  test("is no reason to drop: TCP to ourselves is reset", () => {
    const segment = partial(tcp({ dst: IP.dispatcher }), 16, pseudo(20, 6, IP.dispatcher));
    const frame = ethernet(ipv4(segment, { dst: IP.dispatcher, protocol: PROTOCOL.tcp }));
    expect(bench().receive(frame, 0, header({})).verdict).toBe("reset");
    expect(bench().receive(frame, 0, header({ flags: 0 })).verdict, "nobody promised").toBe("drop_self");
  });

  test("is there in what we quote", () => {
    const datagram = udp([1, 2, 3]);
    const self = { dst: IP.dispatcher };
    const sum = pseudo(datagram.length, PROTOCOL.udp, IP.dispatcher);
    const frame = ethernet(ipv4(partial(datagram, 6, sum), self));
    const { verdict, frame: answer, header: own } = bench().receive(frame, 0, header({ checksum: [34, 6] }));
    expect(verdict).toBe("port_unreachable");
    expect([...own]).toEqual(NOTHING);
    const whole = datagram.toSpliced(6, 2, ...f.u16(f.checksum([...sum, ...datagram])));
    expect(quoted(answer, 20)).toEqual(ipv4(whole, self));
  });

  test("is there in an echo reply", () => {
    const whole = icmpv6(128, 0, [0, 1, 0, 1], [1, 2, 3], { dst: IP6.dispatcher });
    const sum = [...f.ip6(IP6.client), ...f.ip6(IP6.dispatcher), ...f.u32(whole.length), 0, 0, 0, 58];
    const frame = v6(ipv6(partial(whole, 2, sum), { dst: IP6.dispatcher, next: 58 }));
    const { verdict, frame: answer } = bench().receive(frame, 0, header({ checksum: [54, 2] }));
    expect(verdict).toBe("answered_echo");
    const back = { src: IP6.dispatcher, dst: IP6.client };
    expect([...answer.slice(54)]).toEqual(icmpv6(129, 0, [0, 1, 0, 1], [1, 2, 3], back));
  });

  test("stays as it is in what we pass on", () => {
    const frame = ethernet(ipv4(unsummed(tcp(), 16), { protocol: PROTOCOL.tcp }));
    const { verdict, frame: after, header: kept } = bench().receive(frame, 0, header({}));
    expect(verdict).toBe("dispatched");
    expect([...after.slice(34)]).toEqual([...frame.slice(34)]);
    expect(kept).toEqual(header({}));
  });

  test("that stands nowhere in the packet harms nothing", () => {
    for (const checksum of [[0, 0], [34, 60_000], [65_535, 65_535], [13, 2]] as [number, number][]) {
      const frame = ethernet(
        ipv4(tcp({ dst: IP.dispatcher }), { dst: IP.dispatcher, protocol: PROTOCOL.tcp }),
      );
      expect(bench().receive(frame, 0, header({ checksum })).verdict).toBe("reset");
    }
  });
});

test("an answer carries a header of its own, whatever the question's said", () => {
  const request = ethernet(f.arp(), { dst: MAC.broadcast, type: ETHERTYPE.arp });
  const { verdict, header: own } = bench().receive(request, 0, header({ flags: DATA_VALID }));
  expect(verdict).toBe("answered_arp");
  expect([...own]).toEqual(NOTHING);
});

test("behind a VLAN tag the promises count from the tagged frame's start", () => {
  const tag = (frame: Uint8Array) =>
    Uint8Array.from([...frame.slice(0, 12), 0x81, 0, 0, 7, ...frame.slice(12)]);
  const echo = icmp(8, 0, [1, 2, 3], [0, 1, 0, 1]);
  // ICMP has no pseudo-header: the field is 0 before it is summed up.
  const frame = tag(
    ethernet(ipv4(echo.with(2, 0).with(3, 0), { dst: IP.dispatcher, protocol: PROTOCOL.icmp })),
  );
  const { verdict, frame: answer } = bench({ vlan: 7 }).receive(frame, 0, header({ checksum: [38, 2] }));
  expect(verdict).toBe("answered_echo");
  expect([...answer.slice(38)]).toEqual(icmp(0, 0, [1, 2, 3], [0, 1, 0, 1]));
});

import { expect, test } from "vitest";
import { FIRST_PROBE_PORT } from "../../src/path/probe_ports.ts";
import * as f from "../frames.ts";
import { Bench } from "./arrange.ts";

const SYN_ACK = 0x12;
const ACK = 0x10;
const to4 = { dst: f.IP.dispatcher };
const to6 = { dst: f.IP6.dispatcher };
const ipv6 = (packet: f.Octets) => f.ethernet(packet, { type: f.ETHERTYPE.ipv6 });
const tcp = (flags: number) =>
  f.ethernet(f.ipv4(f.tcp({ ...to4, flags }), { ...to4, protocol: f.PROTOCOL.tcp }));
const tcp6 = (flags: number) => ipv6(f.ipv6(f.tcp6({ ...to6, flags }), { ...to6, next: f.PROTOCOL.tcp }));

/** What may be an answer to the control plane, and what becomes of it over the rate limit. */
const cases = [
  {
    name: "from a cluster address",
    frame: f.ethernet(f.ipv4(f.udp([]), { ...to4, src: f.IP.cluster })),
    beyond: "drop_from_cluster",
  },
  {
    name: "from a cluster address, IPv6",
    frame: ipv6(f.ipv6(f.udp([]), { ...to6, src: f.IP6.cluster })),
    beyond: "drop_from_cluster",
  },
  {
    name: "an echo reply",
    frame: f.ethernet(f.ipv4(f.icmp(0, 0, []), { ...to4, protocol: f.PROTOCOL.icmp })),
    beyond: "drop_self",
  },
  {
    name: "an echo reply, IPv6",
    frame: ipv6(f.ipv6(f.icmpv6(129, 0, [0, 0, 0, 0], [], to6), { ...to6, next: 58 })),
    beyond: "drop_self",
  },
  {
    name: "TCP from a cluster address to a port below the prober's",
    frame: f.ethernet(
      f.ipv4(f.tcp({ ...to4, src: f.IP.cluster, port: 32_767 }), { ...to4, src: f.IP.cluster, protocol: 6 }),
    ),
    beyond: "drop_from_cluster",
  },
  { name: "a SYN-ACK", frame: tcp(SYN_ACK), beyond: "drop_rate_limit" },
  { name: "a SYN-ACK, IPv6", frame: tcp6(SYN_ACK), beyond: "drop_rate_limit" },
];

for (const { name, frame, beyond } of cases) {
  test(`${name}: handed up as it is, within a rate limit`, () => {
    const bench = new Bench();
    const first = bench.receive(frame);
    expect(first.verdict).toBe("heard_answer");
    expect(f.hex(first.frame)).toBe(f.hex(frame));
    const verdicts = Array.from({ length: 1000 }, () => bench.receive(frame).verdict);
    const heard = verdicts.filter((verdict) => verdict === "heard_answer").length;
    // The control plane's ring holds 256, and has other things to carry.
    expect(heard).toBeGreaterThan(50);
    expect(heard).toBeLessThan(200);
    expect(verdicts.at(-1)).toBe(beyond);
  });
}

test("other TCP to us is reset, and a cluster address in the way to others dropped", () => {
  const bench = new Bench();
  expect(bench.receive(tcp(ACK)).verdict).toBe("reset");
  expect(bench.receive(tcp6(ACK)).verdict).toBe("reset");
  const crossing = f.ethernet(f.ipv4(f.udp([]), { src: f.IP.cluster, dst: f.IP.client }));
  expect(bench.receive(crossing).verdict).toBe("drop_from_cluster");
});

const tcpFrom = { src: f.IP.cluster, dst: f.IP.dispatcher, port: 32_768 };
const tcp6From = { src: f.IP6.cluster, dst: f.IP6.dispatcher, port: 49_151 };
const embedded = f.ipv4(f.tcp({ srcPort: 40_000 }).slice(0, 8), {
  src: f.IP.dispatcher,
  dst: f.IP.cluster,
  protocol: 6,
});
const embedded6 = f.ipv6(f.udp([], 40_000), { src: f.IP6.dispatcher, dst: f.IP6.cluster });
const from4 = { src: f.IP.cluster, dst: f.IP.dispatcher };
const from6 = { src: f.IP6.cluster, dst: f.IP6.dispatcher };

/** By the backend that is asked. */
const byBackend = (packet: f.Octets, type: number = f.ETHERTYPE.ipv4) =>
  f.ethernet(packet, { src: f.MAC.backend1, type });
const byBackend6 = (packet: f.Octets) => byBackend(packet, f.ETHERTYPE.ipv6);

/** What comes from a cluster address to the prober's ports. */
const probed = {
  "TCP": byBackend(f.ipv4(f.tcp(tcpFrom), { ...from4, protocol: 6 })),
  "TCP, IPv6": byBackend6(f.ipv6(f.tcp6(tcp6From), { ...from6, next: 6 })),
  "UDP": byBackend(f.ipv4(f.udp([1], 53, 40_000), from4)),
  "an echo reply": byBackend(f.ipv4(f.icmp(0, 0, [], [0x80, 0, 0, 1]), { ...from4, protocol: 1 })),
  "an echo reply, IPv6": byBackend6(
    f.ipv6(f.icmpv6(129, 0, [0x80, 0, 0, 1], [], from6), { ...from6, next: 58 }),
  ),
  "port unreachable": byBackend(f.ipv4(f.icmp(3, 3, embedded), { ...from4, protocol: 1 })),
  "port unreachable, IPv6": byBackend6(
    f.ipv6(f.icmpv6(1, 4, [0, 0, 0, 0], embedded6, from6), { ...from6, next: 58 }),
  ),
};

for (const [name, frame] of Object.entries(probed)) {
  test(`for the prober: ${name}, within a rate limit of its own`, () => {
    const bench = new Bench();
    for (let count = 0; count < 1000; count++) bench.receive(f.ethernet(f.ipv4(f.udp([]), from4)));
    const first = bench.receive(frame);
    expect(first.verdict).toBe("heard_probe");
    expect(f.hex(first.frame)).toBe(f.hex(frame));
    const verdicts = Array.from({ length: 1000 }, () => bench.receive(frame).verdict);
    const heard = verdicts.filter((verdict) => verdict === "heard_probe").length;
    expect(heard).toBeGreaterThan(50);
    expect(heard).toBeLessThan(100);
    expect(verdicts.at(-1)).toBe("drop_from_cluster");
  });
}

test("for the prober: what nobody waits for, or comes from another machine, is dropped and takes no share of the rate", () => {
  const bench = new Bench();
  for (const [name, frame] of Object.entries(probed)) {
    const forged = Uint8Array.from([...frame.slice(0, 6), ...f.mac(f.MAC.router), ...frame.slice(12)]);
    for (let count = 0; count < 1000; count++) {
      expect(bench.receive(forged).verdict, name).toBe("drop_from_cluster");
    }
  }
  const frame = probed["UDP"];
  expect(bench.receive(frame).verdict).toBe("heard_probe");
  bench.memory.openPorts.close(40_000 - FIRST_PROBE_PORT);
  expect(bench.receive(frame).verdict).toBe("drop_from_cluster");
});

test("with offloads: what is left of its checksum is done, and a super-frame stays whole", () => {
  const bench = new Bench({ offloads: true });
  const segment = [...f.tcp({ ...tcpFrom, data: Array<number>(1400).fill(7) })];
  const whole = byBackend(f.ipv4(segment, { ...from4, protocol: 6 }));
  const pseudoHeader = [...f.ip(f.IP.cluster), ...f.ip(f.IP.dispatcher), 0, 6, ...f.u16(segment.length)];
  const partial = byBackend(
    f.ipv4(segment.toSpliced(16, 2, ...f.u16(0xffff - f.checksum(pseudoHeader))), { ...from4, protocol: 6 }),
  );
  // NEEDS_CSUM, TCPv4, packets of 488 octets, the checksum of what begins at 34 stands at 16 from there.
  const header = Uint8Array.of(1, 1, 54, 0, 0xe8, 1, 34, 0, 16, 0);
  const { verdict, frame, header: after } = bench.receive(partial, 0, header);
  expect(verdict).toBe("heard_probe");
  expect(f.hex(frame)).toBe(f.hex(whole));
  expect([...after]).toEqual(Array(10).fill(0));
});

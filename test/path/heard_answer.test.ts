import { expect, test } from "vitest";
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

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runChecked } from "../../src/system/programs.ts";
import { Bench, PLAN } from "./arrange.ts";
import * as f from "../frames.ts";

const { ethernet, icmp, icmpv6, ipv4, ipv6, tcp, tcp6, udp } = f;
const v6 = (packet: f.Octets, dst: string = f.MAC.dispatcher) =>
  ethernet(packet, { dst, type: f.ETHERTYPE.ipv6 });
const self = { dst: f.IP.dispatcher };
const self6 = { dst: f.IP6.dispatcher };
const long = udp(new Array<number>(1420).fill(7));
const long6 = f.udp6(new Array<number>(1400).fill(7));

const plain = new Bench({ mtus: [1300, 1300, 1300] });
const dead = new Bench();
dead.killAll();
const guarded = new Bench({ clusters: [{ ...PLAN.clusters[0]!, ports: [{ port: 443, protocol: "tcp" }] }] });

/** Every answer that the dispatcher gives, and the message that a decoder must see in it. */
const ANSWERS: [bench: Bench, frame: Uint8Array, verdict: string, message: RegExp][] = [
  [
    plain,
    ethernet(f.arp(), { dst: f.MAC.broadcast, type: f.ETHERTYPE.arp }),
    "answered_arp",
    /10\.0\.0\.100 is at 02:00:00:00:00:02/,
  ],
  [
    plain,
    ethernet(ipv4(icmp(8, 0, [1, 2, 3]), { ...self, protocol: 1 })),
    "answered_echo",
    /Echo \(ping\) reply/,
  ],
  [plain, ethernet(ipv4(udp([1]), { ttl: 1 })), "time_exceeded", /Time-to-live exceeded/],
  [plain, ethernet(ipv4(udp([1]), { dst: "192.0.2.9" })), "net_unreachable", /\(Network unreachable\)/],
  [dead, ethernet(ipv4(udp([1]))), "host_unreachable", /\(Host unreachable\)/],
  [plain, ethernet(ipv4(udp([1]), self)), "port_unreachable", /\(Port unreachable\)/],
  [
    plain,
    ethernet(ipv4([1, 2, 3, 4, 5, 6, 7, 8], { ...self, protocol: 253 })),
    "protocol_unreachable",
    /\(Protocol unreachable\)/,
  ],
  [
    guarded,
    ethernet(ipv4([0, 0, 8, 0, 0, 0, 0, 0], { protocol: 253 })),
    "prohibited",
    /\(Communication administratively filtered\)/,
  ],
  [plain, ethernet(ipv4(long, { fragment: 0x4000 })), "too_big", /\(Fragmentation needed\)/],
  [plain, ethernet(ipv4(udp([1]), { options: [7, 0, 0, 0] })), "parameter_problem", /Parameter problem/],
  [plain, ethernet(ipv4(tcp(self), { ...self, protocol: 6 })), "reset", /\[RST, ACK\]/],
  [guarded, ethernet(ipv4(tcp(), { protocol: 6 })), "reset", /\[RST, ACK\]/],
  [
    plain,
    v6(f.solicitation(), "33:33:ff:00:01:00"),
    "answered_nd",
    /Neighbor Advertisement 2001:db8::100 \(rtr, sol, ovr\)/,
  ],
  [
    plain,
    v6(f.solicitation({ from: "::", option: false }), "33:33:ff:00:01:00"),
    "answered_nd",
    /Neighbor Advertisement 2001:db8::100 \(rtr, ovr\)/,
  ],
  [
    plain,
    v6(ipv6(icmpv6(128, 0, [0, 1, 0, 1], [1, 2, 3], self6), { ...self6, next: 58 })),
    "answered_echo",
    /Echo \(ping\) reply/,
  ],
  [
    plain,
    v6(ipv6(f.udp6([1]), { hopLimit: 1 })),
    "time_exceeded",
    /Time Exceeded \(hop limit exceeded in transit\)/,
  ],
  [
    plain,
    v6(ipv6(f.udp6([1], { dst: "2001:db8:99::1" }), { dst: "2001:db8:99::1" })),
    "net_unreachable",
    /no route to destination/,
  ],
  [dead, v6(ipv6(f.udp6([1]))), "host_unreachable", /Address unreachable/],
  [plain, v6(ipv6(f.udp6([1], self6), self6)), "port_unreachable", /Port unreachable/],
  [
    plain,
    v6(ipv6([1, 2, 3, 4], { ...self6, next: 253 })),
    "protocol_unreachable",
    /unrecognized Next Header/,
  ],
  [
    plain,
    v6(ipv6([17, 0, 4, 1, 0, 0, 0, 0, ...udp([1])], { ...self6, next: 43 })),
    "parameter_problem",
    /erroneous header field encountered/i,
  ],
  [guarded, v6(ipv6([1, 2, 3, 4], { next: 253 })), "prohibited", /Administratively prohibited/],
  [plain, v6(ipv6(long6)), "too_big", /Packet Too Big/],
  [plain, v6(ipv6(tcp6(self6), { ...self6, next: 6 })), "reset", /\[RST, ACK\]/],
];

test("every answer is decoded by tshark without a warning", async () => {
  const sent = ANSWERS.map(([bench, frame, want]) => {
    const { verdict, frame: answer } = bench.receive(frame);
    expect(verdict).toBe(want);
    return answer;
  });
  const folder = mkdtempSync(join(tmpdir(), "oneip-answers-"));
  try {
    const file = join(folder, "answers.pcap");
    writeFileSync(file, pcap(sent));
    const checks = ["ip.check_checksum", "tcp.check_checksum", "udp.check_checksum"].flatMap((
      name,
    ) => ["-o", `${name}:TRUE`]);
    const fields = ["_ws.col.Info", "_ws.expert.severity", "_ws.expert.message"].flatMap((
      name,
    ) => ["-e", name]);
    const printed = await runChecked([
      "tshark",
      "-r",
      file,
      ...checks,
      "-T",
      "fields",
      "-E",
      "separator=|",
      ...fields,
    ]);
    const rows = printed.trimEnd().split("\n").map((row) => row.split("|"));
    expect(rows).toHaveLength(ANSWERS.length);
    for (const [index, [info, severities = "", messages]] of rows.entries()) {
      expect(info).toMatch(ANSWERS[index]![3]);
      // What a Parameter Problem quotes is wrong: that is why it is sent. And a reset is a warning by itself.
      const isMeant = /Record Route|^Connection reset \(RST\)$/.test(messages ?? "");
      const worst = Math.max(0, ...severities.split(",").map(Number));
      expect(worst, `${info}: ${messages}`).toBeLessThan(isMeant ? WARNING + 1 : WARNING);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Wireshark's severity of a warning; notes and chats, such as the note that a connection is reset, are below. */
const WARNING = 0x600000;

/** A capture file, https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap: a header, then a header for each frame. */
function pcap(frames: readonly Uint8Array[]): Uint8Array {
  const u32 = (value: number) => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
  const header = [...u32(0xa1b2c3d4), 2, 0, 4, 0, ...u32(0), ...u32(0), ...u32(65_535), ...u32(1)];
  const records = frames.flatMap((
    frame,
  ) => [...u32(0), ...u32(0), ...u32(frame.length), ...u32(frame.length), ...frame]);
  return Uint8Array.from([...header, ...records]);
}

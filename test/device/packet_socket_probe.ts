/** Run in a network namespace of its own: sends frames over a veth pair and prints which ones a packet socket gives, as JSON. */

import { execFileSync } from "node:child_process";
import * as bpf from "../../src/device/bpf.ts";
import { FrameSocket } from "../../src/device/frame_socket.ts";
import { PacketSocket } from "../../src/device/packet_socket.ts";
import { Poll } from "../../src/device/poll.ts";
import { parseMac, wordOf, wordsOf } from "../../src/wire/address.ts";
import * as f from "../frames.ts";

const ip = (...args: string[]) => execFileSync("ip", args, { encoding: "utf8" });
ip("link", "add", "near", "type", "veth", "peer", "name", "far");
for (const name of ["near", "far"]) {
  execFileSync("sysctl", ["-qw", `net.ipv6.conf.${name}.disable_ipv6=1`]);
  ip("link", "set", name, "up");
}

const nothing = bpf.program();
const [ARP, IP6] = [f.ETHERTYPE.arp, f.ETHERTYPE.ipv6];
const far = new PacketSocket({ interfaceName: "far", etherType: ARP, filter: nothing });
const arp = new PacketSocket({
  interfaceName: "near",
  etherType: ARP,
  filter: bpf.program(
    bpf.takeWord(28, [wordOf(f.IP.dispatcher)]),
    bpf.takeWord(38, ["10.0.0.99", f.IP.cluster, "200.0.0.1"].map(wordOf)),
  ),
});
const nd = new PacketSocket({
  interfaceName: "near",
  etherType: IP6,
  filter: bpf.program(
    bpf.needOctet(20, 58),
    bpf.needOctet(54, 135, 136),
    bpf.takeWord(74, [wordsOf(f.IP6.cluster)[3]!]),
  ),
  groups: [parseMac("33:33:ff:00:01:00")!],
});

const arpFrame = (options: f.ArpOptions) =>
  f.ethernet(f.arp(options), { dst: f.MAC.broadcast, type: f.ETHERTYPE.arp });
const packet = (octets: f.Octets) => f.ethernet(octets, { dst: "33:33:ff:00:01:00", type: f.ETHERTYPE.ipv6 });
const frames = {
  question: arpFrame({}),
  highAddress: arpFrame({ targetIp: "200.0.0.1" }),
  otherTarget: arpFrame({ targetIp: "10.0.0.98" }),
  dispatcher: arpFrame({ senderIp: f.IP.dispatcher, targetIp: "10.0.0.98" }),
  ipv4: f.ethernet(f.ipv4(f.udp([1, 2, 3])), { dst: f.MAC.broadcast }),
  solicitation: packet(f.solicitation()),
  advertisement: packet(f.advertisement({ target: f.IP6.cluster })),
  otherSolicitation: packet(f.solicitation({ target: f.IP6.backend1 })),
  udp6: packet(f.ipv6(f.udp6([1, 2, 3]))),
  echo6: packet(f.ipv6(f.icmpv6(128, 0, [0, 0, 0, 0], f.ip6(f.IP6.cluster)), { next: 58 })),
  short: packet([0x60, 0, 0, 0]),
};
for (const frame of Object.values(frames)) far.write(frame, frame.length);
// The last of each type, so that all others have come when these have.
for (const last of [frames.question, frames.solicitation]) far.write(last, last.length);

/** Names of what a socket gives, until the last has come. */
function read(socket: PacketSocket, last: keyof typeof frames): string[] {
  const poll = new Poll([socket.fd]);
  const slot = new Uint8Array(2048);
  const names: string[] = [];
  while (names.filter((name) => name === last).length < 2) {
    const length = socket.read(slot);
    const given = f.hex(slot.subarray(0, length));
    if (length === 0) poll.wait(-1);
    else names.push(Object.entries(frames).find(([, frame]) => f.hex(frame) === given)?.[0] ?? given);
  }
  return names;
}

const given = { arp: read(arp, "question"), nd: read(nd, "solicitation") };
const groups = ip("maddress", "show", "dev", "near").includes("33:33:ff:00:01:00");
arp.write(frames.question, frames.question.length);
const ownIsRead = arp.read(new Uint8Array(2048)) > 0;

const complaint = (action: () => unknown) => {
  try {
    action();
    return "none";
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
};
const failure = complaint(() =>
  new PacketSocket({
    interfaceName: "none",
    etherType: ARP,
    filter: nothing,
    groups: [parseMac("33:33:ff:00:01:00")!],
  })
);

/** All frames of one interface: not those of others, and no more when it is gone. */
const [ofNear, ofAll] = [new FrameSocket({ interfaceName: "near" }), new FrameSocket()];
far.write(frames.short, frames.short.length);
const seen = [ofNear, ofAll].map((socket) => {
  const poll = new Poll([socket.fd]);
  const ways: string[] = [];
  while (ways.at(-1) !== "in") {
    if (!socket.next()) poll.wait(-1);
    else ways.push(socket.isOutgoing ? "out" : "in");
  }
  return ways;
});
ip("link", "delete", "near");
const gone = [ofNear, ofAll].map((socket) =>
  complaint(() => {
    while (socket.next());
  })
);
for (const socket of [ofNear, ofAll]) socket.close();
console.log(JSON.stringify({ given, groups, ownIsRead, failure, seen, gone }));

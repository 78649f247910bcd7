/**
 * Run in a network namespace of its own: the program at the ingress of a TAP, out of which it sends the frames that come in. Prints, as
 * JSON, whether they are what the path would have sent, and what a device does with less than an Ethernet header.
 */

import { Tap, until } from "oneip";
import * as bpf from "../../src/device/bpf.ts";
import * as ifreq from "../../src/device/ifreq.ts";
import { describeErrno } from "../../src/device/errno.ts";
import { libc } from "../../src/device/libc.ts";
import { PacketSocket } from "../../src/device/packet_socket.ts";
import { FastPathCounts } from "../../src/kernel/counts.ts";
import { FastPath } from "../../src/kernel/fast_path.ts";
import * as virtio from "../../src/wire/virtio.ts";
import * as f from "../frames.ts";
import { Bench, BUCKETS, PLAN } from "../path/arrange.ts";

/** More than a page: then the kernel keeps in one stretch only as much as the virtio header says, and the rest in pages. */
const LONG = new Array<number>(5000).fill(7);
const LINEAR = [14, 15, 33, 34, 37, 38, 53, 54, 57, 58, 59, 100];
const TCP = { port: 80, data: [...LONG, ...LONG] };
/** As the kernel's TCP gives them: without their checksum (wire/virtio.ts). */
const SUPER_FRAME = { flags: 1, type: 1, size: 1400, checksumStart: 34, checksumOffset: 16 };
const { ethernet, ipv4, ipv6 } = f;
const v6 = (packet: f.Octets) => ethernet(packet, { type: f.ETHERTYPE.ipv6 });

const mtus = [9000, 9000, 9000, 9000];
const bench = new Bench({ offloads: true, mtus }, 16_384);
using tap = new Tap({ name: "tap0", mtu: 9000, offloads: true });
const size = { clusters: 1, buckets: BUCKETS, neighbors: mtus.length };
const fastPath = new FastPath(
  { ...PLAN, offloads: true, mtus },
  size,
  "uplink",
);
fastPath.publish(bench.table);
const index = ifreq.index("tap0");
fastPath.attach(index);

function header(linear: number, gso?: typeof SUPER_FRAME): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(virtio.HEADER);
  const view = new DataView(octets.buffer);
  view.setUint8(0, gso?.flags ?? 0);
  view.setUint8(1, gso?.type ?? 0);
  view.setUint16(2, linear, true);
  view.setUint16(4, gso?.size ?? 0, true);
  view.setUint16(6, gso?.checksumStart ?? 0, true);
  view.setUint16(8, gso?.checksumOffset ?? 0, true);
  return octets;
}

/** Does what comes out equal what the path would send? */
async function compare(frame: Uint8Array, before: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const expected = bench.receive(frame, 0, before.slice());
  tap.write(Uint8Array.from([...before, ...frame]), before.length + frame.length);
  const slot = new Uint8Array(16_384);
  // The kernel of this namespace speaks, too: whatever is not from the dispatcher is its own.
  const left = await until("the frame comes out", () => {
    const length = tap.read(slot);
    return f.hex(slot.subarray(virtio.HEADER + 6, virtio.HEADER + 12)) === f.hex(f.mac(f.MAC.dispatcher)) &&
      slot.slice(virtio.HEADER, length);
  });
  return expected.verdict === "dispatched" && f.hex(left) === f.hex(expected.frame) &&
    slot[1] === before[1];
}

const same: Record<string, boolean[]> = { ipv4: [], ipv6: [], superFrame: [] };
for (const linear of LINEAR) {
  same["ipv4"]!.push(await compare(ethernet(ipv4(f.udp(LONG))), header(linear)));
  same["ipv6"]!.push(await compare(v6(ipv6(f.udp6(LONG))), header(linear)));
}
// What is longer than the way ahead goes by the size of its packets.
for (const linear of [54, 58, 100]) {
  same["superFrame"]!.push(
    await compare(ethernet(ipv4(f.tcp(TCP), { protocol: 6 })), header(linear, SUPER_FRAME)),
  );
}
const counts = new FastPathCounts(size);
fastPath.count(counts);

const socket = new PacketSocket({ interfaceName: "tap0", etherType: 0x0800, filter: bpf.program() });
const written = (fd: number, length: number) =>
  libc.write(fd, new Uint8Array(new ArrayBuffer(64)), length) < 0 ? describeErrno(libc.errno()) : "taken";
const short = {
  tap: [virtio.HEADER + 13, virtio.HEADER + 14].map((length) => written(tap.fd, length)),
  packetSocket: [13, 14].map((length) => written(socket.fd, length)),
};
console.log(JSON.stringify({ same, dispatched: counts.dispatched, short }));
socket.close();
fastPath.close();

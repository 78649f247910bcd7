/**
 * Prints, as JSON, how many octets of heap one frame of each kind costs on its whole way through the data plane: read,
 * judged, counted, sent or handed up.
 *
 * To be run with the optimiser off, because it hides allocations that it happens to remove. One thing only the optimiser can
 * remove: the interpreter makes a number object of every sum that leaves int32 before `| 0` brings it back, and the hash has
 * many. So there the client is one whose hash stays within int32 all the way. With the argument `optimised` the clients are
 * random, and the hash is judged as it runs.
 */

import type { WantedFrames } from "../../src/plane/capture_filter.ts";
import { BURST, DataPlane } from "../../src/plane/data_plane.ts";
import { SharedState } from "../../src/plane/shared_state.ts";
import type { Device } from "../../src/device/device.ts";
import { FIRST_PROBE_PORT } from "../../src/path/probe_ports.ts";
import { NO_BACKEND } from "../../src/table/bucket_map.ts";
import { type Connections, KEY } from "../../src/table/connections.ts";
import { ETHERTYPE, IP, IP6, MAC, PROTOCOL } from "../frames.ts";
import * as f from "../frames.ts";
import { BUCKETS, NEIGHBOR, PLAN } from "../path/arrange.ts";
import { ipOf, parseMac, wordsOf } from "../../src/wire/address.ts";
import { Random } from "../random.ts";

/** Has bursts of the same frames again and again, and takes whatever is sent. */
class SameFrames implements Device {
  left = 0;
  readonly #frames: readonly Uint8Array[];

  constructor(frames: readonly Uint8Array[]) {
    this.#frames = frames;
  }

  read(slot: Uint8Array): number {
    if (this.left === 0) return 0;
    const frame = this.#frames[--this.left % this.#frames.length]!;
    slot.set(frame);
    return frame.length;
  }

  write(): boolean {
    return true;
  }
}

/** Does the kernel's jhash of this address (seed 0) compute nothing beyond int32? */
function staysInt32(address: string): boolean {
  let stays = true;
  const int32 = (sum: number) => {
    stays &&= sum === (sum | 0);
    return sum | 0;
  };
  const rotated = (word: number, by: number) => (word << by) | (word >>> (32 - by));
  const swapped = [...wordsOf(address)].map((word) =>
    (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
  );
  const initial = (0xdeadbeef + swapped.length * 4) | 0;
  let [a, b, c] = [int32(initial + swapped[0]!), initial, initial];
  if (swapped.length === 4) {
    b = int32(initial + swapped[1]!);
    c = int32(initial + swapped[2]!);
    for (const by of [4, 6, 8, 16, 19, 4]) {
      // __jhash_mix, whose three words change places from step to step.
      const [next, sum] = [int32(a - c) ^ rotated(c, by), int32(c + b)];
      [a, b, c] = [b, sum, next];
    }
    a = int32(a + swapped[3]!);
  }
  c = int32((c ^ b) - rotated(b, 14));
  a = int32((a ^ c) - rotated(c, 11));
  b = int32((b ^ a) - rotated(a, 25));
  c = int32((c ^ b) - rotated(b, 16));
  a = int32((a ^ c) - rotated(c, 4));
  b = int32((b ^ a) - rotated(a, 14));
  int32((c ^ b) - rotated(b, 24));
  return stays;
}

const { ethernet, ipv4, udp, tcp, icmp, arp } = f;
/** The prober's ports that frames below are for. */
const PROBED_FROM = [40_000, 0x9000];
const random = new Random(1);
/** Above 2^31, where a careless address would be boxed. */
const highClient = () =>
  `${200 + random.below(20)}.${random.below(256)}.${random.below(256)}.${1 + random.below(254)}`;

const OPTIMISED = process.argv[2] === "optimised";
let HIGH_CLIENT = highClient();
while (!OPTIMISED && !staysInt32(HIGH_CLIENT)) HIGH_CLIENT = highClient();
const client6 = () => ipOf(Uint8Array.from([0x20, 0x01, 0xd, 0xb8, ...random.octets(12)]));
let CLIENT_6 = client6();
while (!OPTIMISED && !staysInt32(CLIENT_6)) CLIENT_6 = client6();

const embedded = ipv4(tcp().slice(0, 8), { src: IP.cluster, dst: HIGH_CLIENT, protocol: 6 });
const self = { dst: IP.dispatcher, src: HIGH_CLIENT };

const v6 = (packet: f.Octets, dst: string = MAC.dispatcher) =>
  ethernet(packet, { dst, type: ETHERTYPE.ipv6 });
const self6 = { dst: IP6.dispatcher };
const embedded6 = f.ipv6(f.tcp6().slice(0, 8), { src: IP6.cluster, dst: CLIENT_6, next: 6 });

const withPriority = (frame: Uint8Array) =>
  Uint8Array.from([...frame.slice(0, 12), 0x81, 0, 0xa0, 0, ...frame.slice(12)]);

const FRAMES: Record<string, Uint8Array> = {
  "dispatched ipv6": v6(f.ipv6(f.tcp6({ src: CLIENT_6 }), { src: CLIENT_6, next: 6 })),
  "dispatched icmpv6 error": v6(f.ipv6(f.icmpv6(2, 0, [0, 0, 5, 0], embedded6), { next: 58 })),
  "dispatched ipv6 fragment": v6(f.ipv6([17, 0, 0, 9, 0, 0, 0, 1], { src: CLIENT_6, next: 44 })),
  "nd answered": v6(f.solicitation(), "33:33:ff:00:01:00"),
  "nd probe answered": v6(f.solicitation({ from: "::", option: false }), "33:33:ff:00:01:00"),
  "nd heard": v6(f.advertisement({ to: IP6.dispatcher })),
  "nd claim": v6(f.advertisement({ target: IP6.cluster }), "33:33:00:00:00:01"),
  "nd malformed": v6(f.solicitation({ hopLimit: 64 }), "33:33:ff:00:01:00"),
  "nd other": v6(f.solicitation({ target: "2001:db8:1::100" }), "33:33:ff:00:01:00"),
  "echo6 answered": v6(f.ipv6(f.icmpv6(128, 0, [0, 1, 0, 1], [1, 2, 3], self6), { ...self6, next: 58 })),
  "hop limit exceeded": v6(f.ipv6(udp([1]), { hopLimit: 1 })),
  "no route 6": v6(f.ipv6(udp([1]), { dst: "2001:db8:99::1" })),
  "link-local 6": v6(f.ipv6(udp([1]), { src: "fe80::99", dst: "2001:db8:99::1" })),
  "link-local": ethernet(ipv4(udp([1]), { src: "169.254.1.9", dst: "192.0.2.99" })),
  "port unreachable 6": v6(f.ipv6(f.udp6([1], self6), self6)),
  "protocol unreachable 6": v6(f.ipv6([0, 0, 0, 0], { ...self6, next: 47 })),
  "route by way of us 6": v6(f.ipv6([17, 0, 0, 1, 0, 0, 0, 0, ...udp([])], { ...self6, next: 43 })),
  "reset 6": v6(f.ipv6(f.tcp6(self6), { ...self6, next: 6 })),
  "martian 6": v6(f.ipv6(udp([1]), { src: "::1" })),
  "malformed 6": v6(f.ipv6([]).with(0, 0x40)),
  "group 6": v6(f.ipv6(udp([1]), { dst: "ff02::1" }), "33:33:00:00:00:01"),
  "parameter problem": ethernet(ipv4(udp([1]), { src: HIGH_CLIENT, options: [7, 0, 0, 0] })),
  "source route": ethernet(ipv4(udp([1]), { src: HIGH_CLIENT, options: [0x83, 7, 4, 10, 0, 0, 1, 0] })),
  "too big": ethernet(ipv4(udp(new Array<number>(1480).fill(1)), { src: HIGH_CLIENT, fragment: 0x4000 })),
  "dispatched tcp": f.synToCluster(HIGH_CLIENT),
  "dispatched icmp error": ethernet(
    ipv4(icmp(3, 4, embedded), { src: HIGH_CLIENT, protocol: PROTOCOL.icmp }),
  ),
  "dispatched fragment": ethernet(ipv4([1], { src: HIGH_CLIENT, fragment: 0x2064 })),
  "arp answered": ethernet(arp({ senderIp: HIGH_CLIENT }), { dst: MAC.broadcast, type: ETHERTYPE.arp }),
  "arp heard": ethernet(arp({ operation: 2, senderIp: HIGH_CLIENT, targetIp: IP.dispatcher }), {
    type: ETHERTYPE.arp,
  }),
  "arp claim": ethernet(arp({ senderIp: IP.cluster }), { type: ETHERTYPE.arp }),
  "arp malformed": ethernet(arp().with(1, 6), { type: ETHERTYPE.arp }),
  "echo answered": ethernet(ipv4(icmp(8, 0, [1, 2, 3, 4]), { ...self, protocol: PROTOCOL.icmp })),
  "time exceeded": ethernet(ipv4(udp([1]), { src: HIGH_CLIENT, ttl: 1 })),
  "net unreachable": ethernet(ipv4(udp([1]), { src: HIGH_CLIENT, dst: "192.0.2.99" })),
  "port unreachable": ethernet(ipv4(udp([1]), self)),
  "reset": ethernet(ipv4(tcp(self), { ...self, protocol: PROTOCOL.tcp })),
  "unanswerable": ethernet(ipv4(udp([1]), { src: HIGH_CLIENT, ttl: 1, fragment: 1 })),
  "not ours": ethernet([], { dst: MAC.other }),
  "own source": ethernet([], { src: MAC.dispatcher }),
  "ethertype": ethernet([], { type: 0x88cc }),
  "vlan": ethernet([], { type: ETHERTYPE.vlan }),
  "dispatched with a priority": withPriority(f.synToCluster(HIGH_CLIENT)),
  "time exceeded with a priority": withPriority(ethernet(ipv4(udp([1]), { src: HIGH_CLIENT, ttl: 1 }))),
  "malformed": ethernet(ipv4(udp([1]))).fill(0, 24, 26),
  "runt": new Uint8Array(9),
  "from cluster": ethernet(ipv4(udp([1]), { src: IP.cluster })),
  "from self": ethernet(ipv4(udp([1]), { src: IP.dispatcher })),
  "martian": ethernet(ipv4(udp([1]), { src: "127.0.0.1" })),
  "group": ethernet(ipv4(udp([1]), { dst: "224.0.0.1" })),
  "heard answer": ethernet(ipv4(tcp({ ...self, flags: 0x12 }), { ...self, protocol: PROTOCOL.tcp })),
  "heard answer of the cluster": ethernet(ipv4(udp([1]), { src: IP.cluster, dst: IP.dispatcher })),
  "heard answer 6": v6(f.ipv6(f.icmpv6(129, 0, [0, 1, 0, 1], [], self6), { ...self6, next: 58 })),
  "heard probe": ethernet(
    ipv4(tcp({ src: IP.cluster, dst: IP.dispatcher, port: 40_000 }), {
      src: IP.cluster,
      dst: IP.dispatcher,
      protocol: PROTOCOL.tcp,
    }),
  ),
  "heard error for the prober": ethernet(
    ipv4(icmp(3, 3, ipv4(udp([]), { src: IP.dispatcher, dst: IP.cluster })), {
      src: IP.cluster,
      dst: IP.dispatcher,
      protocol: PROTOCOL.icmp,
    }),
  ),
  "heard probe 6": v6(
    f.ipv6(f.icmpv6(129, 0, [0x90, 0, 0, 1], [], self6), { ...self6, src: IP6.cluster, next: 58 }),
  ),
  "for the prober, of nobody who was asked": ethernet(
    ipv4(tcp({ src: IP.cluster, dst: IP.dispatcher, port: 40_000 }), {
      src: IP.cluster,
      dst: IP.dispatcher,
      protocol: PROTOCOL.tcp,
    }),
    { src: MAC.other },
  ),
  "drop self": ethernet(ipv4([1, 2, 3], { ...self, protocol: 47 })),
};

/** The same with virtio headers before them: of a super-frame and a checksum to come, each both passed on and answered. */
const promised = (frame: Uint8Array, gso: number, start: number, offset: number) =>
  Uint8Array.from([1, gso, 0, 0, 100, 0, start, 0, offset, 0, ...frame]);
const data = new Array<number>(1400).fill(1);
const OFFLOADED: Record<string, Uint8Array> = {
  "dispatched super-frame": promised(
    ethernet(ipv4(tcp({ src: HIGH_CLIENT, data }), { src: HIGH_CLIENT, protocol: PROTOCOL.tcp })),
    1,
    34,
    16,
  ),
  "quoted super-frame": promised(
    ethernet(ipv4(tcp({ src: HIGH_CLIENT, data }), { src: HIGH_CLIENT, protocol: PROTOCOL.tcp, ttl: 1 })),
    1,
    34,
    16,
  ),
  "quoted super-frame of UDP 6": promised(v6(f.ipv6(udp(data), { hopLimit: 1 })), 5, 54, 6),
  "dispatched without a checksum": promised(f.synToCluster(HIGH_CLIENT), 0, 34, 16),
  "heard probe without a checksum": promised(
    ethernet(ipv4(tcp({ src: IP.cluster, dst: IP.dispatcher, port: 40_000, data }), {
      src: IP.cluster,
      dst: IP.dispatcher,
      protocol: PROTOCOL.tcp,
    })),
    1,
    34,
    16,
  ),
  "quoted without a checksum": promised(ethernet(ipv4(udp([1]), self)), 0, 34, 6),
};

/** Of buckets in transition, whose connections are all remembered but for the oldest; with and without room for them. */
const udp6 = v6(f.ipv6(f.udp6([1], { src: CLIENT_6 }), { src: CLIENT_6 }));
const MOVING: Record<string, Uint8Array> = {
  "moving syn": f.synToCluster(HIGH_CLIENT),
  "moving tcp": ethernet(
    ipv4(tcp({ src: HIGH_CLIENT, flags: 0x10 }), { src: HIGH_CLIENT, protocol: PROTOCOL.tcp }),
  ),
  "moving tcp of nobody": ethernet(
    ipv4(tcp({ src: HIGH_CLIENT, flags: 0x10, srcPort: 50_000 }), {
      src: HIGH_CLIENT,
      protocol: PROTOCOL.tcp,
    }),
  ),
  "moving syn 6": v6(f.ipv6(f.tcp6({ src: CLIENT_6 }), { src: CLIENT_6, next: 6 })),
  "moving tcp 6": v6(f.ipv6(f.tcp6({ src: CLIENT_6, flags: 0x11 }), { src: CLIENT_6, next: 6 })),
  "moving udp": ethernet(ipv4(udp([1]), { src: HIGH_CLIENT })),
  "moving udp 6": udp6,
  "moving fragment": ethernet(ipv4([1], { src: HIGH_CLIENT, fragment: 0x2064 })),
  "moving icmp error": ethernet(ipv4(icmp(3, 4, embedded), { src: HIGH_CLIENT, protocol: PROTOCOL.icmp })),
  "moving icmpv6 error": v6(f.ipv6(f.icmpv6(2, 0, [0, 0, 5, 0], embedded6), { next: 58 })),
};

/** Of a pair that is active in IPv4 and a backup in IPv6. */
const arpTo = (targetIp: string) =>
  ethernet(arp({ senderIp: HIGH_CLIENT, targetIp }), { dst: MAC.broadcast, type: ETHERTYPE.arp });
const PAIR: Record<string, Uint8Array> = {
  "advertisement heard": f.vrrp(),
  "advertisement heard 6": f.vrrp6(),
  "advertisement without a pseudo-header": f.vrrp({ checksum: "rfc" }),
  "advertisement malformed": f.vrrp({ checksum: "wrong" }),
  "advertisement malformed 6": f.vrrp6({ hopLimit: 1 }),
  "advertisement of another virtual router": f.vrrp({ id: 7 }),
  "own advertisement": f.vrrp({ from: IP.dispatcher }),
  "dispatched at the virtual MAC": f.synToCluster(HIGH_CLIENT).with(0, 0).with(2, 0x5e).with(4, 1).with(
    5,
    51,
  ),
  "dispatched at its own MAC": f.synToCluster(HIGH_CLIENT),
  "not active 6": v6(f.ipv6(f.tcp6({ src: CLIENT_6 }), { src: CLIENT_6, next: 6 }), MAC.shared6),
  "arp answered for a cluster": arpTo(IP.cluster),
  "arp answered for a next hop": arpTo(IP.shared),
  "nd not answered": v6(f.solicitation(), "33:33:ff:00:01:00"),
  "echo at a shared address": ethernet(
    ipv4(icmp(8, 0, [1, 2]), { src: HIGH_CLIENT, dst: IP.shared, protocol: PROTOCOL.icmp }),
    { dst: MAC.shared },
  ),
};

type Backends = "resolved" | "failed" | "unresolved" | "none" | "group" | "moving";

/** Takes all room that there is. */
function fillUp(connections: Connections): void {
  for (let first = 0; connections.add(new Int32Array(KEY).fill(first), 0, 1, 0, 0); first++);
}

const ROUNDS = 11;

/** The median over many rounds: a collection inside one of them does not count. */
async function heapPerFrame(
  frames: readonly Uint8Array[],
  backends: Backends,
  plan: typeof PLAN = PLAN,
  connections = 0,
  captured?: WantedFrames,
): Promise<number> {
  const shared = new SharedState({
    clusters: 1,
    buckets: BUCKETS,
    neighbors: 4,
    slotSize: 2048,
    connections: [connections],
  });
  const table = await shared.standby();
  table.setOwners(0, new Uint16Array(BUCKETS).fill(backends === "none" ? NO_BACKEND : NEIGHBOR.backend1));
  const { high, low } = parseMac(MAC.backend1)!;
  if (backends === "resolved" || backends === "moving") table.setMac(NEIGHBOR.backend1, high, low);
  if (backends === "moving") {
    table.setMac(NEIGHBOR.backend2, high, low ^ 1);
    for (let bucket = 0; bucket < BUCKETS; bucket++) table.setOldOwner(bucket, NEIGHBOR.backend2);
    if (connections === 0) fillUp(shared.transitions.connections[0]!);
  }
  if (backends === "failed") table.setFailed(NEIGHBOR.backend1);
  if (backends === "group") {
    table.setGroup(0, NEIGHBOR.group);
    table.setMac(NEIGHBOR.group, 0x03bf, low);
  }
  table.setActive(false, true);
  shared.publish();
  if (captured !== undefined) shared.captureFilter.start(captured);
  const router = parseMac(MAC.router)!;
  for (const port of PROBED_FROM) shared.openPorts.open(port - FIRST_PROBE_PORT, router);
  const device = new SameFrames(frames);
  const plane = new DataPlane(plan, device, shared.workers[0]!, () => nowMs);
  const grown: number[] = [];
  let nowMs = 0;
  for (let round = 0; round < ROUNDS; round++) {
    shared.transitions.pass();
    nowMs = round * 1000;
    const before = process.memoryUsage().heapUsed;
    device.left = frames.length === 0 ? 0 : BURST;
    plane.burst();
    grown.push(process.memoryUsage().heapUsed - before);
  }
  return grown.sort((a, b) => a - b)[ROUNDS >> 1]! / BURST;
}

/** One of each way; its client is hashed whatever becomes of it, so it is one whose hash stays within int32. */
const TO_CAPTURE = [
  ...[
    "dispatched tcp",
    "dispatched ipv6",
    "dispatched fragment",
    "dispatched icmp error",
    "dispatched with a priority",
  ],
  ...[
    "dispatched super-frame",
    "time exceeded",
    "unanswerable",
    "arp answered",
    "nd answered",
    "echo answered",
    "reset",
  ],
  ...["heard probe", "not ours", "vlan", "malformed", "runt", "drop self"],
];

/** All frames, and those that a filter looks at most closely. */
const nothing = { cluster: undefined, backend: undefined, client: undefined, verdicts: undefined };
const CAPTURED: Readonly<Record<string, WantedFrames>> = {
  all: { ...nothing, snaplen: 262_144, direction: "both" },
  some: {
    ...nothing,
    ...{ snaplen: 100, direction: "both", cluster: 0, verdicts: [0, 35, 42] },
    client: { address: "192.0.0.0", prefixLength: 2 },
  },
};

const result: Record<string, number> = {};
await heapPerFrame([], "resolved"); // Warms up.
const measuring = await heapPerFrame([], "resolved");
if (OPTIMISED) {
  const random6 = () => {
    const src = client6();
    return v6(f.ipv6(f.tcp6({ src }), { src, next: 6 }));
  };
  const frames = Array.from(
    { length: BURST },
    (_, index) => index % 2 === 0 ? f.synToCluster(highClient()) : random6(),
  );
  for (let round = 0; round < 20; round++) await heapPerFrame(frames, "resolved");
  result["dispatched, any client"] = await heapPerFrame(frames, "resolved") - measuring;
} else {
  for (const [name, frame] of Object.entries(FRAMES)) {
    result[name] = await heapPerFrame([frame], "resolved") - measuring;
  }
  for (const [name, frame] of Object.entries(OFFLOADED)) {
    result[name] = await heapPerFrame([frame], "resolved", { ...PLAN, offloads: true }) - measuring;
  }
  const client = { address: CLIENT_6, prefixLength: 127 };
  result["dispatched ipv6, captured by its client"] =
    await heapPerFrame([FRAMES["dispatched ipv6"]!], "resolved", PLAN, 0, { ...CAPTURED["all"]!, client }) -
    measuring;
  for (const name of TO_CAPTURE) {
    const plan = { ...PLAN, offloads: name in OFFLOADED };
    const frame = FRAMES[name] ?? OFFLOADED[name]!;
    for (const [wanted, captured] of Object.entries(CAPTURED)) {
      result[`${name}, captured ${wanted}`] = await heapPerFrame([frame], "resolved", plan, 0, captured) -
        measuring;
    }
  }
  const stays = { ...PLAN, clusters: [{ ...PLAN.clusters[0]!, transition: { udp: "stay" as const } }] };
  for (const [name, frame] of Object.entries(MOVING)) {
    result[name] = await heapPerFrame([frame], "moving", stays, 1024) - measuring;
    result[`${name}, without room`] = await heapPerFrame([frame], "moving", stays) - measuring;
  }
  const pair = { ...PLAN, vrrp: { id: 51, addresses: [IP.shared, IP6.shared] } };
  for (const [name, frame] of Object.entries(PAIR)) {
    result[name] = await heapPerFrame([frame], "resolved", pair) - measuring;
  }
  result["pending"] = await heapPerFrame([f.synToCluster(HIGH_CLIENT)], "unresolved") - measuring;
  result["next hop failed"] = await heapPerFrame([f.synToCluster(HIGH_CLIENT)], "failed") - measuring;
  result["dispatched to a group"] = await heapPerFrame([f.synToCluster(HIGH_CLIENT)], "group") - measuring;
  result["host unreachable"] = await heapPerFrame([f.synToCluster(HIGH_CLIENT)], "none") - measuring;
}
console.log(JSON.stringify(result));

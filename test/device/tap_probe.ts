/** Run in a network namespace of its own: opens TAPs rightly and wrongly and prints what came of it, as JSON. */

import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { Tap } from "oneip";
import * as bpf from "../../src/device/bpf.ts";
import { dropped } from "../../src/device/dropped.ts";
import { PacketSocket } from "../../src/device/packet_socket.ts";
import type { Queue } from "../../src/device/queue.ts";
import * as f from "../frames.ts";

const ip = (...args: string[]) => execFileSync("ip", args, { encoding: "utf8" });
const exists = (name: string) =>
  (JSON.parse(ip("-j", "link")) as { ifname: string }[]).some(({ ifname }) => ifname === name);
const failure = (options: object) => {
  try {
    new Tap(options).close();
    return "opened";
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
};

function* frames(queue: Queue): Generator<DataView> {
  for (const slot = new Uint8Array(2048); queue.read(slot) > 0;) yield new DataView(slot.slice().buffer);
}
const etherType = (frame: DataView) => frame.getUint16(12);
/** Of the UDP datagrams that wait in a queue. */
const sourcePorts = (queue: Queue) =>
  [...frames(queue)].flatMap((frame) =>
    etherType(frame) === 0x0800 && frame.getUint8(23) === 17 ? [frame.getUint16(34)] : []
  );

/** Sends datagrams from each of these ports, so many each. */
async function sendUdp(from: string, to: string, ports: readonly number[], count: number): Promise<void> {
  for (const port of ports) {
    const socket = createSocket("udp4");
    await new Promise<void>((done) => void socket.bind(port, from, done));
    for (let sent = 0; sent < count; sent++) {
      await new Promise<void>((done) => void socket.send("x", 9, to, () => done()));
    }
    socket.close();
  }
}

ip("link", "add", "br0", "type", "bridge");
ip("link", "add", "dummy", "type", "veth", "peer", "name", "dummy2");

const tap = new Tap({
  name: "tap7",
  mac: "02:00:00:00:00:77",
  mtu: 1400,
  ipv4: "10.9.0.1/20",
  bridge: "br0",
});
const seen = JSON.parse(ip("-j", "-d", "address", "show", "dev", "tap7"))[0] as {
  master: string;
  address: string;
  mtu: number;
  flags: string[];
  addr_info: { local: string; prefixlen: number }[];
};
const told = {
  name: tap.name,
  mac: tap.mac,
  mtu: tap.mtu,
  ipv4: tap.ipv4,
  isUp: tap.isUp,
  isAdopted: tap.isAdopted,
};

// Nobody reads: what does not fit into the data's queue is dropped, and counted; a question that comes then is not.
const full = await (async () => {
  using short = new Tap({ name: "tap4", queueLength: 5, neighborQueue: true, ipv4: "10.9.16.1/24" });
  ip("neigh", "add", "10.9.16.2", "lladdr", "02:00:00:00:00:99", "dev", "tap4");
  await sendUdp("10.9.16.1", "10.9.16.2", [4000, 4001, 4002, 4003], 5);
  await sendUdp("10.9.16.1", "10.9.16.3", [5000], 1); // Whose MAC is not known.
  return {
    length: short.queueLength,
    taken: [...frames(short)].length,
    isCounted: dropped("tap4") > 0,
    questions: [...frames(short.neighborQueue!)].map(etherType).includes(0x0806),
    elsewhere: dropped("tap99"),
  };
})();

// Flows share the queues, each stays with one; who-has has its own.
const steered = await (async () => {
  using tap = new Tap({ name: "tap3", queues: 2, neighborQueue: true, ipv4: "10.9.32.1/24" });
  ip("neigh", "add", "10.9.32.2", "lladdr", "02:00:00:00:00:99", "dev", "tap3");
  const ports = Array.from({ length: 20 }, (_, index) => 4000 + index);
  await sendUdp("10.9.32.1", "10.9.32.2", ports, 3);
  await sendUdp("10.9.32.1", "10.9.32.3", [5000], 1); // Whose MAC is not known.
  const inData = tap.queues.map(sourcePorts);
  const inNeighbors = [...frames(tap.neighborQueue!)].map(etherType);
  // The kernel goes by the socket's type.
  for (
    const [etherType, sent] of [
      [f.ETHERTYPE.ipv4, [f.vrrp(), f.vrrp({ hopLimit: 64 })]],
      [f.ETHERTYPE.ipv6, [f.vrrp6(), f.vrrp6({ hopLimit: 64 })]],
    ] as const
  ) {
    const socket = new PacketSocket({ interfaceName: "tap3", etherType, filter: bpf.program() });
    for (const frame of sent) socket.write(frame, frame.length);
    socket.close();
  }
  /** By TTL or hop limit. */
  const advertisements = (queue: Queue) =>
    [...frames(queue)].flatMap((frame) => {
      const isV6 = etherType(frame) === f.ETHERTYPE.ipv6;
      if (frame.getUint8(isV6 ? 20 : 23) !== 112) return [];
      return [frame.getUint8(isV6 ? 21 : 22)];
    });
  return {
    advertisements: [advertisements(tap.neighborQueue!), tap.queues.flatMap(advertisements)],
    flows: new Set(inData.flat()).size,
    frames: inData.flat().length,
    isShared: inData.every((ports) => ports.length > 0),
    isSplit: inData[0]!.some((port) => inData[1]!.includes(port)),
    // The kernel may also look for others with its own IPv6 address.
    neighbors: [inNeighbors.includes(0x0806), inNeighbors.includes(0x0800)],
    isOpenTwice: failure({ name: "tap3", queues: 2 }),
  };
})();
const oneQueue = (() => {
  ip("tuntap", "add", "tap2", "mode", "tap");
  using tap = new Tap({ name: "tap2", neighborQueue: true });
  return { isAdopted: tap.isAdopted, hasNeighborQueue: tap.neighborQueue !== undefined };
})();
const busy = failure({ name: "tap7" });
tap.close();
tap.close(); // Twice does no harm.

const kept = new Tap({ name: "tap8", persistent: true });
kept.close();
const stays = exists("tap8");
const adopted = new Tap({ name: "tap8", bridge: "br0" });
const isAdopted = adopted.isAdopted;
adopted.close();
const leftBridge = !ip("link", "show", "dev", "tap8").includes("master");

const wide = new Tap({ name: "tap6", queues: 2, offloads: true });
const { numqueues, vnet_hdr: hasHeader } = JSON.parse(ip("-j", "-d", "link", "show", "dev", "tap6"))[0]
  .linkinfo
  .info_data as { numqueues: number; vnet_hdr: boolean };
const many = { queues: wide.queues.length, granted: wide.granted, kernel: { numqueues, hasHeader } };
const queuesBeside = () =>
  JSON.parse(ip("-j", "-d", "link", "show", "dev", "tap6"))[0].linkinfo.info_data.numqueues;
const shared = {
  asMany: failure({ name: "tap6", queues: 2 }),
  asOne: failure({ name: "tap6" }),
  queuesAfterwards: queuesBeside(),
};
wide.close();
ip("tuntap", "add", "tap4", "mode", "tap", "multi_queue");
const lasting = new Tap({ name: "tap4", queues: 2 });
const lastingBusy = failure({ name: "tap4", queues: 2 });
lasting.close();
const lastingAgain = failure({ name: "tap4", queues: 2 });
ip("tuntap", "add", "tap5", "mode", "tap", "multi_queue");

const before = ip("-br", "link").split("\n").length;
const failures = {
  busy,
  otherKind: failure({ name: "dummy" }),
  longName: failure({ name: "a-name-of-seventeen" }),
  badName: failure({ name: "a/b" }),
  noBridge: failure({ name: "tap9", bridge: "br9" }),
  notABridge: failure({ name: "tap9", bridge: "dummy2" }),
  oneQueueOnly: failure({ name: "tap8", queues: 2 }),
  manyQueuesAsOne: failure({ name: "tap5" }),
  badMtu: failure({ name: "tap9", mtu: 5 }),
  badMac: failure({ name: "tap9", mac: "nonsense" }),
};

console.log(JSON.stringify({
  told,
  full,
  steered,
  oneQueue,
  kernel: {
    master: seen.master,
    mac: seen.address,
    mtu: seen.mtu,
    up: seen.flags.includes("UP"),
    ipv4: seen.addr_info.filter(({ local }) => local.includes(".")).map(({ local, prefixlen }) =>
      `${local}/${prefixlen}`
    ),
  },
  gone: !exists("tap7") && !exists("tap6"),
  many,
  shared: { ...shared, lastingBusy, lastingAgain },
  persistent: { stays, isAdopted, staysAfterAdoption: exists("tap8"), leftBridge },
  failures,
  nothingLeft: ip("-br", "link").split("\n").length === before,
}));

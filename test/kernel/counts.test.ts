import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Dispatched, FastPathCounts } from "../../src/kernel/counts.ts";
import { FastPath } from "../../src/kernel/fast_path.ts";
import { type Reason, REASONS } from "../../src/kernel/program/passed_up.ts";
import { bucketOf, NO_BACKEND } from "../../src/table/bucket_map.ts";
import { ForwardingTable } from "../../src/table/forwarding_table.ts";
import { ofIpv4 } from "../../src/table/hash.ts";
import { parseMac, wordOf } from "../../src/wire/address.ts";
import * as f from "../frames.ts";
import { needsRoot } from "../needs.ts";
import { PLAN } from "../path/arrange.ts";
import { PASSED_UP, prepared, REDIRECTED, TestRun } from "./test_run.ts";

const { ethernet, ipv4, ipv6, udp, tcp, tcp6, icmp, icmpv6, MAC, IP, IP6 } = f;
const v6 = (packet: f.Octets) => ethernet(packet, { type: f.ETHERTYPE.ipv6 });

/** Owner of the cluster's buckets, in this order: one that is known, another, one whose MAC is not, one that has failed, ... */
const [KNOWN, OTHER, UNRESOLVED, FAILED, GROUP] = [0, 1, 2, 3, 4];
const OWNERS = [KNOWN, OTHER, UNRESOLVED, FAILED, KNOWN, NO_BACKEND, KNOWN, KNOWN];
/** This bucket is in transition. */
const MOVING = 4;
const [PLAIN, WITH_PORTS, BROADCAST] = [IP.cluster, "10.0.0.101", "10.0.0.102"];

const one = { ...PLAN.clusters[0]!, buckets: OWNERS.length };
const plan = {
  ...PLAN,
  clusters: [
    one,
    { ...one, addresses: [WITH_PORTS], ports: [{ port: 80, protocol: "tcp" }] as const },
    { ...one, addresses: [BROADCAST] },
  ],
  mtus: [1500, 1500, 1500, 1500, 1500],
  // The other one is active.
  vrrp: { id: 51, addresses: [IP.shared, IP6.shared] },
};
const SIZE = { clusters: 3, buckets: 3 * OWNERS.length, neighbors: 5 };

/** A client in this bucket. */
function clientIn(bucket: number): string {
  for (let host = 1;; host++) {
    const client = `198.51.100.${host}`;
    if (bucketOf(ofIpv4(wordOf(client), one.seed), one.buckets) === bucket) return client;
  }
}

const to = (dst: string, payload: f.Octets = udp([]), options: f.Ipv4Options = {}) =>
  ethernet(ipv4(payload, { src: clientIn(0), dst, ...options }));
const from = (client: string, payload: f.Octets = udp([1, 2, 3])) => ethernet(ipv4(payload, { src: client }));
const octet = (frame: Uint8Array, at: number, value: number) => frame.with(at, value);

interface Tagged {
  readonly frame: Uint8Array;
  readonly type?: number;
  readonly tag: number;
}

/** Frames for each reason but `capture`. */
const FRAMES: Readonly<Record<Exclude<Reason, "capture">, readonly (Uint8Array | Tagged)[]>> = {
  frame: [
    ethernet([], { type: f.ETHERTYPE.arp }),
    ethernet(f.arp(), { type: f.ETHERTYPE.arp }),
    ethernet(ipv4(udp([])), { dst: MAC.broadcast }),
    ethernet(ipv4(udp([])), { dst: MAC.other }),
    ethernet(ipv4(udp([])), { src: MAC.dispatcher }),
    ethernet(ipv4(udp([])), { src: "03:00:00:00:00:01" }),
    ethernet([0, 0, 8, 0, ...ipv4(udp([]))], { type: f.ETHERTYPE.vlan }),
    { frame: to(PLAIN), tag: 5 },
    { frame: to(PLAIN), type: 0x88a8, tag: 0 },
  ],
  not_active: [
    ethernet(ipv4(udp([])), { dst: MAC.shared }),
    ethernet(ipv6(udp([])), { dst: MAC.shared6, type: f.ETHERTYPE.ipv6 }),
  ],
  packet: [
    to(PLAIN).slice(0, 33),
    to(PLAIN).slice(0, 37),
    octet(to(PLAIN), 14, 0x65),
    octet(to(PLAIN), 18, 0xff),
    to(PLAIN, udp([]), { options: [1, 1, 1, 1] }),
    to(PLAIN, udp([]), { fragment: 0x2000 }),
    to(PLAIN, udp([]), { fragment: 0x0001 }),
    from("0.1.2.3"),
    from("127.0.0.1"),
    from("224.0.0.1"),
    v6(ipv6([])),
    Uint8Array.from([...v6(ipv6([])), 1, 2, 3, 4, 5, 6]),
    octet(v6(ipv6(udp([]))), 14, 0x40),
    octet(v6(ipv6(udp([]))), 19, 0xff),
    v6(ipv6([17, 0, 1, 4, 0, 0, 0, 0, ...udp([])], { next: 60 })),
    v6(ipv6(udp([]), { src: "::1" })),
    v6(ipv6(udp([]), { src: "ff02::1" })),
  ],
  elsewhere: [
    to(IP.dispatcher),
    to("192.0.2.1"),
    to("10.0.0.255"),
    from(IP.cluster),
    from("10.0.0.255"),
    v6(ipv6(udp([]), { dst: IP6.dispatcher })),
    v6(ipv6(udp([]), { dst: "ff02::1" })),
    v6(ipv6(udp([]), { src: IP6.cluster })),
  ],
  icmp: [
    to(PLAIN, icmp(8, 0, [1]), { protocol: 1 }),
    v6(ipv6(icmpv6(128, 0, [0, 0, 0, 0], [1]), { next: 58 })),
  ],
  hop_limit: [
    to(PLAIN, udp([]), { ttl: 1 }),
    to(PLAIN, udp([]), { ttl: 0 }),
    v6(ipv6(udp([]), { hopLimit: 1 })),
    v6(ipv6(udp([]), { hopLimit: 0 })),
  ],
  port: [
    to(WITH_PORTS, tcp({ port: 81 }), { protocol: 6 }),
    to(WITH_PORTS, udp([], 1000, 80)),
    to(WITH_PORTS, tcp(), { protocol: 132 }),
    Uint8Array.from([...to(WITH_PORTS, [0, 80, 0], { protocol: 6 }), 80, 0, 0]),
  ],
  broadcast: [to(BROADCAST)],
  unsettled: [from(clientIn(MOVING)), from(clientIn(5))],
  too_big: [to(PLAIN, udp(new Array<number>(1473).fill(7)))],
  neighbor: [from(clientIn(2)), from(clientIn(3))],
  loop: [ethernet(ipv4(udp([]), { src: clientIn(0) }), { src: MAC.backend1 })],
};

const subtracted = (now: Float64Array, before: Float64Array) =>
  [...now].map((count, index) => count - before[index]!);
const difference = (now: Dispatched, before: Dispatched) => ({
  frames: subtracted(now.frames, before.frames),
  octets: subtracted(now.octets, before.octets),
});

describe.skipIf(needsRoot())("what the fast path counts", () => {
  let fastPath: FastPath;
  const run = new TestRun();
  const send = (what: Uint8Array | Tagged): number => {
    const { frame, type = 0x8100, tag } = "frame" in what ? what : { frame: what, type: 0, tag: 0 };
    run.frame.set(frame);
    return run.run(fastPath.program, frame.length, type, tag);
  };
  const counted = () => {
    const counts = new FastPathCounts(SIZE);
    fastPath.count(counts);
    return counts;
  };
  const since = (before: FastPathCounts) => {
    const now = counted();
    return {
      toNeighbor: difference(now.toNeighbor, before.toNeighbor),
      toCluster: difference(now.toCluster, before.toCluster),
      passedUp: subtracted(now.passedUp, before.passedUp),
    };
  };

  beforeAll(() => {
    const table = ForwardingTable.ofSize(SIZE);
    for (const first of [0, 8, 16]) table.setOwners(first, Uint16Array.from(OWNERS));
    table.setOldOwner(MOVING, OTHER!);
    table.setGroup(2, GROUP!);
    for (const [neighbor, mac] of [[KNOWN!, MAC.backend1], [OTHER!, MAC.backend2]] as const) {
      const { high, low } = parseMac(mac)!;
      table.setMac(neighbor, high, low);
    }
    table.setFailed(FAILED!);
    fastPath = new FastPath(plan, SIZE, "tap", prepared);
    fastPath.publish(table);
  });
  afterAll(() => fastPath?.close());

  test("frames and octets by neighbor and by cluster; a tag beside the frame is of it", () => {
    const before = counted();
    const frames: [neighbor: number, cluster: number, Uint8Array | Tagged][] = [
      [KNOWN!, 0, from(clientIn(0))],
      [KNOWN!, 1, to(WITH_PORTS, tcp(), { protocol: 6 })],
      [OTHER!, 0, from(clientIn(1), tcp({ src: clientIn(1) }))],
      [OTHER!, 0, { frame: from(clientIn(1)), tag: 0xe000 }],
      [KNOWN!, 0, to(PLAIN, udp(new Array<number>(1472).fill(7)))],
    ];
    const expected = {
      toNeighbor: { frames: [0, 0, 0, 0, 0], octets: [0, 0, 0, 0, 0] },
      toCluster: { frames: [0, 0, 0], octets: [0, 0, 0] },
      passedUp: REASONS.map(() => 0),
    };
    for (const [neighbor, cluster, what] of frames) {
      expect(send(what)).toBe(REDIRECTED);
      const octets = "frame" in what ? what.frame.length + 4 : what.length;
      for (const [to, index] of [["toNeighbor", neighbor], ["toCluster", cluster]] as const) {
        expected[to].frames[index]!++;
        expected[to].octets[index]! += octets;
      }
    }
    expect(since(before)).toEqual(expected);
  });

  test.each(Object.entries(FRAMES))("passed up, and counted once: %s", (reason, frames) => {
    for (const frame of frames) {
      const before = counted();
      expect(send(frame)).toBe(PASSED_UP);
      const { toNeighbor, toCluster, passedUp } = since(before);
      expect(REASONS.filter((_, index) => passedUp[index] === 1)).toEqual([reason]);
      expect([...toNeighbor.frames, ...toCluster.frames, ...passedUp].reduce((sum, count) => sum + count))
        .toBe(1);
    }
  });

  test("while it is held, everything is passed up", () => {
    const before = counted();
    fastPath.hold(true);
    expect([send(from(clientIn(0))), send(v6(ipv6(tcp6(), { next: 6 })))]).toEqual([PASSED_UP, PASSED_UP]);
    fastPath.hold(false);
    expect(send(from(clientIn(0)))).toBe(REDIRECTED);
    const { toNeighbor, toCluster, passedUp } = since(before);
    expect([toNeighbor.frames, toCluster.frames]).toEqual([[1, 0, 0, 0, 0], [1, 0, 0]]);
    expect(passedUp).toEqual(REASONS.map((reason) => reason === "capture" ? 2 : 0));
  });

  test("until there is a table, everything is passed up", () => {
    const fresh = new FastPath(plan, SIZE, "uplink", prepared);
    try {
      run.frame.set(from(clientIn(0)));
      expect(run.run(fresh.program, from(clientIn(0)).length)).toBe(PASSED_UP);
      const counts = new FastPathCounts(SIZE);
      fresh.count(counts);
      expect(counts.passedUp[REASONS.indexOf("unsettled")]).toBe(1);
    } finally {
      fresh.close();
    }
  });
});

import { describe, expect, test } from "vitest";
import { NO_BACKEND } from "../../src/table/bucket_map.ts";
import { Dispatcher } from "../../src/path/dispatcher.ts";
import * as verdict from "../../src/path/verdict.ts";
import * as f from "../frames.ts";
import { ETHERTYPE, IP, IP6, PROTOCOL } from "../frames.ts";
import { Bench, NEIGHBOR, PLAN } from "./arrange.ts";

const { backend1: OLD, backend2: NEW, gateway: NEWER } = NEIGHBOR;

const [FIN, SYN, RST, ACK] = [0x01, 0x02, 0x04, 0x10];

interface Family {
  readonly name: string;
  segment(flags: number, srcPort?: number): Uint8Array;
  datagram(srcPort?: number): Uint8Array;
  echo(): Uint8Array;
  laterFragment(protocol: number): Uint8Array;
  /** A router tells that a segment, or a datagram, to the client was too big. */
  tooBig(protocol: number, srcPort?: number): Uint8Array;
}

const v6 = (payload: f.Octets) => f.ethernet(payload, { type: ETHERTYPE.ipv6 });

const FAMILIES: readonly Family[] = [
  {
    name: "IPv4",
    segment: (flags, srcPort = 40_000) =>
      f.ethernet(f.ipv4(f.tcp({ flags, srcPort }), { protocol: PROTOCOL.tcp })),
    datagram: (srcPort) => f.ethernet(f.ipv4(f.udp([1], srcPort))),
    echo: () => f.ethernet(f.ipv4(f.icmp(8, 0, [1]), { protocol: PROTOCOL.icmp })),
    laterFragment: (protocol) => f.ethernet(f.ipv4([1], { fragment: 100, protocol })),
    tooBig: (protocol, srcPort = 40_000) => {
      const reply = [...f.u16(80), ...f.u16(srcPort), 0, 0, 0, 0];
      const embedded = f.ipv4(reply, { src: IP.cluster, dst: IP.client, protocol });
      return f.ethernet(f.ipv4(f.icmp(3, 4, embedded), { src: "192.0.2.9", protocol: PROTOCOL.icmp }));
    },
  },
  {
    name: "IPv6",
    segment: (flags, srcPort = 40_000) => v6(f.ipv6(f.tcp6({ flags, srcPort }), { next: PROTOCOL.tcp })),
    datagram: (srcPort) => v6(f.ipv6(f.udp6([1], {}, srcPort))),
    echo: () => v6(f.ipv6(f.icmpv6(128, 0, [0, 1, 0, 1], [1]), { next: 58 })),
    laterFragment: (protocol) => v6(f.ipv6([protocol, 0, 0, 8, 0, 0, 0, 1, 1], { next: 44 })),
    tooBig: (protocol, srcPort = 40_000) => {
      const reply = [...f.u16(80), ...f.u16(srcPort), 0, 0, 0, 0];
      const embedded = f.ipv6(reply, { src: IP6.cluster, dst: IP6.client, next: protocol });
      const src = "2001:db8:9::9";
      return v6(f.ipv6(f.icmpv6(2, 0, [0, 0, 5, 0], embedded, { src }), { src, next: 58 }));
    },
  },
];

/** A dispatcher whose buckets are all in transition. */
function moving(udp: "follow" | "stay" = "follow", connections = 1024): Bench {
  const bench = new Bench(
    { clusters: [{ ...PLAN.clusters[0]!, transition: { udp } }] },
    undefined,
    connections,
  );
  bench.move(OLD, NEW);
  return bench;
}

/** So many seconds pass. */
function pass(bench: Bench, seconds: number): void {
  for (let second = 0; second < seconds; second++) bench.memory.transitions.pass();
}

/** All buckets move on, while the old owner still answers. */
function moveOn(bench: Bench): void {
  bench.table.setMac(NEWER, 0x0200, 0x13);
  bench.table.setOwners(0, new Uint16Array(4).fill(NEWER));
  for (let bucket = 0; bucket < 4; bucket++) bench.table.setOldOwner(bucket, OLD);
}

describe.each(FAMILIES)("a bucket in transition, $name", (family) => {
  const { segment, datagram, echo, laterFragment, tooBig } = family;
  const to = (bench: Bench, frame: Uint8Array) => {
    const { verdict, neighbor } = bench.receive(frame);
    expect(verdict).toBe("dispatched");
    return neighbor;
  };

  test("a new connection is the new owner's from its first segment to its last", () => {
    const bench = moving();
    for (const flags of [SYN, ACK, ACK, FIN | ACK, ACK]) expect(to(bench, segment(flags))).toBe(NEW);
  });

  test("a connection that is older stays with the old owner, to its end", () => {
    const bench = moving();
    for (const flags of [ACK, FIN | ACK, ACK, RST]) expect(to(bench, segment(flags))).toBe(OLD);
  });

  test("each connection of a client by itself", () => {
    const bench = moving();
    expect(to(bench, segment(SYN, 50_001))).toBe(NEW);
    expect(to(bench, segment(ACK, 50_000))).toBe(OLD);
    expect(to(bench, segment(ACK, 50_001))).toBe(NEW);
  });

  test("a SYN that comes again, after a further change, finds the owner that got it first", () => {
    const bench = moving();
    to(bench, segment(SYN));
    moveOn(bench);
    expect(to(bench, segment(SYN))).toBe(NEW);
    expect(to(bench, segment(ACK))).toBe(NEW);
  });

  test("a new connection with the ports of one that was open is a new one", () => {
    const bench = moving();
    for (const flags of [SYN, ACK]) to(bench, segment(flags));
    moveOn(bench);
    for (const flags of [SYN, ACK]) expect(to(bench, segment(flags))).toBe(NEWER);
  });

  test("a further change: what is remembered keeps its owner, what is new is the newest one's, the rest stays", () => {
    const bench = moving();
    for (const flags of [SYN, ACK]) to(bench, segment(flags, 50_001));
    moveOn(bench);
    expect(to(bench, segment(ACK, 50_001))).toBe(NEW);
    expect(to(bench, segment(SYN, 50_002))).toBe(NEWER);
    expect(to(bench, segment(ACK, 50_002))).toBe(NEWER);
    expect(to(bench, segment(ACK, 50_000))).toBe(OLD);
  });

  test("`follow`: UDP, echo and later fragments go to the new owner at once", () => {
    const bench = moving();
    for (const frame of [datagram(), echo(), laterFragment(17), laterFragment(6)]) {
      expect(to(bench, frame)).toBe(NEW);
    }
  });

  test("`stay`: a flow stays with the old owner until it has been silent for 30 seconds", () => {
    const bench = moving("stay");
    const flows = [() => datagram(), () => echo(), () => laterFragment(17)];
    for (let round = 0; round < 5; round++) {
      for (const flow of flows) expect(to(bench, flow()), `round ${round}`).toBe(OLD);
      pass(bench, 30);
    }
    pass(bench, 1);
    for (const flow of flows) expect(to(bench, flow())).toBe(NEW);
    pass(bench, 20);
    moveOn(bench);
    for (const flow of flows) expect(to(bench, flow()), "with whom it is remembered").toBe(NEW);
  });

  test("`stay`: a flow that was not heard for 30 seconds after the change is new", () => {
    const bench = moving("stay");
    pass(bench, 30);
    expect(to(bench, datagram(50_000))).toBe(OLD);
    pass(bench, 1);
    expect(to(bench, datagram(50_001))).toBe(NEW);
    expect(to(bench, datagram(50_000))).toBe(OLD);
  });

  test("an ICMP error goes where the connection is that it tells of", () => {
    const bench = moving();
    for (const flags of [SYN, ACK]) to(bench, segment(flags, 50_001));
    expect(to(bench, tooBig(PROTOCOL.tcp, 50_001))).toBe(NEW);
    expect(to(bench, tooBig(PROTOCOL.tcp, 50_000))).toBe(OLD);
    expect(to(bench, tooBig(PROTOCOL.udp))).toBe(NEW);
  });

  test("an ICMP error of a flow that stays", () => {
    const bench = moving("stay");
    to(bench, datagramTo80(family));
    pass(bench, 30);
    expect(to(bench, tooBig(PROTOCOL.udp))).toBe(OLD);
    pass(bench, 31);
    expect(to(bench, tooBig(PROTOCOL.udp))).toBe(NEW);
    expect(to(bench, tooBig(PROTOCOL.udp, 50_007)), "of one that nobody knows").toBe(NEW);
    expect(bench.memory.transitions.connections[0]!.count(), "an error begins nothing").toBe(1);
  });

  test("the memory is full: the newest connections are the old owner's, and counted; the others keep theirs", () => {
    const bench = moving("follow", 16);
    const owners = Array.from({ length: 40 }, (_, index) => to(bench, segment(SYN, 50_000 + index)));
    expect(owners.filter((owner) => owner === NEW)).toHaveLength(16);
    expect(bench.memory.unremembered.get(0)).toBe(24);
    for (const [index, owner] of owners.entries()) {
      expect(to(bench, segment(ACK, 50_000 + index)), `connection ${index}`).toBe(owner);
    }
  });

  test("nobody owns the bucket: old connections go on, new ones are told", () => {
    const bench = moving();
    bench.table.setOwners(0, new Uint16Array(4).fill(NO_BACKEND));
    expect(bench.receive(segment(ACK)).verdict).toBe("host_unreachable");
    for (let bucket = 0; bucket < 4; bucket++) bench.table.setOldOwner(bucket, OLD);
    expect(to(bench, segment(ACK))).toBe(OLD);
    expect(bench.receive(segment(SYN)).verdict).toBe("host_unreachable");
    expect(bench.memory.transitions.connections[0]!.count()).toBe(0);
  });

  test("a bucket is quiet when nothing went to another than its owner", () => {
    const bench = moving();
    const { transitions } = bench.memory;
    const quiet = () => Math.min(...[0, 1, 2, 3].map((bucket) => transitions.quiet(bucket)));
    pass(bench, 100);
    for (const flags of [SYN, ACK]) to(bench, segment(flags, 50_001));
    expect(quiet()).toBe(100);
    to(bench, segment(ACK));
    expect(quiet()).toBe(0);
    pass(bench, 7);
    expect(quiet()).toBe(7);
    moveOn(bench);
    to(bench, segment(ACK, 50_001));
    expect(quiet(), "one that is remembered, with a former owner").toBe(0);
  });

  test("of a bucket that is not in transition nothing is remembered", () => {
    const bench = new Bench();
    for (const flags of [SYN, ACK]) to(bench, segment(flags));
    expect(bench.memory.transitions.connections[0]!.count()).toBe(0);
  });
});

/** From the port that the errors tell of. */
function datagramTo80({ name }: Family): Uint8Array {
  return name === "IPv4"
    ? f.ethernet(f.ipv4(f.udp([1], 40_000, 80)))
    : v6(f.ipv6(f.udp6([1], {}, 40_000, 80)));
}

test("a super-frame goes where its connection is", () => {
  const bench = new Bench({ offloads: true });
  bench.move(OLD, NEW);
  const superFrame = (srcPort: number) =>
    f.ethernet(
      f.ipv4(f.tcp({ flags: ACK, srcPort, data: new Array<number>(1400).fill(1) }), {
        protocol: PROTOCOL.tcp,
      }),
    );
  const gso = Uint8Array.of(1, 1, 54, 0, 100, 0, 34, 0, 16, 0);
  const none = new Uint8Array(10);
  const syn = f.ethernet(f.ipv4(f.tcp({ srcPort: 50_001 }), { protocol: PROTOCOL.tcp }));
  expect(bench.receive(syn, 0, none).neighbor).toBe(NEW);
  expect(bench.receive(superFrame(50_001), 0, gso)).toMatchObject({ verdict: "dispatched", neighbor: NEW });
  expect(bench.receive(superFrame(50_000), 0, gso)).toMatchObject({ verdict: "dispatched", neighbor: OLD });
});

test("what one worker remembers another one finds", () => {
  const bench = moving();
  const slot = new Uint8Array(2048);
  const other = new Dispatcher(PLAN, slot, bench.table, bench.memory, () => 0);
  const [{ segment }] = FAMILIES as [Family];
  bench.receive(segment(SYN, 50_001));
  for (const [srcPort, neighbor] of [[50_001, NEW], [50_000, OLD]] as const) {
    const frame = segment(ACK, srcPort);
    slot.set(frame);
    expect(other.receive(0, frame.length)).toBe(verdict.DISPATCHED);
    expect(other.neighbor).toBe(neighbor);
  }
});

test("what is too short for its ports or flags is nobody's new connection", () => {
  for (const length of [3, 8, 13]) {
    const bench = moving("stay");
    const frame = f.ethernet(f.ipv4(f.tcp({ flags: SYN }).slice(0, length), { protocol: PROTOCOL.tcp }));
    expect(bench.receive(frame), `${length} octets`).toMatchObject({ verdict: "dispatched", neighbor: OLD });
  }
});

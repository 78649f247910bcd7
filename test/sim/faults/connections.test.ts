import { beforeEach, expect, test } from "vitest";
import { Calm } from "../../../src/sim/faults/calm.ts";
import { Connections } from "../../../src/sim/faults/connections.ts";
import { Excuses } from "../../../src/sim/faults/excuses.ts";
import type { Happening } from "../../../src/sim/faults/schedule.ts";
import { sceneOf, sketchFrom } from "../../../src/sim/faults/sketch.ts";
import type { Action } from "../../../src/sim/action.ts";
import type { Lane } from "../../../src/sim/net/lane.ts";
import * as f from "../../frames.ts";

/** A cluster of three backends behind one dispatcher, of which client1 asks at 192.0.2.11. */
const SKETCH = {
  ...sketchFrom(1),
  shape: "route",
  families: "IPv4",
  clusters: 1,
  backends: 3,
  clients: 1,
  algorithm: "maglev",
} as const;
const SCENE = sceneOf(SKETCH);
const CLIENT = { src: "192.0.2.11", dst: "10.0.0.100" };
const CLUSTER = { src: "10.0.0.100", dst: "192.0.2.11" };

const [SYN, SYN_ACK, RST, ACK] = [0x02, 0x12, 0x04, 0x10];

const lanes = new Map<string, Lane>();

function lane(from: string, to: string): Lane {
  const name = `${from} ${to}`;
  const one = lanes.get(name) ?? { from: { node: from }, to: { node: to } } as unknown as Lane;
  lanes.set(name, one);
  return one;
}

let nowUs: number;
let found: string[];
let excuses: Excuses;
let connections: Connections;

function begin(happenings: readonly Happening[] = []): void {
  nowUs = 60_000_000;
  found = [];
  excuses = new Excuses(SKETCH, () => false);
  connections = new Connections(
    SCENE,
    new Calm(happenings, SKETCH),
    excuses,
    () => nowUs,
    (property, what) => void found.push(`${property}: ${what}`),
  );
}

beforeEach(() => begin());

const PORTS = { srcPort: 40_000, port: 80 };

function request(flags: number): Uint8Array {
  return f.ethernet(f.ipv4(f.tcp({ ...CLIENT, ...PORTS, flags }), { ...CLIENT, protocol: f.PROTOCOL.tcp }));
}

function reply(flags: number): Uint8Array {
  const tcp = f.tcp({ ...CLUSTER, srcPort: PORTS.port, port: PORTS.srcPort, flags });
  return f.ethernet(f.ipv4(tcp, { ...CLUSTER, protocol: f.PROTOCOL.tcp }));
}

function fromClient(flags: number): void {
  const octets = request(flags);
  connections.sent(lane("client1", "wan"), octets, octets.length);
}

function toBackend(name: string, flags: number): void {
  const octets = request(flags);
  connections.arrived(lane("lan", name), octets, octets.length);
}

function fromBackend(name: string, flags: number): void {
  const octets = reply(flags);
  connections.sent(lane(name, "lan"), octets, octets.length);
}

function toClient(flags: number): void {
  const octets = reply(flags);
  connections.arrived(lane("wan", "client1"), octets, octets.length);
}

function act(action: Action): void {
  excuses.acted(action, nowUs, connections.open());
}

function open(backend: string): void {
  fromClient(SYN);
  toBackend(backend, SYN);
  fromBackend(backend, SYN_ACK);
  toClient(SYN_ACK);
}

test("a connection with one backend is all right", () => {
  open("web1");
  fromClient(ACK);
  nowUs += 10_000_000;
  connections.tick();
  expect(found).toEqual([]);
});

test("a SYN that two have answered, and one that nobody has", () => {
  fromClient(SYN);
  toBackend("web1", SYN);
  toBackend("web2", SYN);
  fromBackend("web1", SYN_ACK);
  expect(found).toEqual([]);
  fromBackend("web2", SYN_ACK);
  expect(found).toEqual([expect.stringContaining("one answer: web1 and web2 have both answered client1")]);
  begin();
  fromClient(SYN);
  nowUs += 1_400_000;
  connections.tick();
  expect(found).toEqual([]);
  nowUs += 200_000;
  connections.tick();
  expect(found).toEqual([expect.stringContaining("served: a SYN of client1")]);
});

test("a SYN that was repeated may be answered by another one", () => {
  fromClient(SYN);
  toBackend("web1", SYN);
  fromBackend("web1", SYN_ACK);
  fromClient(SYN);
  toBackend("web2", SYN);
  fromBackend("web2", SYN_ACK);
  expect(found).toEqual([]);
});

test("a connection that another backend resets, unless what was done to its own may cut it", () => {
  open("web2");
  act({ do: "drain", backend: "web2" });
  act({ do: "kill", node: "web3" });
  fromBackend("web1", RST);
  expect(found).toEqual([expect.stringMatching(/kept connections: web1 has reset .* and web2 has it/)]);
  begin();
  open("web2");
  act({ do: "kill", node: "web2" });
  fromBackend("web1", RST);
  expect(found).toEqual([]);
  expect(connections.counts).toEqual({ begun: 1, answered: 1, cut: 1, excused: 1 });
});

test("while something is broken nobody must be served", () => {
  const kill = { atUs: 50_000_000, action: { do: "kill", node: "router" } } as const;
  begin([{ what: "fault", steps: [kill, { atUs: 61_000_000, action: { do: "heal", node: "router" } }] }]);
  fromClient(SYN);
  nowUs += 2_000_000;
  connections.tick();
  expect(found).toEqual([]);
  nowUs = 82_000_000;
  fromClient(SYN);
  nowUs += 2_000_000;
  connections.tick();
  expect(found).toEqual([expect.stringContaining("served")]);
});

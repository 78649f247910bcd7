import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { roundsOf } from "../needs.ts";
import { parseConfig } from "oneip";
import { describeVerification } from "../../src/cli/print_verification.ts";
import { LinkFrames } from "../../src/link/link_frames.ts";
import { PacketFrames } from "../../src/link/packet_frames.ts";
import { HEARD_ANSWERS, HEARD_BURST } from "../../src/path/limits.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";
import { TokenBucket } from "../../src/table/token_bucket.ts";
import { Verification } from "../../src/verify/verification.ts";
import type { VerificationReport } from "../../src/verify/report.ts";
import type { Frame } from "../../src/link/own_frames.ts";
import * as f from "../frames.ts";
import { type Machine, Segment } from "./segment.ts";
import { MACHINE_RANDOM } from "../../src/system/random.ts";

const C = f.IP.cluster;
const CONFIG = `
dispatcher: {mac: ${f.MAC.dispatcher}, addresses: [10.0.0.2/24]}
clusters:
  - name: web
    addresses: [${C}]
    ports: [80/tcp, 443/tcp, 53/udp]
    backends: [{name: web1, address: 10.0.0.11}, {name: web2, address: 10.0.0.12}]
`;

const sound = (mac: string, ip: string): Machine => ({ mac, ip, aliases: [C], open: { [C]: [80, 443] } });
const web1 = sound(f.MAC.backend1, f.IP.backend1);
const web2 = sound(f.MAC.backend2, f.IP.backend2);

interface Outcome {
  readonly report: VerificationReport;
  readonly segment: Segment;
  /** How long it took, with answers that take no time. */
  readonly tookMs: number;
}

/** As it comes over a wire: with the tag, and no shorter than 60 octets. */
function tagged(frame: Frame, vlan: number): Frame {
  const octets = [...frame.slice(0, 12), ...f.u16(f.ETHERTYPE.vlan), ...f.u16(vlan), ...frame.slice(12)];
  return Uint8Array.from([...octets, ...new Array<number>(Math.max(0, 60 - octets.length)).fill(0)]);
}

function untagged(frame: Frame, vlan: number): Frame {
  expect(f.hex(frame.slice(12, 16))).toBe(f.hex([...f.u16(f.ETHERTYPE.vlan), ...f.u16(vlan)]));
  return Uint8Array.from([...frame.slice(0, 12), ...frame.slice(16)]);
}

/** A verification on a segment; `passOn` sees what is sent besides, `isHeard` says which answers come through. */
function setUp(
  machines: readonly Machine[],
  text = CONFIG,
  passOn: (frame: Frame, segment: Segment) => void = () => {},
  isHeard: (frame: Frame, clock: VirtualClock) => boolean = () => true,
) {
  const config = parseConfig(text, "test", "test");
  const clock = new VirtualClock();
  const frames = new LinkFrames(config.dispatcher);
  const packets = new PacketFrames(config.dispatcher, MACHINE_RANDOM);
  const { vlan } = config.dispatcher;
  const hear = (frame: Frame) => {
    const claim = frames.claim(frame);
    if (claim !== undefined) return verification.heardClaim(claim);
    const answer = packets.answer(frame);
    if (answer !== undefined) verification.heardAnswer(answer);
  };
  const segment: Segment = new Segment(
    machines,
    (frame) => isHeard(frame, clock) && hear(vlan === undefined ? frame : tagged(frame, vlan)),
  );
  const verification = new Verification({
    config,
    clock,
    random: MACHINE_RANDOM,
    frames,
    packets,
    send: (frame) => {
      segment.send(vlan === undefined ? frame : untagged(frame, vlan));
      passOn(frame, segment);
    },
    catchUp: () => {},
    question: (address) => frames.probe(address),
  });
  return { verification, segment, clock, hear };
}

async function verify(
  machines: readonly Machine[],
  only?: readonly string[],
  text = CONFIG,
  isHeard?: (frame: Frame, clock: VirtualClock) => boolean,
): Promise<Outcome> {
  const { verification, segment, clock } = setUp(machines, text, undefined, isHeard);
  let endedMs = 0;
  const run = only === undefined ? verification.run() : verification.runFor(new Set(only));
  const running = run.finally(() => endedMs = clock.now());
  await clock.advance(10_000);
  return { report: await running, segment, tookMs: endedMs };
}

/** Each fault as `id or other ids, backend`. */
function named({ report: { faults } }: Outcome): string[] {
  return faults.map(({ id, or, backend }) => `${[id, ...or].join("|")} ${backend}`);
}

test("a cluster without a TCP port is named: nobody knows whether its servers live", async () => {
  for (const without of ["", "    ports: [53/udp]\n"]) {
    const { report } = await verify([web1, web2], undefined, CONFIG.replace(/ {4}ports: .*\n/, without));
    expect(report).toMatchObject({ ok: true, untried: ["web"] });
    const lines = stripVTControlCharacters(describeVerification(report)).split("\n\n").slice(1);
    expect(lines).toEqual([
      "no port tried of cluster web: its configuration names no TCP port under\n  `ports`, so a dead server would not be found",
      "no fault found",
    ]);
  }
});

test("all is well: in a second, and in no time for one backend", async () => {
  const { report, tookMs } = await verify([web1, web2]);
  expect(report).toEqual({
    ok: true,
    backends: [
      { name: "web1", address: "10.0.0.11", mac: f.MAC.backend1, ok: true },
      { name: "web2", address: "10.0.0.12", mac: f.MAC.backend2, ok: true },
    ],
    faults: [],
    untried: [],
  });
  expect(tookMs).toBe(1000);
  const one = await verify([web1, web2], ["10.0.0.12"]);
  expect(one.report.backends.map(({ name }) => name)).toEqual(["web2"]);
  expect(one.report.ok).toBe(true);
  expect(one.tookMs).toBe(0);
});

test("nobody learns anything before the backends have shown in whose name they ask, and none is asked in vain", async () => {
  const { segment } = await verify([web1, web2]);
  const kind = (frame: Uint8Array) => f.hex(frame.slice(12, 14)) === "08 06" ? "arp" : "ip";
  const sender = (frame: Uint8Array) => [...frame.slice(28, 32)].join(".");
  const firstNamed = segment.sent.findIndex((frame) => kind(frame) === "arp" && sender(frame) !== "0.0.0.0");
  const firstIp = segment.sent.findIndex((frame) => kind(frame) === "ip");
  expect(firstIp).toBeGreaterThan(0);
  expect(firstNamed).toBeGreaterThan(firstIp);
  const toClusters = segment.sent.filter((frame) => kind(frame) === "ip");
  // Two echo requests and two SYNs for each: UDP ports cannot be asked.
  expect(toClusters).toHaveLength(2 * 4);
});

describe("each fault is named, and no other:", () => {
  const cases: { name: string; machines: readonly Machine[]; want: readonly string[]; found?: string }[] = [
    {
      name: "answers ARP for the cluster address",
      machines: [web1, { ...web2, answersFor: [C] }],
      want: ["arp-ignore|alias-interface|alias-scope web2"],
      found: `${f.MAC.backend2} (locally administered, no vendor's) answers ARP requests for ${C}`,
    },
    {
      name: "answers it as a proxy",
      machines: [web1, { ...web2, aliases: [], answersFor: [C], isProxy: true }],
      want: ["proxy-arp|arp-published web2", "alias-missing|firewall web2"],
    },
    {
      name: "asks as the cluster address",
      machines: [{ ...web1, asksAs: C }, web2],
      want: ["arp-announce web1"],
    },
    {
      name: "asks as itself",
      machines: [{ ...web1, asksAs: web1.ip }, web2],
      want: [],
    },
    {
      name: "a stranger has it",
      machines: [web1, web2, { mac: "00:50:56:00:00:01", ip: "10.0.0.9", answersFor: [C] }],
      want: ["address-taken null"],
      found: `00:50:56:00:00:01 (vendor prefix 00:50:56) answers ARP requests for ${C}, ` +
        "and is no backend of this configuration",
    },
    {
      name: "a router is a proxy for it",
      machines: [web1, web2, { mac: f.MAC.router, ip: f.IP.router, answersFor: [C], isProxy: true }],
      want: ["proxy-arp|arp-published null"],
    },
    { name: "no alias", machines: [web1, { ...web2, aliases: [] }], want: ["alias-missing|firewall web2"] },
    {
      name: "no alias, and a route by which it would pass the packets on",
      machines: [web1, { ...web2, aliases: [], unreachable: { code: 1, to: [C] } }],
      want: ["alias-missing|firewall web2"],
      found: `web2 takes what is sent to ${C} for another machine's: it says unreachable`,
    },
    {
      name: "a firewall that says no",
      machines: [web1, { ...web2, unreachable: { code: 13, to: [C] } }],
      want: ["firewall web2"],
      found: `echo requests to ${C} are rejected: ${web2.ip} says unreachable`,
    },
    { name: "not there", machines: [web1], want: ["backend-down web2"] },
    {
      name: "no service on one port",
      machines: [web1, { ...web2, open: { [C]: [443] } }],
      want: ["no-service web2"],
      found: `port 80/tcp is closed at ${C}`,
    },
    {
      name: "a service at the primary address only",
      machines: [web1, { ...web2, open: { [web2.ip]: [80], [C]: [443] } }],
      want: ["no-service web2"],
      found: `port 80/tcp is open at ${web2.ip}, and closed at ${C}`,
    },
    {
      name: "everything for the cluster address is dropped",
      machines: [web1, { ...web2, drops: [C] }],
      want: ["alias-missing|firewall web2"],
    },
    {
      name: "everything is dropped",
      machines: [web1, { ...web2, drops: [C, web2.ip] }],
      want: ["firewall|alias-missing web2"],
    },
    {
      name: "the wrong source",
      machines: [web1, { ...web2, source: web2.ip }],
      want: ["wrong-source web2"],
      found: `what is sent to ${C} is answered from ${web2.ip}`,
    },
    {
      name: "somebody has our own address, so nothing else counts",
      machines: [web1, { mac: f.MAC.other, ip: f.IP.dispatcher }],
      want: ["own-address-taken null"],
    },
    {
      name: "another dispatcher of this configuration runs",
      machines: [{ mac: f.MAC.dispatcher, ip: f.IP.dispatcher }],
      want: ["own-address-taken null"],
      found: "another dispatcher answers as 10.0.0.2",
    },
  ];
  for (const { name, machines, want, found } of cases) {
    test(name, async () => {
      const outcome = await verify(machines);
      expect(named(outcome)).toEqual(want);
      if (found !== undefined) expect(outcome.report.faults[0]!.found).toBe(found);
      expect(outcome.report.ok).toBe(want.length === 0);
      expect(outcome.tookMs).toBeLessThanOrEqual(3000);
      for (const { backend, mend, decide, why } of outcome.report.faults) {
        expect(mend.length > 0 || decide !== null, "a way out").toBe(true);
        expect(why).not.toBe("");
        if (backend !== null) {
          expect(outcome.report.backends.find((row) => row.name === backend)!.ok).toBe(false);
        }
      }
    });
  }
});

test("another backend's answer to what was asked of this one is none", async () => {
  // The one without the address passes on what is for it, and another one answers.
  const passesOn: Machine = { ...web1, aliases: [] };
  const toWeb1 = f.hex(f.mac(web1.mac));
  const { verification, clock } = setUp([passesOn, web2], CONFIG, (frame, segment) => {
    if (f.hex(frame.slice(0, 6)) !== toWeb1 || f.hex(frame.slice(12, 14)) !== "08 00") return;
    const passed = Uint8Array.from(frame);
    passed.set(f.mac(web2.mac));
    segment.send(passed);
  });
  const running = verification.run();
  await clock.advance(10_000);
  expect((await running).faults.map(({ id, backend }) => `${id} ${backend}`)).toEqual(["alias-missing web1"]);
});

test("a link that sends back whatever we send says nothing", async () => {
  const { verification, clock, hear } = setUp([web1, web2], CONFIG, (frame) => hear(frame));
  const running = verification.run();
  await clock.advance(10_000);
  expect((await running).faults).toEqual([]);
});

test("what a machine says while one backend is verified is not that one's", async () => {
  const loud: Machine = { ...web1, answersFor: [C] };
  const outcome = await verify([loud, { ...web2, asksAs: web2.ip }], [web2.ip]);
  expect(named(outcome)).toEqual([]);
});

test("of 1,000 backends none is suspected because the path lets only so many answers a second through", async () => {
  const many = Array.from({ length: roundsOf(1000) }, (_, index): Machine => {
    const [high, low] = [1 + (index >> 8), index & 255];
    return sound(`02:00:00:01:${f.hex([high])}:${f.hex([low])}`, `10.0.${high}.${low}`);
  });
  const backends = many.map(({ ip }, index) => ({ name: `web${index + 1}`, address: ip }));
  const text = CONFIG.replace("10.0.0.2/24", "10.0.0.2/16")
    .replace(/backends: .*/, `backends: ${JSON.stringify(backends)}`);
  const limit = new TokenBucket(HEARD_ANSWERS, HEARD_BURST);
  const { report } = await verify(
    many,
    undefined,
    text,
    (frame, clock) => f.hex(frame.slice(12, 14)) === "08 06" || limit.take(clock.now()),
  );
  expect(report.faults).toEqual([]);
  expect(report.backends.filter(({ ok }) => ok)).toHaveLength(many.length);
});

test("with a VLAN tag all is the same", async () => {
  const text = CONFIG.replace("dispatcher: {", "dispatcher: {vlan: 10, ");
  expect((await verify([web1, web2], undefined, text)).report.ok).toBe(true);
  const outcome = await verify([{ ...web1, asksAs: C }, { ...web2, answersFor: [C] }], undefined, text);
  expect(named(outcome)).toEqual(["arp-ignore|alias-interface|alias-scope web2", "arp-announce web1"]);
});

test("an IPv4 cluster address cannot be verified without an IPv4 address of our own", async () => {
  const text = CONFIG.replace("10.0.0.2/24", '"2001:db8::2/64"').replaceAll(
    /10\.0\.0\.1([12])/g,
    '"2001:db8::1$1"',
  );
  const { report } = await verify([], [], text);
  expect(report.faults.map(({ id, clusters }) => `${id} ${clusters}`)).toEqual([`no-own-address ${C}`]);
});

test("stopped, it ends at once, without sending any more", async () => {
  const { verification, segment } = setUp([]);
  const running = verification.run();
  verification.stop();
  const before = segment.sent.length;
  expect((await running).faults.map(({ id }) => id)).toEqual(["backend-down", "backend-down"]);
  expect(segment.sent.length).toBe(before);
});

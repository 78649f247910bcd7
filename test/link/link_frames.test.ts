import { describe, expect, test } from "vitest";
import { LinkFrames } from "../../src/link/link_frames.ts";
import { linkLocalOf, parseMac } from "../../src/wire/address.ts";
import * as f from "../frames.ts";
import { PLAN } from "../path/arrange.ts";

const ours = parseMac(f.MAC.backend1)!;
const router = parseMac(f.MAC.router)!;
const group = parseMac(f.MAC.broadcast)!;
const frames = new LinkFrames({ mac: ours, vlan: undefined, addresses: [] });

const arpFrame = (options: f.ArpOptions = {}) =>
  f.ethernet(f.arp(options), { dst: f.MAC.broadcast, type: f.ETHERTYPE.arp });
const ndFrame = (options: f.SolicitOptions = {}) =>
  f.ethernet(f.solicitation(options), { dst: "33:33:ff:00:01:00", type: f.ETHERTYPE.ipv6 });

describe("what a frame asks", () => {
  test("who has an IPv4 or IPv6 address, and who wants to know", () => {
    expect(frames.questionIn(arpFrame())).toEqual({ address: f.IP.cluster, from: f.IP.router, mac: router });
    expect(frames.questionIn(ndFrame())).toEqual({ address: f.IP6.cluster, from: f.IP6.router, mac: router });
    expect(frames.questionIn(ndFrame({ option: false }))?.mac).toEqual(router);
  });

  test.each([
    ["an announcement", arpFrame({ senderIp: f.IP.cluster })],
    ["a reply", arpFrame({ operation: 2 })],
    ["a question whether the address is free", arpFrame({ senderIp: "0.0.0.0" })],
    ["a question in a group's name", arpFrame({ senderMac: f.MAC.broadcast })],
    ["half a question", arpFrame().slice(0, 30)],
    ["the same of IPv6", ndFrame({ from: "::", option: false })],
    ["a solicitation that came through a router", ndFrame({ hopLimit: 254 })],
    ["a broken option", ndFrame({ optionLength: 0 })],
    [
      "an advertisement",
      f.ethernet(f.advertisement(), { dst: "33:33:00:00:00:01", type: f.ETHERTYPE.ipv6 }),
    ],
    ["a packet", f.synToCluster()],
  ])("nothing: %s", (_, frame) => expect(frames.questionIn(frame)).toBeUndefined());
});

test("the answer goes to who asked, and may name a group", () => {
  const reply = f.arp({
    operation: 2,
    senderMac: f.MAC.broadcast,
    senderIp: f.IP.cluster,
    targetMac: f.MAC.router,
    targetIp: f.IP.router,
  });
  const options = { src: f.MAC.backend1, dst: f.MAC.router };
  expect(f.hex(frames.answer(frames.questionIn(arpFrame())!, group))).toBe(
    f.hex(f.ethernet(reply, { ...options, type: f.ETHERTYPE.arp })),
  );
  const advertisement = f.advertisement({
    from: f.IP6.cluster,
    to: f.IP6.router,
    target: f.IP6.cluster,
    mac: f.MAC.broadcast,
    router: true,
  });
  expect(f.hex(frames.answer(frames.questionIn(ndFrame())!, group))).toBe(
    f.hex(f.ethernet(advertisement, { ...options, type: f.ETHERTYPE.ipv6 })),
  );
});

test("a probe comes from no address, and goes to everyone or to one machine", () => {
  const options = { src: f.MAC.backend1, type: f.ETHERTYPE.arp };
  const probe = f.arp({ senderMac: f.MAC.backend1, senderIp: "0.0.0.0", targetIp: f.IP.cluster });
  expect(f.hex(frames.probe(f.IP.cluster))).toBe(
    f.hex(f.ethernet(probe, { ...options, dst: f.MAC.broadcast })),
  );
  expect(f.hex(frames.probe(f.IP.cluster, router))).toBe(
    f.hex(f.ethernet(probe, { ...options, dst: f.MAC.router })),
  );
  const solicitation = f.solicitation({
    from: "::",
    to: "ff02::1:ff00:100",
    target: f.IP6.cluster,
    option: false,
  });
  expect(f.hex(frames.probe(f.IP6.cluster))).toBe(
    f.hex(f.ethernet(solicitation, {
      src: f.MAC.backend1,
      dst: "33:33:ff:00:01:00",
      type: f.ETHERTYPE.ipv6,
    })),
  );
});

describe.each([
  { family: "IPv4", address: f.IP.cluster, own: f.IP.dispatcher, neighbor: f.IP.backend1 },
  { family: "IPv6", address: f.IP6.cluster, own: f.IP6.dispatcher, neighbor: f.IP6.backend1 },
])("$family, what one machine writes another one reads", ({ address, own, neighbor }) => {
  test.each([undefined, 10])("VLAN %s", (vlan) => {
    const [here, there] = [
      new LinkFrames({ ...PLAN, vlan }),
      new LinkFrames({ mac: ours, vlan, addresses: [] }),
    ];
    const question = here.question(neighbor, undefined);
    expect(there.questionIn(question)).toEqual({ address: neighbor, from: own, mac: PLAN.mac });
    expect(there.claim(question)).toMatchObject({ address: own, mac: PLAN.mac, isAsking: true });
    expect(here.claim(there.answer(there.questionIn(question)!, ours))).toEqual({
      address: neighbor,
      mac: ours,
      isAsking: false,
      toNobody: false,
    });
    expect(there.claim(here.announcement(address))).toMatchObject({
      address,
      mac: PLAN.mac,
      isAsking: false,
    });
    expect(there.questionIn(here.announcement(address))).toBeUndefined();
    expect(there.questionIn(here.probe(address))).toBeUndefined();
  });
});

test("without an address on the neighbor's link the question names the link-local one, or none", () => {
  expect(frames.questionIn(frames.question(f.IP6.backend1, undefined))?.from).toBe(linkLocalOf(ours));
  expect(frames.claim(frames.question(f.IP.backend1, undefined))?.address).toBe("0.0.0.0");
});

test("a frame with another tag, or with none, says nothing", () => {
  const tagged = new LinkFrames({ ...PLAN, vlan: 10 });
  const question = tagged.question(f.IP.backend1, undefined);
  for (const vlan of [undefined, 11]) {
    const other = new LinkFrames({ ...PLAN, vlan });
    expect(other.claim(question)).toBeUndefined();
    expect(other.questionIn(question)).toBeUndefined();
  }
  expect(tagged.claim(arpFrame())).toBeUndefined();
});

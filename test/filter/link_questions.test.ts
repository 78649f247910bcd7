import { describe, expect, test } from "vitest";
import { LinkQuestions } from "../../src/filter/link_questions.ts";
import { fallbackAddresses } from "../../src/filter/run_fallback.ts";
import { parseConfig } from "../../src/control/config.ts";
import { parseMac } from "../../src/wire/address.ts";
import * as f from "../frames.ts";

const questions = new LinkQuestions(parseMac(f.MAC.backend1)!);
const router = parseMac(f.MAC.router)!;
const arpFrame = (options: f.ArpOptions = {}) =>
  f.ethernet(f.arp(options), { dst: f.MAC.broadcast, type: f.ETHERTYPE.arp });
const ndFrame = (options: f.SolicitOptions = {}) =>
  f.ethernet(f.solicitation(options), { dst: "33:33:ff:00:01:00", type: f.ETHERTYPE.ipv6 });

describe("what a frame asks", () => {
  test("who has an IPv4 or IPv6 address, and who wants to know", () => {
    expect(questions.read(arpFrame())).toEqual({ address: f.IP.cluster, from: f.IP.router, mac: router });
    expect(questions.read(ndFrame())).toEqual({ address: f.IP6.cluster, from: f.IP6.router, mac: router });
    expect(questions.read(ndFrame({ option: false }))?.mac).toEqual(router);
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
  ])("nothing: %s", (_, frame) => expect(questions.read(frame)).toBeUndefined());
});

test("the answer goes to who asked, and names the group", () => {
  const group = parseMac(f.MAC.broadcast)!;
  const reply = f.arp({
    operation: 2,
    senderMac: f.MAC.broadcast,
    senderIp: f.IP.cluster,
    targetMac: f.MAC.router,
    targetIp: f.IP.router,
  });
  const options = { src: f.MAC.backend1, dst: f.MAC.router };
  expect(f.hex(questions.answer(questions.read(arpFrame())!, group))).toBe(
    f.hex(f.ethernet(reply, { ...options, type: f.ETHERTYPE.arp })),
  );
  const advertisement = f.advertisement({
    from: f.IP6.cluster,
    to: f.IP6.router,
    target: f.IP6.cluster,
    mac: f.MAC.broadcast,
    router: true,
  });
  expect(f.hex(questions.answer(questions.read(ndFrame())!, group))).toBe(
    f.hex(f.ethernet(advertisement, { ...options, type: f.ETHERTYPE.ipv6 })),
  );
});

describe("the addresses for which a cluster's agents answer", () => {
  const of = (second: string) => {
    const text = `
dispatcher: {addresses: [10.0.0.2/24, "2001:db8::2/64"]}
clusters:
  - {name: web, addresses: [10.0.0.100], fallback: broadcast, agent: {keyFile: k}, backends: [{name: web1, address: 10.0.0.11}]}
  - {name: mail, addresses: [10.0.0.101], ${second}, backends: [{name: mail1, address: 10.0.0.21}]}`;
    const config = parseConfig(text, "test.yaml", "test");
    return config.clusters.map((cluster) => fallbackAddresses(config, cluster));
  };

  test("the dispatcher's, too, when no cluster needs it; by the agents of one cluster", () => {
    expect(of("fallback: broadcast, agent: {keyFile: k, port: 4121}")).toEqual([
      ["10.0.0.100", "10.0.0.2", "2001:db8::2"],
      ["10.0.0.101"],
    ]);
  });

  test("only its own when another cluster needs the dispatcher", () => {
    expect(of("technique: route")).toEqual([["10.0.0.100"], ["10.0.0.101"]]);
  });
});

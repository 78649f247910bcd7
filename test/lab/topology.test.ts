import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { InputError, parseTopology } from "oneip";
import { parseAddresses } from "../../src/lab/addresses.ts";
import { toDot, toMermaid } from "../../src/lab/graph.ts";
import { HARMLESS } from "../../src/impairment/settings.ts";
import { ROOT } from "../runtime.ts";

const SMALL = `
name: small
topology:
  nodes:
    a: {exec: [ip address add 10.0.0.1/24 dev eth1]}
    sw: {kind: bridge}
    b: {cmd: "server 80", ports: [80/tcp]}
  links:
    - endpoints: ["a:eth1", "sw:a"]
    - endpoints: ["b:eth1", "sw:b"]
`.trimStart();

test("a topology has its nodes, links and the same MACs every time", () => {
  const topology = parseTopology(SMALL, "small.yaml");
  expect(topology).toEqual(parseTopology(SMALL, "small.yaml"));
  expect(topology.nodes.map(({ name, kind }) => [name, kind])).toEqual([["a", "host"], ["sw", "bridge"], [
    "b",
    "host",
  ]]);
  expect(topology.nodes[1]!.interfaces).toEqual([
    { name: "a", mac: "02:1a:b0:00:01:01" },
    { name: "b", mac: "02:1a:b0:00:01:02" },
  ]);
  expect(topology.nodes[2]!.ports).toEqual([{ port: 80, protocol: "tcp" }]);
  expect(topology.links[1]!.map(({ node }) => node)).toEqual(["b", "sw"]);
});

const FAULTY = `${SMALL}      from: {"sw:b": {loss: 1%}}\n`;

test("a link that does harm has what is said of it in each direction, and what nothing is said of does none", () => {
  const { faulty, links } = parseTopology(
    FAULTY.replace("{loss: 1%}", "{loss: 1%, delay: 1.5ms}").replace(
      "      from:",
      "      {KEYS}\n      from:",
    ).replace("{KEYS}", "delay: 20ms\n      rate: 10mbit\n      down: [2s, 3s]"),
    "small.yaml",
  );
  const both = { ...HARMLESS, delayUs: 20_000, rate: 10_000_000, down: [2_000_000, 3_000_000] };
  expect(faulty).toEqual([{
    ends: links[1],
    settings: [both, { ...both, loss: 0.01, delayUs: 1500 }],
    log: undefined,
    playback: undefined,
  }]);
  expect(parseTopology(FAULTY.replace(/ +from:.*\n/, ""), "small.yaml").faulty).toEqual([]);
  expect(parseTopology(FAULTY.replace('from: {"sw:b": {loss: 1%}}', "delay: 0"), "small.yaml").faulty)
    .toMatchObject([
      { settings: [HARMLESS, HARMLESS] },
    ]);
});

test("the shipped topologies are right and have no MAC twice", () => {
  for (const name of ["routing", "edge", "mobile"]) {
    const file = join(ROOT, `netns/${name}.yaml`);
    const { nodes } = parseTopology(readFileSync(file, "utf8"), file);
    const macs = nodes.flatMap(({ interfaces }) => interfaces.map(({ mac }) => mac));
    expect(new Set(macs).size).toBe(macs.length);
  }
});

describe("mistakes have their place:", () => {
  const cases = [
    {
      was: '"sw:b"',
      becomes: '"switch:b"',
      want: '9:29: There is no such node, found "switch", use one of a, sw, b',
    },
    {
      was: '"sw:b"',
      becomes: '"sw:a"',
      want: '9:29: Two links end here, found "sw:a" again, use another interface',
    },
    {
      was: '"sw:b"',
      becomes: '"sw"',
      want: '9:29: "topology.links[1].endpoints[1]" is wrong, found "sw", use a node and an ' +
        'interface such as "client1:eth1"',
    },
    {
      was: "kind: bridge",
      becomes: "kind: hub",
      want: '5:16: "topology.nodes.sw.kind" is wrong, found "hub", use host, linux, bridge or oneip',
    },
    {
      was: "kind: bridge",
      becomes: "kind: oneip",
      want: "5:9: A oneip node has no configuration, found nothing, add startup-config",
    },
    {
      was: "80/tcp",
      becomes: "80",
      want:
        '6:35: "topology.nodes.b.ports[0]" is wrong, found 80, use a port such as 80/tcp, on which cmd listens',
    },
    {
      was: "cmd:",
      becomes: "command:",
      want: '6:9: Unknown key in "topology.nodes.b", found "command", use kind, exec, cmd, ports, ' +
        "startup-config, env, sysctls, group",
    },
    {
      was: '"sw:b"',
      becomes: '"sw:veth-to-server-b"',
      want:
        '9:29: An interface\'s name has at most 15 octets, found "veth-to-server-b" with 16, use a shorter one',
    },
    {
      was: '"sw:b"',
      becomes: '"sw:br0"',
      want: '9:29: The node has an interface of this name, found "br0", use another one',
    },
    {
      was: "kind: bridge",
      becomes: "binds: [a:/b]",
      want:
        '5:10: This key of containerlab is not supported, found "binds", leave it out: all nodes see the files',
    },
    {
      was: "cmd:",
      becomes: "startup-config: x.yaml, cmd:",
      want: "6:25: Only a oneip node has a configuration, found kind host, use kind: oneip",
    },
    {
      was: "cmd:",
      becomes: "kind: oneip, cmd:",
      want: "6:27: A oneip node runs its dispatcher, found cmd, leave it out",
    },
    {
      was: '- endpoints: ["b:eth1", "sw:b"]',
      becomes: '- {endpoints: [{node: b, interface: eth1, port: 1}, "sw:b"], mtu: 10, type: host}',
      want:
        '9:47: Unknown key in "topology.links[1].endpoints[0]", found "port", use node, interface, mac, ipv4, ipv6',
    },
    {
      was: '- endpoints: ["b:eth1", "sw:b"]',
      becomes: '- {endpoints: ["b:eth1", "sw:b"], mtu: 10, type: host}',
      want: '9:44: "topology.links[1].mtu" is wrong, found 10, use a whole number from 68 to 65535\n' +
        'small.yaml:9:54: "topology.links[1].type" is wrong, found "host", use veth, or leave it out',
    },
    {
      was: "loss: 1%",
      becomes: "loss: 120%",
      want:
        '10:29: "topology.links[1].from.sw:b.loss" is wrong, found "120%", use a share such as 1% or 0.01%, from 0% to 100%',
    },
    {
      was: "loss: 1%",
      becomes: "delay: 20",
      want:
        '10:30: "topology.links[1].from.sw:b.delay" is wrong, found 20, use a time such as 20ms, in us, ms or s, 60s at most',
    },
    {
      was: "loss: 1%",
      becomes: "rate: 10mb",
      want:
        '10:29: "topology.links[1].from.sw:b.rate" is wrong, found "10mb", use a rate such as 10mbit, in kbit, mbit or gbit',
    },
    {
      was: "loss: 1%",
      becomes: "down: [3s, 2s]",
      want:
        '10:34: "topology.links[1].from.sw:b.down[1]" is wrong, found "2s", use a later time than the first',
    },
    {
      was: "loss: 1%",
      becomes: "jitter: 1ms",
      want: "10:31: The jitter is longer than the delay, found 1ms and 0, use a delay of 1ms or more",
    },
    {
      was: '\n    - endpoints: ["b:eth1", "sw:b"]\n',
      becomes: '\n      log: a.log\n    - endpoints: ["b:eth1", "sw:b"]\n      log: a.log\n',
      want: '11:12: Two links write this log, found "a.log" again, use another file',
    },
    {
      was: "loss: 1%",
      becomes: "lost: 1%",
      want:
        '10:23: Unknown key in "topology.links[1].from.sw:b", found "lost", use delay, jitter, loss, duplicate, reorder, ' +
        "corrupt, rate, queue, seed, down",
    },
    {
      was: '{"sw:b": {loss',
      becomes: '{"sw:a": {loss',
      want: '10:22: The link has no such end, found "sw:a", use b:eth1 or sw:b',
    },
    {
      was: "from: ",
      becomes: "playback: a.log\n      from: ",
      want: '11:13: The link plays back a log, which decides alone, found "from", use playback or that',
    },
  ];
  for (const { was, becomes, want } of cases) {
    test(becomes, () => {
      let message = "";
      try {
        parseTopology((SMALL.includes(was) ? SMALL : FAULTY).replace(was, becomes), "small.yaml");
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        message = (error as Error).message;
      }
      expect(message).toContain(`small.yaml:${want}`);
    });
  }
});

/** As one of containerlab's own, with what its linux kind has. */
const CONTAINERLAB = `
name: frr01
prefix: ""
mgmt: {network: custom}
topology:
  defaults: {kind: linux, image: alpine, env: {A: 1, B: all}}
  kinds: {linux: {sysctls: {net.ipv4.ip_forward: 1}}, bridge: }
  groups: {hosts: {exec: [ip link set eth1 up], env: {B: host}}}
  nodes:
    router_1:
    PC1: {group: hosts, env: {C: "own"}, exec: [ip addr add 192.168.11.2/24 dev eth1], labels: {x: y}}
  links:
    - endpoints: ["router_1:eth1", "PC1:eth1"]
      mtu: 2000
      ipv4: ["192.168.11.1/24"]
    - type: veth
      endpoints:
        - {node: router_1, interface: eth2, mac: 02-00-00-00-00-0A, ipv6: "2001:db8::1/64"}
        - {node: PC1, interface: eth2}
`.trimStart();

test("a topology of containerlab goes through unchanged", () => {
  const { nodes: [router, pc], links, notes } = parseTopology(CONTAINERLAB, "frr01.clab.yml");
  expect(router).toMatchObject({
    kind: "host",
    env: { A: "1", B: "all" },
    exec: [
      "sysctl -qw net.ipv4.ip_forward=1",
      "ip address add 192.168.11.1/24 dev eth1",
      "ip address add 2001:db8::1/64 dev eth2",
    ],
    interfaces: [{ name: "eth1", mtu: 2000 }, { name: "eth2", mac: "02:00:00:00:00:0a" }],
  });
  expect(pc).toMatchObject({
    env: { A: "1", B: "host", C: "own" },
    exec: [
      "sysctl -qw net.ipv4.ip_forward=1",
      "ip link set eth1 up",
      "ip addr add 192.168.11.2/24 dev eth1",
    ],
  });
  expect(links).toHaveLength(2);
  const place = (text: string) => `frr01.clab.yml:${text} means nothing here: `;
  expect(notes.map((note) => note.replace(/(here: ).*/, "$1"))).toEqual([
    place('2:9: "prefix"'),
    place('3:7: "mgmt"'),
    place('5:34: "topology.defaults.image"'),
    place('10:96: "topology.nodes.PC1.labels"'),
  ]);
});

test("a group that is not there has its place", () => {
  expect(() => parseTopology(CONTAINERLAB.replace("group: hosts", "group: host"), "x.yaml")).toThrow(
    'x.yaml:10:18: There is no such group, found "host", use one of hosts',
  );
});

test("a node has no more links than its MACs can count", () => {
  const topology = (links: number) =>
    `name: x\ntopology:\n  nodes: {a: , b: }\n  links:\n${
      Array.from({ length: links }, (_, n) => `    - endpoints: ["a:e${n}", "b:e${n}"]\n`).join("")
    }`;
  const { nodes } = parseTopology(topology(255), "x.yaml");
  expect(nodes[1]!.interfaces.at(-1)!.mac).toBe("02:1a:b0:00:01:ff");
  expect(() => parseTopology(topology(256), "x.yaml")).toThrow(
    'x.yaml:260:19: A node has at most 255 links, found one more of "a", use another node',
  );
});

test("graphs", () => {
  const topology = parseTopology(SMALL, "small.yaml");
  expect(toMermaid(topology)).toBe(
    'graph LR\n  a[a]\n  sw([sw])\n  b[b]\n  a ---|"eth1 a"| sw\n  b ---|"eth1 b"| sw\n',
  );
  expect(toDot(topology)).toContain('"b" -- "sw" [taillabel="eth1" headlabel="b"]');
});

test("graphs of a lab that is up have its addresses", () => {
  const row = (ifname: string, local: string, prefixlen: number, scope = "global") => (
    { ifname, addr_info: [{ local, prefixlen, scope }] }
  );
  const addresses = parseAddresses(JSON.stringify([
    row("lo", "127.0.0.1", 8, "host"),
    row("lo", "::1", 128, "host"),
    row("lo", "10.0.0.100", 32, "host"),
    row("eth1", "10.0.0.11", 24),
    row("eth1", "fe80::1", 64, "link"),
    row("eth1", "2001:db8::11", 64),
    { ifname: "eth2", addr_info: [] },
  ]));
  const topology = parseTopology(SMALL, "small.yaml");
  const lines = ["b", "lo 10.0.0.100/32", "eth1 10.0.0.11/24", "eth1 2001:db8::11/64"];
  const of = new Map([["b", addresses], ["sw", []]]);
  expect(toMermaid(topology, of).split("\n").slice(1, 4)).toEqual([
    "  a[a]",
    "  sw([sw])",
    `  b["${lines.join("<br>")}"]`,
  ]);
  expect(toDot(topology, of)).toContain(`"b" [shape=box label="${lines.join("\\n")}"]`);
});

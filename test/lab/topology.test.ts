import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { InputError, parseTopology } from "oneip";
import { parseAddresses } from "../../src/lab/addresses.ts";
import { toDot, toMermaid } from "../../src/lab/graph.ts";
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

test("the shipped topologies are right and have no MAC twice", () => {
  for (const name of ["routing", "edge"]) {
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
      want: '5:16: "topology.nodes.sw.kind" is wrong, found "hub", use host, bridge ' +
        "or oneip",
    },
    {
      was: "kind: bridge",
      becomes: "kind: oneip",
      want: "5:9: A oneip node has no configuration, found nothing, add startup-config",
    },
    {
      was: "80/tcp",
      becomes: "80",
      want: '6:35: "topology.nodes.b.ports[0]" is wrong, found 80, use a port such as 80/tcp',
    },
    {
      was: "cmd:",
      becomes: "command:",
      want: '6:9: Unknown key in "topology.nodes.b", found "command", use kind, exec, cmd, ports, ' +
        "startup-config",
    },
  ];
  for (const { was, becomes, want } of cases) {
    test(becomes, () => {
      let message = "";
      try {
        parseTopology(SMALL.replace(was, becomes), "small.yaml");
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        message = (error as Error).message;
      }
      expect(message).toContain(`small.yaml:${want}`);
    });
  }
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

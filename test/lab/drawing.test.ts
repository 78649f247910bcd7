/** Drawings of topologies: whatever it is, nothing lies over anything else, and all links are there. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseTopology, type Topology } from "oneip";
import { type Box, boxesOf, toSvg } from "../../src/lab/graph_svg.ts";
import { toText } from "../../src/lab/graph_text.ts";
import { ROOT } from "../runtime.ts";

const mesh = `
name: mesh
topology:
  nodes: {a: , b: , c: , d: , h1: , alone: }
  links:
    - endpoints: ["a:eth1", "b:eth1"]
    - endpoints: ["b:eth2", "c:eth1"]
    - endpoints: ["c:eth2", "d:eth1"]
    - endpoints: ["d:eth2", "a:eth2"]
    - endpoints: ["b:eth3", "d:eth3"]
    - endpoints: ["a:eth3", "c:eth3"]
    - endpoints: ["h1:eth1", "a:eth4"]
`;

const shipped = readdirSync(join(ROOT, "netns")).filter((file) => /^\w+\.yaml$/.test(file)).map((file) =>
  [file, parseTopology(readFileSync(join(ROOT, "netns", file), "utf8"), file)] as const
);
const all: (readonly [string, Topology])[] = [...shipped, ["a mesh", parseTopology(mesh, "mesh.yaml")]];

/** As a lab that is up has them. */
const addressesOf = ({ nodes }: Topology) =>
  new Map(nodes.map(({ name }) => [name, [{ interface: "eth1", address: "2001:db8:1234:5678::1/64" }]]));

describe.each(all)("%s", (_, topology) => {
  test("as a picture", () => {
    const boxes = boxesOf(topology, addressesOf(topology));
    const entries = [...boxes.values()];
    const touch = (a: Box, b: Box) =>
      a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
    expect(entries).toHaveLength(topology.nodes.length);
    for (const [index, box] of entries.entries()) {
      expect(entries.slice(index + 1).some((other) => touch(box, other))).toBe(false);
    }
    const svg = toSvg(topology, addressesOf(topology));
    expect(svg.match(/<(line|path) /g)).toHaveLength(topology.links.length);
    const [, width = "", height = ""] = /viewBox="0 0 (\S+) (\S+)"/.exec(svg) ?? [];
    for (const { x, y, width: w, height: h } of entries) {
      expect(x >= 0 && y >= 0 && x + w <= Number(width) && y + h <= Number(height)).toBe(true);
    }
  });

  test("as text", () => {
    const text = toText(topology, addressesOf(topology));
    for (const { name } of topology.nodes) expect(text).toMatch(new RegExp(`(^|[ ─])${name}( |$)`, "m"));
    expect(text).not.toContain("undefined");
  });
});

test("the network of the README", () => {
  const [, routing] = shipped.find(([file]) => file === "routing.yaml")!;
  expect(toText(routing)).toBe(`\
                                       ┌── lb
client1 ─┐                             ├── web1
client2 ─┴── wan ──── router ──── lan ─┼── web2
                                       ├── web3
                                       └── web4
`);
});

/** A topology as text that draws it. */

import type { InterfaceAddress } from "./addresses.ts";
import type { NodePlan, Topology } from "./topology.ts";

/** Addresses by node, of a lab that is up. */
export type Addresses = ReadonlyMap<string, readonly InterfaceAddress[]>;

/** For Mermaid, which Markdown viewers draw. */
export function toMermaid({ nodes, links }: Topology, addresses: Addresses = new Map()): string {
  const shapes = { host: ["[", "]"], bridge: ["([", "])"], oneip: ["{{", "}}"] } as const;
  return [
    "graph LR",
    ...nodes.map((node) => {
      const lines = linesOf(node, addresses);
      const label = lines.length === 1 ? node.name : `"${lines.join("<br>")}"`;
      return `  ${node.name}${shapes[node.kind][0]}${label}${shapes[node.kind][1]}`;
    }),
    ...links.map(([a, b]) => `  ${a.node} ---|"${a.interface} ${b.interface}"| ${b.node}`),
    "",
  ].join("\n");
}

/** For Graphviz. */
export function toDot({ name, nodes, links }: Topology, addresses: Addresses = new Map()): string {
  const shapes = { host: "box", bridge: "ellipse", oneip: "hexagon" } as const;
  return [
    `graph "${name}" {`,
    ...nodes.map((node) =>
      `  "${node.name}" [shape=${shapes[node.kind]} label="${linesOf(node, addresses).join("\\n")}"]`
    ),
    ...links.map(([a, b]) =>
      `  "${a.node}" -- "${b.node}" [taillabel="${a.interface}" headlabel="${b.interface}"]`
    ),
    "}",
    "",
  ].join("\n");
}

/** What stands in a node: its name, then its addresses. */
export function linesOf({ name }: NodePlan, addresses: Addresses): string[] {
  return [name, ...(addresses.get(name) ?? []).map((one) => `${one.interface} ${one.address}`)];
}

/** A topology as text that draws it. */

import type { Topology } from "./topology.ts";

/** For Mermaid, which Markdown viewers draw. */
export function toMermaid({ nodes, links }: Topology): string {
  const shapes = { host: ["[", "]"], bridge: ["([", "])"], oneip: ["{{", "}}"] } as const;
  return [
    "graph LR",
    ...nodes.map(({ name, kind }) => `  ${name}${shapes[kind][0]}${name}${shapes[kind][1]}`),
    ...links.map(([a, b]) => `  ${a.node} ---|"${a.interface} ${b.interface}"| ${b.node}`),
    "",
  ].join("\n");
}

/** For Graphviz. */
export function toDot({ name, nodes, links }: Topology): string {
  const shapes = { host: "box", bridge: "ellipse", oneip: "hexagon" } as const;
  return [
    `graph "${name}" {`,
    ...nodes.map(({ name, kind }) => `  "${name}" [shape=${shapes[kind]}]`),
    ...links.map(([a, b]) =>
      `  "${a.node}" -- "${b.node}" [taillabel="${a.interface}" headlabel="${b.interface}"]`
    ),
    "}",
    "",
  ].join("\n");
}

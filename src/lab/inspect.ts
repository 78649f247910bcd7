/** What a lab is at the moment: its nodes with their interfaces, and what is linked with what. */

import { type InterfaceState, parseInterfaces } from "./addresses.ts";
import { Lab, type LabNode } from "./lab.ts";
import type { Endpoint } from "./topology.ts";

/** A lab that is up, and all that is in it. */
export interface InspectedLab {
  readonly name: string;
  /** Absolute path of the topology. */
  readonly file: string;
  readonly nodes: readonly InspectedNode[];
  /** Two ends each, such as "client1:eth1". */
  readonly links: readonly (readonly [string, string])[];
}

/** A machine of a lab as it is now. */
export interface InspectedNode {
  readonly name: string;
  readonly kind: "host" | "bridge" | "oneip";
  readonly namespace: string;
  /** Of its program, which was started with the lab: `none` for a node that has none. */
  readonly program: "runs" | "ended" | "none";
  readonly interfaces: readonly InspectedInterface[];
}

/** An interface of a machine of a lab, and what it is linked with. */
export interface InspectedInterface extends InterfaceState {
  /** The other end of its link by the topology, such as "wan:client1". */
  readonly peer: string | null;
}

/** What a lab is at the moment. Throws UsageError when no such lab is up. */
export async function inspectLab(name: string): Promise<InspectedLab> {
  const lab = Lab.open(name);
  const info = Lab.list().find((one) => one.name === name);
  const { nodes, links } = lab.topology;
  const ended = new Set(info?.ended);
  const peers = new Map(links.flatMap(([a, b]) => [[textOf(a), textOf(b)], [textOf(b), textOf(a)]]));
  const inspectNode = async (node: LabNode): Promise<InspectedNode> => {
    const { name, kind } = node.plan;
    const interfaces = parseInterfaces(await node.exec("ip", "-j", "address", "show"));
    return {
      name,
      kind,
      namespace: node.namespace,
      program: node.program === undefined ? "none" : ended.has(name) ? "ended" : "runs",
      interfaces: interfaces.map((one) => ({ ...one, peer: peers.get(`${name}:${one.name}`) ?? null })),
    };
  };
  return {
    name,
    file: info?.file ?? "",
    nodes: await Promise.all(nodes.map(({ name }) => inspectNode(lab.node(name)))),
    links: links.map(([a, b]) => [textOf(a), textOf(b)]),
  };
}

function textOf({ node, interface: name }: Endpoint): string {
  return `${node}:${name}`;
}

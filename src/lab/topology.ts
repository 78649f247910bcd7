/**
 * A topology: which nodes there are and how they are linked. The format is a subset of containerlab's, so that a file looks
 * familiar; parsing does no I/O.
 */

import * as z from "zod";
import { child, type Complain, items, readDocument } from "../input/document.ts";
import type { Path } from "../input/places.ts";

/** A machine of the lab: a network namespace. */
export interface NodePlan {
  readonly name: string;
  /** `host`: nothing but its links. `bridge`: all its links are ports of one bridge, br0. `oneip`: runs a dispatcher. */
  readonly kind: "host" | "bridge" | "oneip";
  /** Shell lines that set the node up, in order. */
  readonly exec: readonly string[];
  /** The program that the node runs, a shell line. */
  readonly cmd: string | undefined;
  /** The lab is up when the program listens on all of these. */
  readonly ports: readonly PortPlan[];
  /** Of a `oneip` node: the dispatcher's configuration, relative to the topology. */
  readonly startupConfig: string | undefined;
  readonly interfaces: readonly InterfacePlan[];
}

export interface InterfacePlan {
  readonly name: string;
  readonly mac: string;
}

export interface PortPlan {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
}

/** One end of a link. */
export interface Endpoint {
  readonly node: string;
  readonly interface: string;
  readonly mac: string;
}

export interface Topology {
  readonly name: string;
  readonly nodes: readonly NodePlan[];
  readonly links: readonly (readonly [Endpoint, Endpoint])[];
}

const NAME = /^[a-z0-9][a-z0-9-]{0,30}$/;
const ENDPOINT = /^([a-z0-9][a-z0-9-]*):([^\s/:]{1,15})$/;
const PORT = /^(\d{1,5})\/(tcp|udp)$/;

const portRemedy = "use a port such as 80/tcp";

const nodeSchema = z.strictObject({
  kind: z.enum(["host", "bridge", "oneip"], "use host, bridge or oneip").default("host"),
  exec: z.array(z.string("use a shell line"), "use a list of shell lines").default([]),
  cmd: z.string("use a shell line").optional(),
  ports: z.array(z.string(portRemedy).regex(PORT, portRemedy), "use a list of ports such as 80/tcp")
    .default([]),
  "startup-config": z.string("use the file of a configuration").optional(),
}, "use a mapping such as {kind: host}");

const nameRemedy = "use lower-case letters, digits and dashes, 31 at most";
const endpointRemedy = 'use a node and an interface such as "client1:eth1"';

const linkSchema = z.strictObject({
  endpoints: z.tuple(
    [
      z.string(endpointRemedy).regex(ENDPOINT, endpointRemedy),
      z.string(endpointRemedy).regex(ENDPOINT, endpointRemedy),
    ],
    'use two endpoints such as ["client1:eth1", "wan:client1"]',
  ),
}, 'use a mapping such as {endpoints: ["client1:eth1", "wan:client1"]}');

const topologySchema = z.strictObject({
  name: z.string(nameRemedy).regex(NAME, nameRemedy),
  topology: z.strictObject({
    nodes: z.record(z.string().regex(NAME, nameRemedy), nodeSchema, "list at least one node"),
    links: z.array(linkSchema, "use a list of links").default([]),
  }, "use a mapping with nodes and links"),
}, "use a mapping with name and topology");

/** Text of a topology file to what it means. Throws InputError with every mistake. */
export function parseTopology(text: string, file: string): Topology {
  const input = readDocument(text, file, { schema: topologySchema, knownKeys, judge });
  const nodeNames = Object.keys(input.topology.nodes);
  const interfaces = new Map<string, InterfacePlan[]>(nodeNames.map((name) => [name, []]));
  const links = input.topology.links.map(({ endpoints }) =>
    endpoints.map((text) => {
      const [, node = "", name = ""] = ENDPOINT.exec(text) ?? [];
      const own = interfaces.get(node)!;
      const mac = macOf(nodeNames.indexOf(node), own.length);
      own.push({ name, mac });
      return { node, interface: name, mac };
    }) as [Endpoint, Endpoint]
  );
  const nodes = Object.entries(input.topology.nodes).map(([name, node]) => ({
    name,
    kind: node.kind,
    exec: node.exec,
    cmd: node.cmd,
    ports: node.ports.map(parsePort),
    startupConfig: node["startup-config"],
    interfaces: interfaces.get(name)!,
  }));
  return { name: input.name, nodes, links };
}

/** The same at every start: locally administered, then the node's and the interface's number in the file. */
function macOf(node: number, index: number): string {
  const octet = (value: number) => value.toString(16).padStart(2, "0");
  return `02:1a:b0:${octet(node >>> 8)}:${octet(node & 255)}:${octet(index + 1)}`;
}

function parsePort(text: string): PortPlan {
  const [, port, protocol] = PORT.exec(text) ?? [];
  return { port: Number(port), protocol: protocol as "tcp" | "udp" };
}

function knownKeys(path: Path): string[] {
  const schema = path.length === 0
    ? topologySchema
    : path.length === 1
    ? topologySchema.shape.topology
    : path[1] === "nodes"
    ? nodeSchema
    : linkSchema;
  return Object.keys(schema.shape);
}

function judge(raw: unknown, complain: Complain): void {
  const topology = child(raw, "topology");
  const nodes = child(topology, "nodes");
  const names = typeof nodes === "object" && nodes !== null ? Object.keys(nodes) : [];
  const used = new Set<string>();
  for (const [index, link] of items(topology, "links")) {
    for (const [side, text] of items(link, "endpoints")) {
      const [, node] = typeof text === "string" ? ENDPOINT.exec(text) ?? [] : [];
      if (node === undefined) continue;
      const path = ["topology", "links", index, "endpoints", side];
      if (!names.includes(node)) {
        complain(path, `There is no such node, found "${node}", use one of ${names.join(", ")}`);
      }
      if (used.has(text as string)) {
        complain(path, `Two links end here, found "${text}" again, use another interface`);
      }
      used.add(text as string);
    }
  }
  for (const name of names) {
    const node = child(nodes, name);
    if (child(node, "kind") === "oneip" && child(node, "startup-config") === undefined) {
      complain(
        ["topology", "nodes", name],
        `A oneip node has no configuration, found nothing, add startup-config`,
      );
    }
  }
}

/**
 * A topology: which nodes there are and how they are linked. The format is a subset of containerlab's, so that a file looks
 * familiar; parsing does no I/O.
 */

import { randomBytes } from "node:crypto";
import * as z from "zod";
import type { Check } from "../input/contents.ts";
import { readInSteps } from "../input/document.ts";
import { UsageError } from "../input/errors.ts";
import { parsePort, type Port } from "../wire/port.ts";
import { finish } from "../table/steps.ts";

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
  readonly ports: readonly Port[];
  /** Of a `oneip` node: the dispatcher's configuration, relative to the topology. */
  readonly startupConfig: string | undefined;
  readonly interfaces: readonly InterfacePlan[];
}

export interface InterfacePlan {
  readonly name: string;
  readonly mac: string;
}

/** One end of a link. */
export interface Endpoint {
  readonly node: string;
  readonly interface: string;
  readonly mac: string;
}

/** What a topology file says: machines and the links between them. */
export interface Topology {
  readonly name: string;
  readonly nodes: readonly NodePlan[];
  readonly links: readonly (readonly [Endpoint, Endpoint])[];
}

const NAME = /^[a-z0-9][a-z0-9-]{0,30}$/;
const ENDPOINT = /^([a-z0-9][a-z0-9-]*):([^\s/:]{1,15})$/;

const portRemedy = "use a port such as 80/tcp";

const nodeSchema = z.strictObject({
  kind: z.enum(["host", "bridge", "oneip"], "use host, bridge or oneip").default("host"),
  exec: z.array(z.string("use a shell line"), "use a list of shell lines").default([]),
  cmd: z.string("use a shell line").optional(),
  ports: z.array(
    z.string(portRemedy).refine((text) => parsePort(text) !== undefined, portRemedy),
    "use a list of ports such as 80/tcp",
  ).default([]),
  "startup-config": z.string("use the file of a configuration").optional(),
}, "use a mapping such as {kind: host}");

const nameRemedy = "use lower-case letters, digits and dashes, 31 at most, and no dash first";
const endpointRemedy = 'use a node and an interface such as "client1:eth1"';

const endpoint = z.string(endpointRemedy).regex(ENDPOINT, endpointRemedy);

const linkSchema = z.strictObject({
  endpoints: z.tuple(
    [endpoint, endpoint],
    'use two endpoints such as ["client1:eth1", "wan:client1"]',
  ),
}, 'use a mapping such as {endpoints: ["client1:eth1", "wan:client1"]}');

const topologySchema = z.strictObject({
  name: z.string(nameRemedy).regex(NAME, nameRemedy),
  topology: z.strictObject({
    nodes: z.record(z.string().regex(NAME), nodeSchema, {
      error: ({ code }) => code === "invalid_key" ? `for a name ${nameRemedy}` : "list at least one node",
    }),
    links: z.array(linkSchema, "use a list of links").default([]),
  }, "use a mapping with nodes and links"),
}, "use a mapping with name and topology");

/** May a lab have this name? A lab's name becomes part of paths and of namespaces' names. */
export function isLabName(name: string): boolean {
  return NAME.test(name);
}

/** Throws UsageError for what cannot be a lab's name. */
export function checkLabName(name: string): void {
  if (isLabName(name)) return;
  throw new UsageError(`A lab cannot have this name, found ${JSON.stringify(name)}, ${nameRemedy}`);
}

/** A name for a lab of this topology that no other lab has, in this process or another one. */
export function uniqueLabName(topology: string): string {
  return `${topology.slice(0, 22)}-${randomBytes(4).toString("hex")}`;
}

/** Text of a topology file to what it means. Throws InputError with every mistake. */
export function parseTopology(text: string, file: string): Topology {
  const { value: input } = finish(readInSteps(text, file, { schema: topologySchema, checks }));
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
    ports: node.ports.map((text) => parsePort(text)!),
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

const linksEndAtNodes: Check = (contents, complain) => {
  const names = Object.keys(
    contents.at(["topology", "nodes"], z.record(z.string(), z.unknown()))?.value ?? {},
  );
  const used = new Set<string>();
  for (const { path, value } of contents.all("topology.links[].endpoints[]", endpoint)) {
    const [, node = ""] = ENDPOINT.exec(value) ?? [];
    if (!names.includes(node)) {
      complain(path, `There is no such node, found "${node}", use one of ${names.join(", ")}`);
    }
    if (used.has(value)) complain(path, `Two links end here, found "${value}" again, use another interface`);
    used.add(value);
  }
};

const dispatchersHaveConfiguration: Check = (contents, complain) => {
  const nodes = contents.at(["topology", "nodes"], z.record(z.string(), z.unknown()))?.value ?? {};
  for (const name of Object.keys(nodes)) {
    const path = ["topology", "nodes", name];
    const isDispatcher = contents.at([...path, "kind"], z.literal("oneip")) !== undefined;
    if (isDispatcher && contents.at([...path, "startup-config"], z.unknown()) === undefined) {
      complain(path, `A oneip node has no configuration, found nothing, add startup-config`);
    }
  }
};

const checks = [linksEndAtNodes, dispatchersHaveConfiguration];

/**
 * A topology: which nodes there are and how they are linked. The format is a subset of containerlab's, so that a file looks
 * familiar; parsing does no I/O.
 */

import { randomBytes } from "node:crypto";
import * as z from "zod";
import type { Check, Contents } from "../input/contents.ts";
import { readInSteps } from "../input/document.ts";
import { UsageError } from "../input/errors.ts";
import { ignoredKeys, notesOf, refusalOf } from "./containerlab.ts";
import { own, parts, settle } from "./levels.ts";
import { formatMac, parseCidr, parseMac } from "../wire/address.ts";
import { parsePort, type Port } from "../wire/port.ts";
import { formatCommand } from "../system/programs.ts";
import { finish } from "../table/steps.ts";
import { HARMLESS, type Settings } from "../impairment/settings.ts";
import { linkKeys, settingsFrom } from "./links/keys.ts";
import { mistakeIn } from "./links/mistake_in.ts";

/** A machine of the lab: a network namespace. */
export interface NodePlan {
  readonly name: string;
  /** `host`: nothing but its links. `bridge`: all its links are ports of one bridge, br0. `oneip`: runs a dispatcher. */
  readonly kind: "host" | "bridge" | "oneip";
  /** Shell lines that set the node up, in order. */
  readonly exec: readonly string[];
  /** Variables of whatever runs on the node. */
  readonly env: Readonly<Record<string, string>>;
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
  /** The kernel's own, where it is undefined. */
  readonly mtu: number | undefined;
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
  /** Those of the links that do harm to what they carry, or may be told to. */
  readonly faulty: readonly FaultyLink[];
  /** What stands in the file and means nothing here, as sentences with their place. */
  readonly notes: readonly string[];
}

/** A link whose frames a program carries, by seed. */
export interface FaultyLink {
  /** One of the topology's links. */
  readonly ends: readonly [Endpoint, Endpoint];
  /** Of what each end sends. */
  readonly settings: readonly [Settings, Settings];
  /** The file to which its decisions are written, relative to the topology. */
  readonly log: string | undefined;
  /** The file of decisions that are made once more. */
  readonly playback: string | undefined;
}

const NAME = /^[a-z0-9][a-z0-9-]{0,30}$/;
const NODE_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$/;
const ENDPOINT = /^([^\s:]+):([^\s:]+)$/;

/** IFNAMSIZ of netdevice(7), without the NUL. */
const LONGEST_INTERFACE = 15;

/** What an octet of a MAC holds, see macOf. */
const MOST_LINKS = 255;

/** IPv6 needs 1,280 (RFC 8200, section 5), IPv4 68 (RFC 791); a veth takes no more than 65,535. */
const mtuRemedy = "use a whole number from 68 to 65535";

const portRemedy = "use a port such as 80/tcp, on which cmd listens";
const kinds = z.enum(["host", "linux", "bridge", "oneip"], "use host, linux, bridge or oneip");

const word = z.union([z.string(), z.number(), z.boolean()], "use a text or a number").transform(String);
const words = z.record(z.string(), word, "use a mapping such as {KEY: value}");

const nodeSchema = z.strictObject({
  kind: kinds.optional(),
  exec: z.array(z.string("use a shell line"), "use a list of shell lines").optional(),
  cmd: z.string("use a shell line").optional(),
  ports: z.array(
    z.string(portRemedy).refine((text) => parsePort(text) !== undefined, portRemedy),
    "use a list of ports such as 80/tcp",
  ).optional(),
  "startup-config": z.string("use the file of a configuration").optional(),
  env: words.optional(),
  sysctls: words.optional(),
  group: z.string("use the name of a group").optional(),
  ...ignoredKeys("node"),
}, "use a mapping such as {kind: host}");

const nameRemedy = "use lower-case letters, digits and dashes, 31 at most, and no dash first";
const nodeNameRemedy = "use letters, digits, dashes and underscores, 31 at most, and a letter or digit first";
const endpointRemedy = 'use a node and an interface such as "client1:eth1"';

const address = z.string("use an address such as 10.0.0.1/24").refine(
  (text) => text === "" || parseCidr(text) !== undefined,
  "use an address with its prefix length, such as 10.0.0.1/24",
);
const addresses = z.tuple([address, address.optional()], "use a list of an address for each end").optional();

/** containerlab's long form. */
const longEndpoint = z.strictObject({
  node: z.string("use the name of a node"),
  interface: z.string("use the name of an interface"),
  mac: z.string().refine(
    (text) => parseMac(text) !== undefined,
    "use a MAC address such as 02:00:00:00:00:01",
  ).optional(),
  ipv4: address.optional(),
  ipv6: address.optional(),
  vars: z.unknown().optional(),
}, endpointRemedy);

const endpoint = z.union([
  z.string(endpointRemedy).regex(ENDPOINT, endpointRemedy),
  longEndpoint.transform((end) => `${end.node}:${end.interface}`),
], endpointRemedy);

const linkSchema = z.strictObject({
  endpoints: z.tuple(
    [endpoint, endpoint],
    'use two endpoints such as ["client1:eth1", "wan:client1"]',
  ),
  type: z.literal("veth", "use veth, or leave it out: a lab has no other links").optional(),
  mtu: z.int(mtuRemedy).min(68, mtuRemedy).max(65535, mtuRemedy).optional(),
  ipv4: addresses,
  ipv6: addresses,
  ...ignoredKeys("link"),
  ...linkKeys,
}, 'use a mapping such as {endpoints: ["client1:eth1", "wan:client1"]}');

const nodeMap = z.record(z.string().regex(NODE_NAME), nodeSchema.nullable(), {
  error: ({ code }) => code === "invalid_key" ? `for a name ${nodeNameRemedy}` : "list at least one node",
});

const topologySchema = z.strictObject({
  name: z.string(nameRemedy).regex(NAME, nameRemedy),
  topology: z.strictObject({
    defaults: nodeSchema.optional(),
    kinds: z.partialRecord(kinds, nodeSchema.nullable()).optional(),
    groups: z.record(z.string(), nodeSchema.nullable(), "use a mapping of groups").optional(),
    nodes: nodeMap,
    links: z.array(linkSchema, "use a list of links").default([]),
  }, "use a mapping with nodes and links"),
  ...ignoredKeys("file"),
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
  const read = finish(readInSteps(text, file, { schema: topologySchema, checks, refusalOf }));
  const { name, topology } = read.value;
  const nodeNames = Object.keys(topology.nodes);
  const interfaces = new Map<string, InterfacePlan[]>(nodeNames.map((name) => [name, []]));
  const addressLines = new Map<string, string[]>(nodeNames.map((name) => [name, []]));
  const links = topology.links.map(({ endpoints, mtu, ...link }, index) =>
    endpoints.map((text, side) => {
      const [, node = "", name = ""] = ENDPOINT.exec(text) ?? [];
      const long = read.contents.at(["topology", "links", index, "endpoints", side], longEndpoint)?.value;
      const own = interfaces.get(node)!;
      const given = parseMac(long?.mac ?? "");
      const mac = given === undefined
        ? macOf(nodeNames.indexOf(node), own.length)
        : formatMac(given.high, given.low);
      own.push({ name, mac, mtu });
      for (const address of [long?.ipv4, long?.ipv6, link.ipv4?.[side], link.ipv6?.[side]]) {
        if (address) {
          addressLines.get(node)!.push(formatCommand(["ip", "address", "add", address, "dev", name]));
        }
      }
      return { node, interface: name, mac };
    }) as [Endpoint, Endpoint]
  );
  const nodes = nodeNames.map((name) => {
    const { kind = "host", exec, cmd, ports = [], env, sysctls, ...node } = settle(topology, name);
    return {
      name,
      kind: kind === "linux" ? "host" : kind,
      exec: [
        ...Object.entries(sysctls).map(([key, value]) => formatCommand(["sysctl", "-qw", `${key}=${value}`])),
        ...addressLines.get(name)!,
        ...exec,
      ],
      env,
      cmd,
      ports: ports.map((text) => parsePort(text)!),
      startupConfig: node["startup-config"],
      interfaces: interfaces.get(name)!,
    };
  });
  const faulty = topology.links.flatMap((link, index) => {
    const { log, playback, ...changes } = faultsOf(link);
    const isFaulty = Object.keys(faultsOf(link)).length > 0;
    return isFaulty
      ? [{ ends: links[index]!, settings: settingsOf(link.endpoints, changes), log, playback }]
      : [];
  });
  return { name, nodes, links, faulty, notes: notesOf(read.contents, read.placeOf) };
}

/** Of all that is said of a link, what it does to its frames. */
function faultsOf(link: z.output<typeof linkSchema>): z.output<z.ZodObject<typeof linkKeys>> {
  return Object.fromEntries(
    Object.entries(link).filter(([key, value]) => key in linkKeys && value !== undefined),
  );
}

function settingsOf(
  [a, b]: readonly [string, string],
  changes: Parameters<typeof settingsFrom>[0],
): [Settings, Settings] {
  return [{ ...HARMLESS, ...settingsFrom(changes, a) }, { ...HARMLESS, ...settingsFrom(changes, b) }];
}

/** The same at every start: locally administered, then the node's and the interface's number in the file. */
function macOf(node: number, index: number): string {
  const octet = (value: number) => value.toString(16).padStart(2, "0");
  return `02:1a:b0:${octet(node >>> 8)}:${octet(node & 255)}:${octet(index + 1)}`;
}

const linksEndAtNodes: Check = (contents, complain) => {
  const names = nodesOf(contents);
  const used = new Set<string>();
  const counts = new Map<string, number>();
  for (const { path, value } of contents.all("topology.links[].endpoints[]", endpoint)) {
    const [, node = "", name = ""] = ENDPOINT.exec(value) ?? [];
    if (!names.includes(node)) {
      complain(path, `There is no such node, found "${node}", use one of ${names.join(", ")}`);
    }
    if (used.has(value)) complain(path, `Two links end here, found "${value}" again, use another interface`);
    used.add(value);
    const why = whyNoInterface(name, kindOf(contents, node));
    if (why !== undefined) complain(path, why);
    counts.set(node, (counts.get(node) ?? 0) + 1);
    if (counts.get(node) === MOST_LINKS + 1) {
      complain(path, `A node has at most ${MOST_LINKS} links, found one more of "${node}", use another node`);
    }
  }
};

/** Undefined for a name that an interface can have there. */
function whyNoInterface(name: string, kind: string): string | undefined {
  if (new TextEncoder().encode(name).length > LONGEST_INTERFACE) {
    return `An interface's name has at most ${LONGEST_INTERFACE} octets, found "${name}" with ${name.length}, use a shorter one`;
  }
  if (name.includes("/") || name === "." || name === "..") {
    return `An interface cannot have this name, found "${name}", use one such as eth1`;
  }
  const taken = kind === "bridge" ? ["lo", "br0"] : ["lo"];
  return taken.includes(name)
    ? `The node has an interface of this name, found "${name}", use another one`
    : undefined;
}

const keysFitTheKind: Check = (contents, complain) => {
  for (const name of nodesOf(contents)) {
    const isDispatcher = kindOf(contents, name) === "oneip";
    const [config, cmd] = [own(contents, name, "startup-config"), own(contents, name, "cmd")];
    if (isDispatcher && config === undefined) {
      complain(
        ["topology", "nodes", name],
        `A oneip node has no configuration, found nothing, add startup-config`,
      );
    }
    if (isDispatcher && cmd !== undefined) {
      complain(cmd.path, `A oneip node runs its dispatcher, found cmd, leave it out`);
    }
    if (!isDispatcher && config !== undefined) {
      complain(
        config.path,
        `Only a oneip node has a configuration, found kind ${kindOf(contents, name)}, use kind: oneip`,
      );
    }
  }
};

const faultsGoTogether: Check = (contents, complain) => {
  const logs = new Set<string>();
  for (const { path, value } of contents.all("topology.links[].log", linkKeys.log.unwrap())) {
    if (logs.has(value)) complain(path, `Two links write this log, found "${value}" again, use another file`);
    logs.add(value);
  }
  for (const { path, value } of contents.all("topology.links[]", linkSchema)) {
    const { endpoints } = value;
    const { log: _, playback, ...changes } = faultsOf(value);
    for (const end of Object.keys(changes.from ?? {}).filter((end) => !endpoints.includes(end))) {
      complain(
        [...path, "from", end],
        `The link has no such end, found "${end}", use ${endpoints.join(" or ")}`,
      );
    }
    for (const [index, settings] of settingsOf(endpoints, changes).entries()) {
      const mistake = mistakeIn(settings);
      if (mistake === undefined) continue;
      const ofOne = [...path, "from", endpoints[index]!, "jitter"];
      complain(contents.at(ofOne, z.unknown()) === undefined ? [...path, "jitter"] : ofOne, mistake);
      break;
    }
    const [other] = Object.keys(changes).filter((key) => key !== "rate");
    if (playback !== undefined && other !== undefined) {
      complain(
        [...path, other],
        `The link plays back a log, which decides alone, found "${other}", use playback or that`,
      );
    }
  }
};

const groupsExist: Check = (contents, complain) => {
  const groups = parts(contents, ["topology", "groups"]);
  if (groups.length === 0) return;
  for (const name of nodesOf(contents)) {
    const group = contents.at(["topology", "nodes", name, "group"], z.string());
    if (group === undefined || groups.includes(group.value)) continue;
    complain(group.path, `There is no such group, found "${group.value}", use one of ${groups.join(", ")}`);
  }
};

function nodesOf(contents: Contents): string[] {
  return parts(contents, ["topology", "nodes"]);
}

function kindOf(contents: Contents, node: string): string {
  return own(contents, node, "kind")?.value as string ?? "host";
}

const checks = [faultsGoTogether, linksEndAtNodes, keysFitTheKind, groupsExist];

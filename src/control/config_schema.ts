/** What a configuration file may say. Each schema carries its remedy as its error text. */

import * as z from "zod";
import type { Port } from "../path/plan.ts";
import { parseCidr, parseIp, parseMac } from "../wire/address.ts";

const MOST_BUCKETS = 65536;
const MOST_WEIGHT = 100;
const MOST_MTU = 9000;
const MOST_QUEUES = 64;
const MOST_ANSWERS = 1_000_000;
const LEAST_INTERVAL_MS = 50;
const MOST_INTERVAL_MS = 10_000;

/** In the upper half of a MAC address: not one machine but a group. */
const GROUP_BIT = 0x0100;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

const nameRemedy = "use letters, digits, dots, dashes and underscores, 63 at most";
const name = z.string(nameRemedy).regex(NAME, nameRemedy);

/** Text that `parse` understands. */
function parsed(parse: (text: string) => unknown, error: string) {
  return z.string(error).refine((text) => parse(text) !== undefined, error);
}

const ip = parsed(parseIp, "use an address such as 10.0.0.11 or 2001:db8::11");
const cidr = parsed(parseCidr, "use an address with prefix length such as 10.0.0.2/24 or 2001:db8::2/64");
const prefix = parsed((text) => parseCidr(text, 0), "use a prefix such as 192.0.2.0/24 or ::/0");
const port = z.string("use a port such as 80/tcp").refine(
  (text) => parsePort(text) !== undefined,
  "use a port such as 80/tcp",
);
const duration = parsed(parseDuration, "use a duration such as 500ms, 1s or 2m");
const mac = parsed(
  (text) => (parseMac(text)?.high ?? GROUP_BIT) & GROUP_BIT ? undefined : text,
  "use a unicast MAC address such as 02:00:00:00:00:01, its first octet even",
);

const group = parsed(
  (text) => (parseMac(text)?.high ?? 0) & GROUP_BIT ? text : undefined,
  "use ff:ff:ff:ff:ff:ff or a multicast MAC address such as 03:bf:0a:00:00:64, its first octet odd",
);

const wholeNumber = (least: number, most: number) => {
  const error = `use a whole number from ${least} to ${most}`;
  return z.int(error).min(least, error).max(most, error);
};

const list = <T extends z.ZodType>(of: T, remedy: string) => z.array(of, remedy).min(1, remedy);

const interfaceRemedy = "use 1 to 15 characters without space, slash or colon";
const interfaceName = z.string(interfaceRemedy).regex(/^[^\s/:]{1,15}$/, interfaceRemedy);

const backendSchema = z.strictObject({
  name: name.describe(
    "Unique within the cluster. Together with the weights the names decide who owns which bucket.",
  ),
  address: ip.describe("The backend's primary address, of either family, on the dispatcher's link."),
  weight: wholeNumber(1, MOST_WEIGHT).default(1).describe("Its share of the buckets, in proportion."),
  mtu: wholeNumber(68, MOST_MTU).optional().describe(
    "Of the way to it, where that is smaller than the link's.",
  ),
}, "use a mapping such as {name: web1, address: 10.0.0.11}");

const interval = z.string("use a duration such as 250ms").refine((text) => {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= LEAST_INTERVAL_MS && ms <= MOST_INTERVAL_MS;
}, "use a duration from 50ms to 10s such as 250ms");

const agentSchema = z.strictObject({
  port: wholeNumber(1, 65_535).default(4120).describe("UDP port of the heartbeats, on every backend."),
  keyFile: z.string("use the path of a file").min(1, "use the path of a file").describe(
    "File with the key that all backends share, 16 octets or more.",
  ),
  interval: interval.default("250ms").describe("Between two heartbeats; a backend that misses four is dead."),
}, "use a mapping such as {keyFile: /etc/oneip/cluster.key}");

const clusterSchema = z.strictObject({
  name: name.describe("For logs and commands."),
  addresses: list(ip, "list at least one cluster address").describe(
    "The cluster addresses that clients see.",
  ),
  technique: z.enum(["route", "broadcast"], "use route or broadcast").default("route").describe(
    "Who chooses the backend: the dispatcher, or each backend for itself by its filter.",
  ),
  group: group.default("ff:ff:ff:ff:ff:ff").describe(
    "Destination MAC of the frames that all backends get, technique broadcast.",
  ),
  fallback: z.literal("broadcast", "use broadcast, or leave it out").optional().describe(
    "The technique when the dispatcher is gone.",
  ),
  agent: agentSchema.optional().describe("Of `oneip filter agent`, by which the backends watch each other."),
  buckets: wholeNumber(2, MOST_BUCKETS)
    .refine((count) => Number.isInteger(Math.log2(count)), "use a power of two such as 4096")
    .default(4096),
  seed: wholeNumber(0, 2 ** 32 - 1).default(0).describe("Of the hash: `seed` in nftables' jhash."),
  algorithm: z.enum(["maglev", "rendezvous", "modulo"], "use maglev, rendezvous or modulo").default("maglev"),
  mask: z.strictObject({
    ipv4: wholeNumber(1, 32).default(32),
    ipv6: wholeNumber(1, 128).default(128),
  }, "use a mapping such as {ipv4: 24, ipv6: 64}").prefault({}).describe(
    "Leading bits of a client's address that are hashed: all clients of such a network meet one backend.",
  ),
  ports: list(port, "list at least one port such as 80/tcp").optional().describe(
    "Service ports. Default: all are open.",
  ),
  closed: z.enum(["reject", "drop"], "use reject or drop").default("reject").describe(
    "What becomes of packets to other ports: reset and port unreachable, or silence.",
  ),
  noBackend: z.enum(["reject", "last-resort"], "use reject or last-resort").default("reject").describe(
    "When no backend is live: answer host unreachable, or go on sending to the configured ones.",
  ),
  backends: list(backendSchema, "list at least one backend"),
}, "use a mapping with name, addresses and backends");

const routeSchema = z.strictObject({
  prefix: prefix.describe("The other network; 0.0.0.0/0 and ::/0 for all."),
  via: ip.describe("The next hop, on the dispatcher's link."),
}, "use a mapping such as {prefix: 192.0.2.0/24, via: 10.0.0.1}");

export const configSchema = z.strictObject({
  dispatcher: z.strictObject({
    interface: interfaceName.default("oneip0").describe("TAP to create, or to adopt if it exists."),
    bridge: interfaceName.optional().describe("Bridge that the TAP joins."),
    mac: mac.optional().describe("The dispatcher's own. Default: stable per machine and interface."),
    vlan: wholeNumber(1, 4094).optional().describe("The VLAN whose tag all frames carry. Default: none do."),
    mtu: wholeNumber(576, MOST_MTU).default(1500).describe("Of the link, in octets."),
    addresses: list(cidr, "list at least one address with prefix length").describe("Next-hop addresses."),
    gateway: z.union([ip, z.array(ip)], "use an address, or a list of one for each family").optional()
      .describe(
        "Where answers to clients off the link go. Default: back to the machine that brought the question.",
      ),
    routes: z.array(routeSchema, "use a list such as [{prefix: 192.0.2.0/24, via: 10.0.0.1}]").default([])
      .describe(
        "Other networks to which the dispatcher forwards as a router.",
      ),
    announce: z.strictObject({
      count: wholeNumber(0, 100).default(3).describe("Announcements of each address at the start."),
      interval: duration.default("1s").describe("Between two of them."),
      refresh: duration.default("60s").describe("Between two ever after; 0s: none."),
    }, "use a mapping such as {count: 3, interval: 1s, refresh: 60s}").prefault({}).describe(
      "Gratuitous ARP and unsolicited advertisements: switches forget after 300 s, routers after 1200 s.",
    ),
    rateLimits: z.strictObject({
      timeExceeded: wholeNumber(0, MOST_ANSWERS).default(1000),
      unreachable: wholeNumber(0, MOST_ANSWERS).default(1000),
      tooBig: wholeNumber(0, MOST_ANSWERS).default(1000),
      parameterProblem: wholeNumber(0, MOST_ANSWERS).default(1000),
      reset: wholeNumber(0, MOST_ANSWERS).default(1000),
    }, "use a mapping such as {timeExceeded: 1000}").prefault({}).describe(
      "ICMP errors and resets a second, by kind.",
    ),
    queues: wholeNumber(1, MOST_QUEUES).default(1).describe(
      "Of the TAP, with a data-plane worker each: one for each core that forwarding may take.",
    ),
    verify: z.enum(["warn", "refuse", "off"], "use warn, refuse or off").default("warn").describe(
      "What a fault in the set-up of a backend does at the start: a line in the log, or the end. Later ones are logged.",
    ),
    offloads: z.boolean("use true or false").default(true).describe(
      "Frames of up to 64 KiB and checksums left to the network card, where the kernel grants them.",
    ),
  }, "use a mapping with interface and addresses"),
  clusters: list(clusterSchema, "list at least one cluster"),
}, "use a mapping with dispatcher and clusters");

export type ConfigInput = z.output<typeof configSchema>;

/** The JSON Schema of a configuration file, for editors. */
export function configJsonSchema(): object {
  return { title: "oneip configuration", ...z.toJSONSchema(configSchema, { io: "input" }) };
}

/** The keys that may stand in the mapping at this path. */
export function knownKeys(path: readonly PropertyKey[]): string[] {
  let schema: unknown = configSchema;
  for (const part of path) {
    const inner = unwrap(schema);
    if (inner instanceof z.ZodObject) schema = inner.shape[part as string];
    else if (inner instanceof z.ZodArray) schema = inner.element;
  }
  const inner = unwrap(schema);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

/** The schema inside optional(), default() and prefault(). */
function unwrap(schema: unknown): unknown {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) {
    inner = inner.unwrap();
  }
  return inner;
}

/** Text such as `80/tcp`; undefined where it is none. */
export function parsePort(text: string): Port | undefined {
  const [, digits, protocol] = /^(\d{1,5})\/(tcp|udp)$/.exec(text) ?? [];
  const port = Number(digits);
  return protocol === undefined || port < 1 || port > 65_535
    ? undefined
    : { port, protocol: protocol as "tcp" | "udp" };
}

/** Text such as `500ms`, `1s` or `2m` to milliseconds; undefined where it is none. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,6})(ms|s|m)$/.exec(text) ?? [];
  return unit === undefined
    ? undefined
    : Number(digits) * { ms: 1, s: 1000, m: 60_000 }[unit as "ms" | "s" | "m"];
}

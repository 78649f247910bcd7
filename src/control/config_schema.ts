/** What a configuration file may say. Each schema carries its remedy as its error text. */

import ipaddr from "ipaddr.js";
import * as z from "zod";
import { parseCidr, parseIpv4, parseMac } from "../wire/address.ts";

const MOST_BUCKETS = 65536;
const MOST_WEIGHT = 100;

/** In the upper half of a MAC address: not one machine but a group. */
const GROUP_BIT = 0x0100;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

const nameRemedy = "use letters, digits, dots, dashes and underscores, 63 at most";
const name = z.string(nameRemedy).regex(NAME, nameRemedy);

/** Text that `parse` understands; a remedy of its own for IPv6, which is well formed but not spoken yet. */
function parsed(parse: (text: string) => unknown, remedy: string) {
  const error = (issue: { input?: unknown }) =>
    isIpv6(issue.input) ? "IPv6 is not supported yet, use IPv4" : remedy;
  return z.string({ error }).refine((text) => parse(text) !== undefined, { error });
}

const ipv4 = parsed(parseIpv4, "use an IPv4 address such as 10.0.0.11");
const cidr = parsed(parseCidr, "use an IPv4 address with prefix length such as 10.0.0.2/24");
const mac = parsed(
  (text) => (parseMac(text)?.high ?? GROUP_BIT) & GROUP_BIT ? undefined : text,
  "use a unicast MAC address such as 02:00:00:00:00:01, its first octet even",
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
  address: ipv4.describe("The backend's primary address, on the dispatcher's link."),
  weight: wholeNumber(1, MOST_WEIGHT).default(1).describe("Its share of the buckets, in proportion."),
}, "use a mapping such as {name: web1, address: 10.0.0.11}");

const clusterSchema = z.strictObject({
  name: name.describe("For logs and commands."),
  addresses: list(ipv4, "list at least one cluster address").describe(
    "The cluster addresses that clients see.",
  ),
  technique: z.literal("route", 'use route; "broadcast" is not supported yet').default("route"),
  buckets: wholeNumber(2, MOST_BUCKETS)
    .refine((count) => Number.isInteger(Math.log2(count)), "use a power of two such as 4096")
    .default(4096),
  seed: wholeNumber(0, 2 ** 32 - 1).default(0).describe("Of the hash: `seed` in nftables' jhash."),
  algorithm: z.enum(["maglev", "rendezvous", "modulo"], "use maglev, rendezvous or modulo").default("maglev"),
  noBackend: z.enum(["reject", "last-resort"], "use reject or last-resort").default("reject").describe(
    "When no backend is live: answer host unreachable, or go on sending to the configured ones.",
  ),
  backends: list(backendSchema, "list at least one backend"),
}, "use a mapping with name, addresses and backends");

export const configSchema = z.strictObject({
  dispatcher: z.strictObject({
    interface: interfaceName.default("oneip0").describe("TAP to create, or to adopt if it exists."),
    bridge: interfaceName.optional().describe("Bridge that the TAP joins."),
    mac: mac.optional().describe("The dispatcher's own. Default: stable per machine and interface."),
    mtu: wholeNumber(576, 9000).default(1500).describe("Of the link, in octets."),
    addresses: list(cidr, "list at least one address with prefix length").describe("Next-hop addresses."),
    gateway: ipv4.optional().describe(
      "Where answers to clients off the link go. Default: back to who asked.",
    ),
    queues: z.literal(1, "use 1; several queues are not supported yet").default(1),
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
  const schema = path.includes("backends")
    ? backendSchema
    : path.includes("clusters")
    ? clusterSchema
    : path.length > 0
    ? configSchema.shape.dispatcher
    : configSchema;
  return Object.keys(schema.shape);
}

function isIpv6(input: unknown): boolean {
  return typeof input === "string" && ipaddr.IPv6.isValid(input.replace(/\/\d+$/, ""));
}

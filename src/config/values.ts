/** The kinds of values in a configuration. The error text of each is its remedy; the value becomes what it means, and back. */

import * as z from "zod";
import type { StatusRange } from "./meaning.ts";
import { formatDuration, parseDuration } from "../system/duration.ts";
import { type Cidr, formatMac, type Mac, parseCidr, parseIp, parseMac, whyNobodys } from "../wire/address.ts";
import { isGroup } from "../wire/ethernet.ts";
import { formatEndpoint, parseEndpoint } from "../wire/endpoint.ts";
import { formatPort, parsePort } from "../wire/port.ts";

/** Text that `parse` understands, undefined for what it does not. `refuse` says why a value will not do all the same. */
function parsed<T>(
  remedy: string,
  parse: (text: string) => T | undefined,
  format: (value: T) => string,
  refuse: (value: T) => string | undefined = () => undefined,
) {
  return z.codec(
    checkedText(remedy, parse, refuse),
    z.custom<T>(),
    { decode: (text) => parse(text)!, encode: format },
  );
}

function checkedText<T>(
  remedy: string,
  parse: (text: string) => T | undefined,
  refuse: (value: T) => string | undefined,
) {
  return z.string(remedy).superRefine((text, context) => {
    const value = parse(text);
    const message = value === undefined ? remedy : refuse(value);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
}

function refuseNobodys(address: string): string | undefined {
  const why = whyNobodys(address);
  return why === undefined ? undefined : `which is ${why}, use one that a machine of the link can have`;
}

/** That a machine can have, of either family. It means its canonical text. */
export const address = checkedText("use an address such as 10.0.0.11 or 2001:db8::11", parseIp, refuseNobodys)
  .overwrite((text) => parseIp(text) ?? text);

const formatCidr = ({ address, prefixLength }: Cidr) => `${address}/${prefixLength}`;

/** An address of a machine, and the prefix length of its link. */
export const addressOnLink = parsed(
  "use an address with prefix length such as 10.0.0.2/24 or 2001:db8::2/64",
  parseCidr,
  formatCidr,
  ({ address }) => refuseNobodys(address),
);

/** A network; ::/0 and 0.0.0.0/0 too. */
export const prefix = parsed(
  "use a prefix such as 192.0.2.0/24 or ::/0",
  (text) => parseCidr(text, 0),
  formatCidr,
);

const formatAnyMac = ({ high, low }: Mac) => formatMac(high, low);

export const unicastMac = parsed(
  "use a unicast MAC address such as 02:00:00:00:00:01: its first octet even, not all of it 0",
  (text) => macIf(text, ({ high, low }) => !isGroup(high) && (high !== 0 || low !== 0)),
  formatAnyMac,
);

export const groupMac = parsed(
  "use ff:ff:ff:ff:ff:ff or a multicast MAC address such as 03:bf:0a:00:00:64, its first octet odd",
  (text) => macIf(text, (mac) => isGroup(mac.high)),
  formatAnyMac,
);

function macIf(text: string, isRight: (mac: Mac) => boolean): Mac | undefined {
  const mac = parseMac(text);
  return mac !== undefined && isRight(mac) ? mac : undefined;
}

/** Of this machine. */
export const endpoint = parsed(
  "use an address and a port such as 127.0.0.1:8080 or [::1]:8080",
  parseEndpoint,
  formatEndpoint,
);

export const port = parsed("use a port such as 80/tcp", parsePort, formatPort);

/** It means milliseconds; the key's name in the Config ends in Ms. */
export function durationWithin(leastMs: number, mostMs: number, example: string) {
  return parsed(
    `use a duration from ${formatDuration(leastMs)} to ${formatDuration(mostMs)} such as ${example}`,
    (text) => durationIf(text, (ms) => ms >= leastMs && ms <= mostMs),
    formatDuration,
  );
}

/** The same, and 0 for never. */
export function durationWithinOrNever(leastMs: number, mostMs: number, example: string) {
  return parsed(
    `use 0s, or a duration from ${formatDuration(leastMs)} to ${formatDuration(mostMs)} such as ${example}`,
    (text) => durationIf(text, (ms) => ms === 0 || (ms >= leastMs && ms <= mostMs)),
    formatDuration,
  );
}

function durationIf(text: string, isRight: (ms: number) => boolean): number | undefined {
  const ms = parseDuration(text);
  return ms !== undefined && isRight(ms) ? ms : undefined;
}

/** Both limits belong to it. */
export function wholeNumber(least: number, most: number) {
  const remedy = `use a whole number from ${least} to ${most}`;
  return z.int(remedy).min(least, remedy).max(most, remedy);
}

/** 32 bits without sign in a file. It means an int32, as the hash takes it. */
export const uint32 = z.codec(wholeNumber(0, 2 ** 32 - 1), z.custom<number>(), {
  decode: (value) => value | 0,
  encode: (value) => value >>> 0,
});

export const yesOrNo = z.boolean("use true or false");

/** One of several words. */
export function choice<const Words extends readonly [string, ...string[]]>(...words: Words) {
  const [last, ...others] = words.toReversed();
  const remedy = others.length === 0
    ? `use ${last}, or leave it out`
    : `use ${others.toReversed().join(", ")} or ${last}`;
  return z.enum(words, remedy);
}

const nameRemedy = "use letters, digits, dots, dashes and underscores, 63 at most";

export const name = z.string(nameRemedy).regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, nameRemedy);

const interfaceRemedy = "use 1 to 15 characters without space, slash or colon";

export const interfaceName = z.string(interfaceRemedy).regex(/^[^\s/:]{1,15}$/, interfaceRemedy);

const userRemedy = "use a user's name such as oneip";

/** useradd(8). */
export const userName = z.string(userRemedy).regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/, userRemedy);

const fileRemedy = "use the path of a file";

export const filePath = z.string(fileRemedy).min(1, fileRemedy);

const socketRemedy =
  "use the path of a socket such as /run/bird/bird.ctl, without spaces and commas, 107 octets at most";

/** sun_path of struct sockaddr_un has room for so many, and a NUL (unix(7)). */
export const socketPath = z.string(socketRemedy).refine(
  (path) => /^\/[^\s,]+$/.test(path) && Buffer.byteLength(path) <= 107,
  socketRemedy,
);

const textRemedy = "use a text of one line, 200 characters at most";

export const text = z.string(textRemedy).regex(/^[^\r\n]{1,200}$/, textRemedy);

const wordRemedy = "use a word or a path";

/** A word of a command. */
export const word = z.string(wordRemedy).regex(/^[^\0]{1,1000}$/, wordRemedy);

const octetsRemedy = "use 1 to 512 characters from \\\\x00 to \\\\xff, each an octet";

/** Text whose characters are octets. */
// deno-lint-ignore no-control-regex
export const octets = z.string(octetsRemedy).regex(/^[\x00-\xff]{1,512}$/, octetsRemedy);

const pathRemedy = "use a path such as /healthz, without spaces";

/** RFC 9112 section 3.2.1: what stands in a request line. */
export const requestPath = z.string(pathRemedy).regex(/^\/[\x21-\x7e]{0,1000}$/, pathRemedy);

const hostRemedy = "use a host such as www.example.com or www.example.com:8080";

/** RFC 9110 section 7.2. */
export const hostHeader = z.string(hostRemedy).regex(/^[A-Za-z0-9._:[\]-]{1,255}$/, hostRemedy);

const dnsNameRemedy = "use a name such as www.example.com";

/** RFC 1035 section 2.3.1, and underscores, which some names have. */
export const dnsName = z.string(dnsNameRemedy).max(253, dnsNameRemedy)
  .regex(
    /^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?$/,
    dnsNameRemedy,
  );

const statusRemedy = "use a status such as 200 or a range such as 200-299";

/** A status of HTTP, or a range of them. A single one may be a number. */
export const statusRange = z.codec(
  z.union([z.string(), z.int()], statusRemedy).refine(
    (written) => parseStatus(written) !== undefined,
    statusRemedy,
  ),
  z.custom<StatusRange>(),
  { decode: (written) => parseStatus(written)!, encode: formatStatus },
);

function parseStatus(written: string | number): StatusRange | undefined {
  const [, first, last = first] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(String(written)) ?? [];
  const range = { from: Number(first), to: Number(last) };
  return range.from <= range.to ? range : undefined;
}

function formatStatus({ from, to }: StatusRange): string {
  return from === to ? String(from) : `${from}-${to}`;
}

/** One item, or a list of any length. It means a list. `remedy` says what one item is. */
export function oneOrMore<Item extends z.ZodType>(item: Item, remedy: string) {
  return z.union([item, z.array(item, remedy)], remedy).transform((written): z.output<Item>[] =>
    Array.isArray(written) ? written as z.output<Item>[] : [written as z.output<Item>]
  );
}

const fastPathRemedy = "use auto, on, off, or a mapping such as {attach: uplink, interface: eth1}";

/** Where the kernel is to carry out its share of the path. */
export const fastPath = z.union(
  [
    z.enum(["auto", "on", "off"], fastPathRemedy),
    z.strictObject({
      attach: z.literal("uplink", "use uplink; the TAP's place is fastPath: auto, or on").meta({
        description: "Where frames come in from the link.",
      }),
      interface: interfaceName.meta({
        description: "The uplink: behind it are the clients' router and all backends.",
      }),
    }, fastPathRemedy),
  ],
  fastPathRemedy,
);

/** A list of one item or more. `what` is such as `at least one backend`. */
export function list<Item extends z.ZodType>(item: Item, what: string) {
  return z.array(item, `list ${what}`).min(1, `list ${what}`);
}

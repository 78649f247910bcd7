/** docs/configuration.md, made from the declarations of the keys. */

import * as z from "zod";
import { takes } from "../input/schema.ts";
import { configuration } from "./config.ts";
import { EXAMPLE } from "./example.ts";
import { type DeclaredKey, itemOf, keysOf } from "./key.ts";

const INTRODUCTION = `\
# Configuration

A dispatcher is told what to do by one file. The backends' filters and agents read the same file, and so do \`oneip verify\` and
\`oneip explain\`. It is YAML, and every key is on this page.

\`\`\`sh
oneip check -c oneip.yaml
\`\`\`

says whether a file is right, and prints what would run with it: every key, those with default values too. Every mistake is reported
at once, with its place, what was found, and what would do. Nothing starts on a file that has one. A key that is not on this page is
a mistake, too.

\`\`\`
oneip.yaml:7:22: Unknown key in "clusters[0].backends[0]", found "wieght", use name, address, weight, health, backup, mtu
\`\`\`

What is legal but unwise is a *warning*: \`check\` prints it with its place, why, and what to do, and so does \`run\` at its start.
The status stays 0.

| warning | of |
| --- | --- |
| \`known-seed\` | seed 0 for a public cluster address: a client can choose its backend. Public is what is not private (RFC 1918, 6598, 3927, 4193) |
| \`whole-ipv6\` | more than 64 bits of an IPv6 client's address are hashed, though a client owns a /64 |
| \`modulo\` | the algorithm that moves most of all clients when a backend dies |
| \`plain-etcd\` | a password that goes to a member of etcd without TLS |
| \`plain-api\` | an API that other machines reach without TLS: its token can be read on the way |
| \`short-interval\` | a pair whose active one advertises more often than each 30 ms: a machine that is busy for a tenth of a second is taken for dead |
| \`on-link\` | a fleet whose cluster address is within the link's own network: machines of the link ask for it by ARP, and nobody answers |
| \`last-resort\` | a fleet whose routes are withdrawn when no backend is live, so that there is nothing left to send to a last resort |
| \`mtu\` | a way to a backend whose MTU cannot be: above the link's, or below what hosts believe |

An editor that knows JSON Schema completes and checks the file while it is written: \`oneip config schema > oneip.schema.json\`
makes the schema, and this first line of the file names it to the YAML language server:

\`\`\`yaml
# yaml-language-server: $schema=oneip.schema.json
\`\`\`
`;

const NOTATION = `\
## Every key

\`clusters[].name\` is the key \`name\` of each item in the list \`clusters\`. A duration is a whole number and its unit: \`ms\`, \`s\`
or \`m\`. An IPv6 address in a list or a mapping stands in quotes, because YAML gives a colon a meaning of its own. The path of a file
is relative to the configuration file.
`;

/** The whole page. */
export function configurationDocument(): string {
  return [
    INTRODUCTION,
    `## A whole file\n\n\`\`\`yaml\n${EXAMPLE}\`\`\`\n`,
    NOTATION,
    ...describeSection(configuration, ""),
  ].join("\n");
}

/** `described`: sections that may stand in several places, each with the first one, which tells of its keys. */
function describeSection(
  schema: z.ZodType,
  path: string,
  described = new Map<z.ZodType, string>(),
): string[] {
  return (keysOf(schema) ?? []).flatMap((key) => {
    const item = itemOf(key.schema);
    const place = path + key.name;
    const inner = item ?? key.schema;
    const before = described.get(inner);
    if (before !== undefined) return [describeKey(key, place), `Its keys are those of \`${before}\`.\n`];
    if (item !== undefined && keysOf(item) !== undefined) described.set(item, place);
    return [
      describeKey(key, place),
      ...describeSection(inner, item === undefined ? `${place}.` : `${place}[].`, described),
    ];
  });
}

function describeKey(
  { name, schema, description, examples, absent, only }: DeclaredKey,
  place: string,
): string {
  const example = examples.length === 0 ? [] : [`- example: \`${name}: ${asYaml(examples[0])}\``];
  return [
    `### \`${place}\``,
    "",
    description,
    "",
    ...(only === undefined ? [] : [`- only with ${only.key}: ${only.values.join(", ")}`]),
    `- takes: ${takes(schema)}`,
    `- default: ${defaultOf(schema, absent)}`,
    ...example,
    "",
  ].join("\n");
}

function defaultOf(schema: z.ZodType, absent: string): string {
  if (!schema.isOptional()) return "none, the key is required";
  if (!(schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)) return absent;
  const value: unknown = schema.def.defaultValue;
  if (keysOf(schema) !== undefined) return "those of its keys";
  return Array.isArray(value) && value.length === 0 ? "none" : `\`${asYaml(value)}\``;
}

/** On one line. Texts that a reader of YAML could take for something else stand in quotes. */
function asYaml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(asYaml).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value).map(([key, inner]) => `${key}: ${asYaml(inner)}`).join(", ")}}`;
  }
  return typeof value === "string" && value.includes("::") ? `"${value}"` : String(value);
}

/** What `oneip check` prints, as text for people and as data. */

import { expect, test } from "vitest";
import type * as z from "zod";
import { configuration, parseConfig } from "../../src/config/config.ts";
import { EXAMPLE } from "../../src/config/example.ts";
import { itemOf, keysOf, means } from "../../src/config/key.ts";
import { configData, writtenConfig } from "../../src/config/print.ts";

const config = parseConfig(
  EXAMPLE.replace("2718281828", "4294967295").replace(
    "verify:",
    "routes: [{prefix: 192.0.2.0/24, via: 10.0.0.9}]\n  verify:",
  ),
  "oneip.yaml",
  "machine",
);

/** The path of every declared key below a section, and of what is printed in its place. */
function paths(schema: z.ZodType, printed: unknown, path = ""): [string, unknown][] {
  const item = itemOf(schema);
  // A word stands for a list or a section that is left out.
  if (typeof printed === "string" && (item !== undefined || keysOf(schema) !== undefined)) return [];
  if (item !== undefined) return paths(item, (printed as readonly unknown[] | null)?.[0], `${path}[]`);
  const values = printed as Readonly<Record<string, unknown>>;
  return (keysOf(schema) ?? []).filter((key) => means(key, values)).flatMap(
    ({ name, schema }): [string, unknown][] => {
      const value = values[name];
      return [[`${path}.${name}`, value], ...paths(schema, value, `${path}.${name}`)];
    },
  );
}

/** What stands for values that are left out, in a section and below. */
function wordsOf(schema: z.ZodType): string[] {
  const keys = keysOf(itemOf(schema) ?? schema) ?? [];
  return keys.flatMap(({ absent, schema }) => [absent, ...wordsOf(schema)]);
}

const WORDS = new Set<unknown>(wordsOf(configuration));

test("every key that is declared is printed", () => {
  const missing = paths(configuration, writtenConfig(config)).filter(([, value]) => value === undefined);
  expect(missing).toEqual([]);
});

test("what is printed is a configuration again, and means the same", () => {
  const printed = structuredClone(writtenConfig(config));
  // Words stand for what is left out.
  const written = JSON.stringify(
    printed,
    (_, value) => WORDS.has(value) ? undefined : value,
  );
  expect(parseConfig(written, "printed.yaml", "another machine")).toEqual(config);
});

test("as data: names of the program, milliseconds, texts for addresses, null for what is left out", () => {
  const { dispatcher, clusters, api } = configData(config);
  expect(dispatcher).toMatchObject({
    vlan: null,
    mac: expect.stringMatching(/^..(:..){5}$/),
    gateways: ["10.0.0.1", "2001:db8::1"],
    routes: [{ prefix: "192.0.2.0/24", via: "10.0.0.9" }],
    announce: { count: 3, intervalMs: 1000, refreshMs: 60_000 },
  });
  expect(clusters[0]).toMatchObject({
    seed: 4294967295,
    group: "ff:ff:ff:ff:ff:ff",
    fallback: "broadcast",
    agent: { port: 4120, keyFile: "/etc/oneip/cluster.key", intervalMs: 250 },
    ports: ["80/tcp", "443/tcp", "443/udp"],
    backends: [{ mtu: 1500 }, { weight: 2 }, { mtu: 1400 }],
  });
  expect(api).toEqual({ listen: ["127.0.0.1:8080"], tokenFile: null, tls: null });
});

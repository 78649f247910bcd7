/** What a configuration file means, and how its mistakes are reported. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseConfig, parseInSteps } from "../../src/config/config.ts";
import { configJsonSchema } from "../../src/config/json_schema.ts";
import { InputError } from "../../src/input/errors.ts";
import { formatMac } from "../../src/wire/address.ts";
import { ROOT } from "../runtime.ts";
import { MISTAKES } from "./mistakes.ts";

const MINIMAL = `
dispatcher:
  addresses: [10.0.0.2/24]
clusters:
  - name: web
    addresses: [10.0.0.100]
    backends:
      - {name: web1, address: 10.0.0.11}
`.trimStart();

/** The message for a file: a line for each mistake. */
function mistakesOf(text: string): string[] {
  try {
    parseConfig(text, "oneip.yaml", "machine");
    return [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.message.split("\n");
  }
}

test("a minimal file has the defaults", () => {
  const { dispatcher, clusters } = parseConfig(MINIMAL, "oneip.yaml", "machine");
  expect(dispatcher).toMatchObject({
    interface: "oneip0",
    bridge: undefined,
    mtu: 1500,
    gateways: [],
    verify: "warn",
  });
  expect(clusters[0]).toMatchObject({
    technique: "route",
    group: { high: 0xffff, low: -1 },
    fallback: undefined,
    agent: undefined,
    buckets: 4096,
    seed: 0,
    algorithm: "maglev",
    noBackend: "reject",
    backends: [{ name: "web1", address: "10.0.0.11", weight: 1 }],
  });
});

test("the default MAC is locally administered, stable, and another one per machine and interface", () => {
  const macOf = (machine: string, name: string) => {
    const text = MINIMAL.replace("dispatcher:", `dispatcher:\n  interface: ${name}`);
    const { high, low } = parseConfig(text, "oneip.yaml", machine).dispatcher.mac;
    return formatMac(high, low);
  };
  const mac = macOf("a", "oneip0");
  expect(macOf("a", "oneip0")).toBe(mac);
  expect(new Set([mac, macOf("b", "oneip0"), macOf("a", "oneip1")]).size).toBe(3);
  expect(parseInt(mac.slice(0, 2), 16) & 3).toBe(2);
});

test("transitions have defaults, and take hours", () => {
  const of = (text: string) => parseConfig(text, "oneip.yaml", "machine").clusters[0]!.transition;
  const usual = { udp: "follow", idleMs: 300_000, mostMs: 3_600_000, connections: 16_384 };
  expect(of(MINIMAL)).toEqual(usual);
  const long = MINIMAL.replace("    backends", "    transition: {udp: stay, most: 8h}\n    backends");
  expect(of(long)).toEqual({ ...usual, udp: "stay", mostMs: 28_800_000 });
});

test("an agent has a port and an interval of its own", () => {
  const text = MINIMAL.replace(
    "    backends",
    "    technique: broadcast\n    fallback: broadcast\n    agent: {keyFile: key}\n    backends",
  );
  expect(parseConfig(text, "oneip.yaml", "machine").clusters[0]).toMatchObject({
    technique: "broadcast",
    fallback: "broadcast",
    agent: { port: 4120, keyFile: "key", intervalMs: 250 },
  });
});

test("a value has its meaning: canonical addresses, milliseconds, numbers", () => {
  const text = MINIMAL.replace(
    "  addresses: [10.0.0.2/24]",
    '  mac: 02-00-00-00-00-AB\n  gateway: "2001:DB8::0:1"\n  announce: {refresh: 2m}\n' +
      '  addresses: [10.0.0.2/24, "2001:0db8::2/64"]',
  ).replace("address: 10.0.0.11", "address: 10.0.0.11, mtu: 9000")
    .replace("    backends", "    ports: [53/udp]\n    backends");
  const { dispatcher, clusters } = parseConfig(text, "oneip.yaml", "machine");
  expect(dispatcher).toMatchObject({
    mac: { high: 0x0200, low: 0xab },
    gateways: ["2001:db8::1"],
    announce: { count: 3, intervalMs: 1000, refreshMs: 120_000 },
    addresses: [{ address: "10.0.0.2", prefixLength: 24 }, { address: "2001:db8::2", prefixLength: 64 }],
  });
  expect(clusters[0]).toMatchObject({ ports: [{ port: 53, protocol: "udp" }], backends: [{ mtu: 1500 }] });
});

test("the largest seed is taken as it stands", () => {
  const text = MINIMAL.replace("    backends", "    seed: 4294967295\n    backends");
  expect(parseConfig(text, "oneip.yaml", "machine").clusters[0]!.seed).toBe(-1);
});

test.each(["routing", "broadcast", "fleet", "etcd"])("the shipped configuration %s is right", (name) => {
  const file = join(ROOT, `netns/${name}.oneip.yaml`);
  expect(mistakesOf(readFileSync(file, "utf8"))).toEqual([]);
});

describe("a mistake is reported with its place, what was found and what would do:", () => {
  for (const { name, was, becomes, want } of MISTAKES) {
    test(name, () => {
      expect(MINIMAL).toContain(was);
      expect(mistakesOf(MINIMAL.replace(was, becomes))).toEqual([`oneip.yaml:${want}`]);
    });
  }
});

test("a link of two machines has no addresses that are nobody's", () => {
  const text = MINIMAL.replace("10.0.0.2/24", "10.0.0.10/31").replace("10.0.0.100", "192.0.2.80");
  expect(mistakesOf(text)).toEqual([]);
});

test("a small MTU is right where there is no IPv6", () => {
  expect(mistakesOf(MINIMAL.replace("dispatcher:", "dispatcher:\n  mtu: 576").replace("11}", "11, mtu: 68}")))
    .toEqual([]);
});

test("every mistake at once, in the order of the file", () => {
  const text = MINIMAL.replace("10.0.0.2/24", "10.0.0.2").replace("name: web\n", "nam: web\n").replace(
    "10.0.0.11",
    "x",
  );
  expect(mistakesOf(text).map((line) => line.split(":")[1])).toEqual(["2", "4", "4", "7"]);
});

test("an empty file, a list, plain text: one clear line each", () => {
  const remedy = "use a mapping with dispatcher and clusters";
  expect(mistakesOf("")).toEqual([`oneip.yaml:1:1: The configuration is wrong, found nothing, ${remedy}`]);
  expect(mistakesOf("[1]")).toEqual([`oneip.yaml:1:1: The configuration is wrong, found a list, ${remedy}`]);
  expect(mistakesOf("hello")).toEqual([
    `oneip.yaml:1:1: The configuration is wrong, found "hello", ${remedy}`,
  ]);
});

test("any text: a configuration or an InputError, nothing else", () => {
  const words = MINIMAL.split(/(?<=[\s,:{}\[\]-])/);
  for (let cut = 0; cut < words.length; cut++) mistakesOf(words.toSpliced(cut, 1).join(""));
  for (let cut = 0; cut < MINIMAL.length; cut++) mistakesOf(MINIMAL.slice(0, cut));
});

test("the JSON Schema knows the same keys", () => {
  const schema = configJsonSchema() as { properties: { clusters: { items: { properties: object } } } };
  expect(Object.keys(schema.properties)).toEqual(["dispatcher", "clusters", "fleet", "api"]);
  expect(Object.keys(schema.properties.clusters.items.properties)).toContain("backends");
});

test("the JSON Schema speaks of what is written, not of what it means", () => {
  const schema = configJsonSchema() as {
    properties: { dispatcher: { required: string[]; properties: Record<string, object> } };
  };
  const { required, properties } = schema.properties.dispatcher;
  expect(required).toEqual(["addresses"]);
  expect(properties["announce"]).toMatchObject({
    properties: { refresh: { type: "string", default: "60s", description: expect.any(String) } },
  });
});

test("a file with 1,000 backends is read in steps, so that who reads it can do something else in between", () => {
  const backends = Array.from(
    { length: 1000 },
    (_, index) => `      - {name: web${index}, address: 10.0.${1 + (index >> 8)}.${index & 255}}\n`,
  );
  const text = `
dispatcher: {addresses: [10.0.0.2/16]}
clusters:
  - name: web
    addresses: [10.0.0.100]
    backends:
${backends.join("")}`;
  const steps = parseInSteps(text, "oneip.yaml", "machine");
  let count = 0;
  let step = steps.next();
  for (; !step.done; count++) step = steps.next();
  expect(count).toBeGreaterThan(5);
  expect(step.value.config).toEqual(parseConfig(text, "oneip.yaml", "machine"));
});

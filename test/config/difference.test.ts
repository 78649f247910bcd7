import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { differencesOf } from "../../src/config/difference.ts";
import { configData, type Json } from "../../src/config/print.ts";

const read = (text: string) => parseConfig(text, "test", "test");
const BASE = `
dispatcher: {addresses: [10.0.0.2/24]}
clusters:
  - {name: web, addresses: [10.0.0.100], backends: [{name: web1, address: 10.0.0.11}, {name: web2, address: 10.0.0.12}]}
`;

/** As it comes back from a running dispatcher. */
const running = (text: string): Json => JSON.parse(JSON.stringify(configData(read(text))));

test("a configuration does not differ from itself, nor from one that says a default aloud", () => {
  expect(differencesOf(read(BASE), running(BASE))).toEqual([]);
  expect(differencesOf(read(BASE.replace("{addresses", "{queues: 1, addresses")), running(BASE))).toEqual([]);
});

test("each place is named where they differ, also where only one says something", () => {
  const other = BASE.replace("10.0.0.12", "10.0.0.13").replace(
    "{addresses: [10.0.0.2",
    "{vlan: 7, addresses: [10.0.0.2",
  );
  expect(differencesOf(read(BASE), running(other))).toEqual([
    "dispatcher.vlan",
    "clusters[0].backends[1].address",
  ]);
  const less = BASE.replace(", {name: web2, address: 10.0.0.12}", "");
  expect(differencesOf(read(BASE), running(less))).toContain("clusters[0].backends[1]");
});

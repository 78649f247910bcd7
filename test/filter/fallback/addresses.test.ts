import { expect, test } from "vitest";
import { parseConfig } from "../../../src/config/config.ts";
import { fallbackAddresses } from "../../../src/filter/fallback/addresses.ts";

/** What the agents of each cluster answer for; the second cluster has these keys besides. */
const answersFor = (second: string) => {
  const text = `
dispatcher: {addresses: [10.0.0.2/24, "2001:db8::2/64"]}
clusters:
  - {name: web, addresses: [10.0.0.100], fallback: broadcast, agent: {keyFile: k}, backends: [{name: web1, address: 10.0.0.11}]}
  - {name: mail, addresses: [10.0.0.101], ${second}, backends: [{name: mail1, address: 10.0.0.21}]}`;
  const config = parseConfig(text, "test.yaml", "test");
  return config.clusters.map((cluster) => fallbackAddresses(config, cluster));
};

test("the agents of one cluster answer for the dispatcher's addresses, too, when no cluster needs it", () => {
  expect(answersFor("fallback: broadcast, agent: {keyFile: k, port: 4121}")).toEqual([
    ["10.0.0.100", "10.0.0.2", "2001:db8::2"],
    ["10.0.0.101"],
  ]);
});

test("they answer only for their own when another cluster needs the dispatcher", () => {
  expect(answersFor("technique: route")).toEqual([["10.0.0.100"], ["10.0.0.101"]]);
});

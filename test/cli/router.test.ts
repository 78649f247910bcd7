/** `oneip router guide`, asked of a configuration. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { routeGuide } from "../../src/filter/router/route_guide.ts";
import { oneip } from "./oneip.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-router-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the router's guide has each cluster's technique, and the entry of those whose backends may take over", async () => {
  const file = join(folder, "oneip.yaml");
  const cluster = (name: string, line: string, last: number) =>
    `  - {name: ${name}, ${line}, addresses: [10.0.0.${last}], backends: [{name: web1, address: 10.0.0.11}]}\n`;
  writeFileSync(
    file,
    "dispatcher: {addresses: [10.0.0.2/24]}\nclusters:\n" +
      cluster("plain", "technique: route", 100) + cluster("all", "technique: broadcast", 101) +
      cluster("later", "fallback: broadcast", 102),
  );
  const guides = JSON.parse((await oneip("router", "guide", "-c", file, "--json")).stdout);
  const whose = guides.map((
    { cluster, technique }: { cluster: string; technique: string },
  ) => [cluster, technique]);
  expect(whose).toEqual([["plain", "route"], ["all", "broadcast"], ["later", "route"], [
    "later",
    "broadcast",
  ]]);
});

test("a route in each system's words, in both families", () => {
  const recipes = routeGuide(["10.0.0.100", "2001:db8::100"], ["10.0.0.2", "2001:db8::2"]);
  expect(Object.fromEntries(recipes.map(({ system, commands }) => [system, commands]))).toEqual({
    "Linux": [
      "ip route replace 10.0.0.100/32 via 10.0.0.2",
      "ip -6 route replace 2001:db8::100/128 via 2001:db8::2",
    ],
    "Cisco IOS": ["ip route 10.0.0.100 255.255.255.255 10.0.0.2", "ipv6 route 2001:db8::100/128 2001:db8::2"],
    "Juniper Junos": [
      "set routing-options static route 10.0.0.100/32 next-hop 10.0.0.2",
      "set routing-options rib inet6.0 static route 2001:db8::100/128 next-hop 2001:db8::2",
    ],
    "FreeBSD": ["route add -host 10.0.0.100 10.0.0.2", "route add -inet6 -host 2001:db8::100 2001:db8::2"],
  });
});

test("no route is invented where the dispatcher has no address of the family", () => {
  const [linux] = routeGuide(["2001:db8::100"], ["10.0.0.2"]);
  expect(linux).toMatchObject({
    commands: [],
    notes: [expect.any(String), "No route for 2001:db8::100: the dispatcher has no address of its family."],
  });
});

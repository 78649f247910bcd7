/** What BIRD and routers are to be told. That it works is seen in test/scenario/fleet.test.ts. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { birdOnDispatcher, birdOnRouter, fleetGuide, frrOnRouter } from "../../src/fleet/guide.ts";
import { ROOT } from "../runtime.ts";

const textOf = (file: string) => readFileSync(join(ROOT, "netns", file), "utf8");
const SYSTEMS = { as: 65010, routerAs: 65000 };
const CONFIG = parseConfig(textOf("fleet.oneip.yaml"), "fleet.oneip.yaml", "machine");

test("the lab's BIRD is told what the guide says", () => {
  expect(birdOnDispatcher(CONFIG, SYSTEMS)).toBe(textOf("fleet.lb.bird.conf"));
  expect(birdOnRouter(CONFIG, SYSTEMS)).toBe(textOf("fleet.router.bird.conf"));
});

test("each cluster has its protocols and prefixes, by family; a name that BIRD would not take is quoted", () => {
  const config = parseConfig(
    JSON.stringify({
      dispatcher: { interface: "oneip7", addresses: ["10.0.0.2/24"], gateway: "10.0.0.1" },
      clusters: [
        {
          name: "web.old-1",
          addresses: ["10.1.0.1", "10.1.0.2"],
          backends: [{ name: "a", address: "10.0.0.11" }],
        },
      ],
      fleet: { bird: {} },
    }),
    "f",
    "m",
  );
  const bird = birdOnDispatcher(config, { as: 64512, routerAs: 64513 });
  expect(bird).toContain(`\
protocol static 'oneip_web.old-1_ipv4' {
  ipv4;
  check link yes;
  route 10.1.0.1/32 via "oneip7";
  route 10.1.0.2/32 via "oneip7";
}`);
  expect(bird).toContain("local as 64512;\n  neighbor 10.0.0.1 as 64513;");
  expect(bird).not.toContain("ipv6");
  expect(birdOnRouter(config, SYSTEMS)).toContain("net !~ [10.1.0.1/32, 10.1.0.2/32]");
  expect(frrOnRouter(config, SYSTEMS)).toContain("ip prefix-list oneip permit 10.1.0.2/32\n");
});

test("without BIRD there are static routes alone", () => {
  const recipes = fleetGuide({ ...CONFIG, fleet: { bird: undefined, etcd: undefined } }, SYSTEMS);
  expect(recipes.map(({ system }) => system)).toEqual(["Linux router, static"]);
  expect(recipes[0]!.commands).toEqual([
    "sysctl -w net.ipv4.fib_multipath_use_neigh=1",
    "sysctl -w net.ipv4.neigh.INTERFACE.base_reachable_time_ms=1000 net.ipv4.neigh.INTERFACE.delay_first_probe_time=1",
    "ip route replace 10.1.0.100/32 nexthop via 10.0.0.21 nexthop via OTHER",
    "ip -6 route replace 2001:db8:100::100/128 nexthop via 2001:db8::21 nexthop via OTHER",
  ]);
});

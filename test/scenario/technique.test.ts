import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Lab, until } from "oneip";
import { seenFrom } from "oneip/vitest";
import { needsTap } from "../needs.ts";
import { ONEIP } from "../runtime.ts";
import { ALL, BroadcastLab, entries, survives } from "./broadcast_lab.ts";
import * as f from "../frames.ts";
import { clients, clients6, CLUSTER, CLUSTER6, expected, labUp, lastReport, withFastPath } from "./labs.ts";
import { oneipThere, printedThere } from "./oneip_there.ts";

describe.skipIf(needsTap())("between the techniques, with a dispatcher that stands by:", () => {
  let cluster: BroadcastLab;
  let lab: Lab;
  beforeAll(async () => {
    // With it the kernel has to let go of the clusters as well.
    cluster = await BroadcastLab.up("technique", (config) => withFastPath(config, "on"));
    lab = cluster.lab;
  });
  afterAll(() => lab?.down());

  const technique = (...args: string[]) => printedThere(lab.node("lb"), "technique", ...args, "--json");
  const pin = async (mac: string) => {
    for (const address of [CLUSTER, CLUSTER6]) {
      const entry = [address, "lladdr", mac, "dev", "eth2", "nud", "permanent"];
      await lab.node("router").exec("ip", "neigh", "replace", ...entry);
    }
  };

  test("the router's entry decides, and connections survive both ways", async () => {
    expect(JSON.parse(await technique())).toEqual([{ cluster: "web", technique: "broadcast" }]);
    await survives(cluster, async () => {
      expect(JSON.parse(await technique("route"))).toEqual([{ cluster: "web", technique: "route" }]);
      await pin(f.MAC.dispatcher);
    });
    await survives(cluster, () => pin(ALL));
  });

  test("without a hand on the router: the dispatcher tells it, and goes on telling it when asked", async () => {
    for (const address of [CLUSTER, CLUSTER6]) {
      await lab.node("router").exec("ip", "neigh", "del", address, "dev", "eth2");
    }
    await cluster.owners();
    await cluster.owners(clients6(4), `http://[${CLUSTER6}]/`);
    expect(await entries(lab.node("router"))).toEqual([f.MAC.dispatcher, f.MAC.dispatcher]);
    const told = (mac: string) =>
      until(
        `the router knows ${mac}`,
        async () => (await entries(lab.node("router"))).every((entry) => entry === mac),
      );
    await survives(cluster, async () => {
      await technique("broadcast");
      await told(ALL);
    });
    // Its own question is answered likewise.
    await lab.node("router").exec("ip", "neigh", "flush", "dev", "eth2");
    await cluster.owners();
    await cluster.owners(clients6(4), `http://[${CLUSTER6}]/`);
    expect(await entries(lab.node("router"))).toEqual([ALL, ALL]);
    await survives(cluster, async () => {
      await technique("route");
      await told(f.MAC.dispatcher);
    });
  });

  test("a wrong technique or cluster is refused with the remedy", async () => {
    const refused = (...args: string[]) => oneipThere(lab.node("lb"), "technique", ...args);
    expect((await refused("route", "--cluster", "wbe")).stderr).toContain(
      'There is no cluster "wbe"; use web',
    );
    expect((await refused("multicast")).status).toBe(2);
  });

  test("a dispatcher on the way sends each frame to all, and one answers", async () => {
    await technique("broadcast");
    const router = lab.node("router");
    await router.exec("ip", "route", "replace", CLUSTER, "via", "10.0.0.2");
    await router.exec("ip", "route", "replace", CLUSTER6, "via", "2001:db8::2");
    expect(await cluster.owners(clients(40))).toEqual(expected(clients(40)));
    expect(await cluster.owners(clients6(40), `http://[${CLUSTER6}]/`)).toEqual(expected(clients6(40)));
    await expect(seenFrom(lab.node("client1"), CLUSTER, { from: clients(40) })).toHaveOneOwner();
    const hops = await lab.node("client1").exec("traceroute", "-n", "-q1", "-w60", "-m3", CLUSTER);
    expect(hops).toMatch(/ 2 {2}10\.0\.0\.2 /);
    await lab.node("lb").program!.stop();
    const { broadcast, dispatched } = lastReport(lab.node("lb"));
    // A connection takes four frames of its client at least.
    expect(broadcast["web"]).toBeGreaterThanOrEqual(80 * 4);
    expect(Object.keys(dispatched)).toHaveLength(4);
  });
});

test.skipIf(needsTap())("backends without filters are not broadcast to", async () => {
  await using lab = await labUp("routing", "unready");
  const { status, stderr } = await lab.node("lb").run([...ONEIP, "technique", "broadcast"]);
  expect(status).toBe(2);
  expect(stderr).toContain('Cluster "web" is not ready for broadcast: give it "fallback: broadcast"');
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Lab, type LabNode, until } from "oneip";
import { needsTap } from "../needs.ts";
import { ONEIP } from "../runtime.ts";
import { BroadcastLab } from "./broadcast_lab.ts";
import * as f from "../frames.ts";
import {
  clients,
  clients6,
  CLUSTER,
  CLUSTER6,
  download,
  expected,
  labUp,
  sha256OfBytes,
  TEN_MB,
} from "./labs.ts";

const ALL = "ff:ff:ff:ff:ff:ff";

/** The MAC to which the router sends what is for the cluster. */
async function entries(router: LabNode): Promise<(string | undefined)[]> {
  const printed = JSON.parse(await router.exec("ip", "-j", "neigh", "show", "dev", "eth2")) as {
    dst: string;
    lladdr?: string;
  }[];
  return [CLUSTER, CLUSTER6].map((address) => printed.find(({ dst }) => dst === address)?.lladdr);
}

/** What the cluster comes to while the technique changes: eight downloads, and requests all the while. */
async function survives(cluster: BroadcastLab, change: () => Promise<void>): Promise<void> {
  const addresses = clients(40);
  let isOver = false;
  const requests = (async () => {
    const seen = [];
    while (!isOver) seen.push(await cluster.owners(addresses.slice(8)));
    return seen;
  })();
  // So slow that they last over the change, and are over soon after.
  const slow = ["--limit-rate", "4M"];
  const downloads = addresses.slice(0, 8).map((client) =>
    download(cluster.lab.node("client1"), client, ...slow)
  );
  await change();
  const sum = await sha256OfBytes(TEN_MB);
  expect(await Promise.all(downloads)).toEqual(new Array(8).fill(sum));
  isOver = true;
  for (const seen of await requests) expect(seen).toEqual(expected(addresses.slice(8)));
  const both = {
    ...await cluster.owners(addresses),
    ...await cluster.owners(clients6(40), `http://[${CLUSTER6}]/`),
  };
  expect(both).toEqual({ ...expected(addresses), ...expected(clients6(40)) });
}

describe.skipIf(needsTap())("between the techniques, with a dispatcher that stands by:", () => {
  let cluster: BroadcastLab;
  let lab: Lab;
  beforeAll(async () => {
    cluster = await BroadcastLab.up("technique");
    lab = cluster.lab;
  });
  afterAll(() => lab?.down());

  const technique = (...args: string[]) => lab.node("lb").exec(...ONEIP, "technique", ...args, "--json");
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
    const refused = (...args: string[]) => lab.node("lb").run([...ONEIP, "technique", ...args]);
    expect((await refused("route", "--cluster", "wbe")).stderr).toContain(
      'There is no cluster "wbe"; use web',
    );
    expect((await refused("multicast")).status).toBe(2);
  });
});

test.skipIf(needsTap())(
  "a dispatcher that is told to stop leaves its clients to the backends, and takes them back",
  async () => {
    const cluster = await BroadcastLab.up(
      "fallback",
      (config) => config.replace("technique: broadcast", "technique: route\n    fallback: broadcast"),
    );
    await using lab = cluster.lab;
    const [router, dispatcher] = [lab.node("router"), lab.node("lb")];
    // By itself the router asks again within seconds, and nobody would be left to answer.
    const patient = ["ipv4", "ipv6"].map((family) => `net.${family}.neigh.eth2.delay_first_probe_time=600`);
    await router.exec("sysctl", "-qw", ...patient);
    for (const address of [CLUSTER, CLUSTER6]) {
      await router.exec("ip", "neigh", "del", address, "dev", "eth2");
    }
    await cluster.owners();
    await cluster.owners(clients6(4), `http://[${CLUSTER6}]/`);
    expect(await entries(router)).toEqual([f.MAC.dispatcher, f.MAC.dispatcher]);
    await survives(cluster, async () => {
      await dispatcher.program!.stop();
      expect(await entries(router)).toEqual([ALL, ALL]);
    });
    await survives(cluster, async () => {
      await dispatcher.program!.start();
      await until(
        "the router knows",
        async () => (await entries(router)).every((mac) => mac === f.MAC.dispatcher),
      );
    });
  },
);

test.skipIf(needsTap())("backends without filters are not broadcast to", async () => {
  await using lab = await labUp("routing", "unready");
  const { status, stderr } = await lab.node("lb").run([...ONEIP, "technique", "broadcast"]);
  expect(status).toBe(2);
  expect(stderr).toContain('Cluster "web" is not ready for broadcast: give it "fallback: broadcast"');
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Lab, type LabNode, until } from "oneip";
import { runChecked } from "../../src/system/programs.ts";
import { needsTap } from "../needs.ts";
import * as f from "../frames.ts";
import { ALL, BroadcastLab, entries, serves, survives } from "./broadcast_lab.ts";
import { CLUSTER, CLUSTER6 } from "./labs.ts";

/** Answers about where an address is, by the switch's port: those that name all backends, and the dispatcher's own. */
const RULES = `
table bridge places {
  set all4 { type ifname; flags dynamic; counter; }
  set all6 { type ifname; flags dynamic; counter; }
  set own4 { type ifname; flags dynamic; counter; }
  set own6 { type ifname; flags dynamic; counter; }
  chain prerouting {
    type filter hook prerouting priority 0;
    arp operation reply arp saddr ether ${ALL} add @all4 { meta iifname }
    arp operation reply arp saddr ether ${f.MAC.dispatcher} add @own4 { meta iifname }
    icmpv6 type nd-neighbor-advert @th,208,48 0xffffffffffff @th,33,1 1 add @all6 { meta iifname }
    icmpv6 type nd-neighbor-advert @th,208,48 0x020000000002 @th,33,1 1 add @own6 { meta iifname }
  }
}`;

type Answers = Record<"all4" | "all6" | "own4" | "own6", Record<string, number>>;

/** From now on. */
async function countAnswers(lan: LabNode): Promise<void> {
  const anew = `add table bridge places\ndelete table bridge places\n${RULES}`;
  await runChecked(lan.command(["nft", "-f", "-"]), { input: anew });
}

/** How many answers have come in by each port. */
async function answers(lan: LabNode): Promise<Answers> {
  const printed = JSON.parse(await lan.exec("nft", "-j", "list", "table", "bridge", "places"));
  const { nftables } = printed as { nftables: { set?: { name: keyof Answers; elem?: Element[] } }[] };
  const sets = nftables.flatMap(({ set }) => set === undefined ? [] : [set]);
  return Object.fromEntries(sets.map(({ name, elem = [] }) => [
    name,
    Object.fromEntries(elem.map(({ elem: { val, counter } }) => [val, counter.packets])),
  ])) as Answers;
}

interface Element {
  readonly elem: { readonly val: string; readonly counter: { readonly packets: number } };
}

/**
 * A datagram to the cluster in each family, from one client; whether both were answered. TCP would not do here: its word that
 * the way works goes with the packet through a lab whose machines are one kernel, and the router would never ask.
 */
async function knock(client: LabNode): Promise<boolean> {
  const once = (to: string) => `exec 3<>/dev/udp/${to}/53; echo knock >&3; read -rt 60 -N 1 -u 3 answer`;
  const { status } = await client.run(["bash", "-ec", `${once(CLUSTER)}; ${once(CLUSTER6)}`]);
  return status === 0;
}

describe.skipIf(needsTap())("a dispatcher that leaves its clients to the backends", () => {
  let cluster: BroadcastLab;
  let lab: Lab;
  let router: LabNode;
  let dispatcher: LabNode;
  beforeAll(async () => {
    cluster = await BroadcastLab.up(
      "fallback",
      (config) => config.replace("technique: broadcast", "technique: route\n    fallback: broadcast"),
    );
    lab = cluster.lab;
    [router, dispatcher] = [lab.node("router"), lab.node("lb")];
    // It asks again and again.
    const impatient = ["ipv4", "ipv6"].flatMap((family) => [
      `net.${family}.neigh.eth2.base_reachable_time_ms=500`,
      `net.${family}.neigh.eth2.delay_first_probe_time=0`,
    ]);
    await router.exec("sysctl", "-qw", ...impatient);
    for (const address of [CLUSTER, CLUSTER6]) {
      await router.exec("ip", "neigh", "del", address, "dev", "eth2");
    }
    await serves(cluster);
    expect(await entries(router)).toEqual([f.MAC.dispatcher, f.MAC.dispatcher]);
  });
  afterAll(() => lab?.down());

  /** The router asks so many times in each family, is answered from this port only, and all the while the client is served. */
  const lasts = async (kind: "all" | "own", port: string, rounds: number) => {
    await countAnswers(lab.node("lan"));
    let unanswered = 0;
    await until(`${port} has answered ${rounds} times in each family`, async () => {
      if (!await knock(lab.node("client1"))) unanswered++;
      const seen = await answers(lab.node("lan"));
      return (["4", "6"] as const).every((family) => (seen[`${kind}${family}`][port] ?? 0) >= rounds);
    });
    const { all4, all6 } = await answers(lab.node("lan"));
    const answering = kind === "all" ? [port] : [];
    expect([Object.keys(all4), Object.keys(all6), unanswered]).toEqual([answering, answering, 0]);
  };

  test("when it is told to stop one backend answers the router from then on, and nobody notices", async () => {
    await survives(cluster, async () => {
      await dispatcher.program!.stop();
      expect(await entries(router)).toEqual([ALL, ALL]);
    });
    await lasts("all", "web1", 2);
    await serves(cluster);
    expect(await entries(router)).toEqual([ALL, ALL]);
    await cluster.says("web1", { msg: "the dispatcher is gone: answers for the cluster" });
  });

  test("when that backend's agent dies the next one answers", async () => {
    const from = cluster.lines();
    await lab.node("web1").program!.stop("SIGKILL");
    await cluster.replaced("web1", from);
    await lasts("all", "web2", 1);
    await serves(cluster, ["web1"]);
    await lab.node("web1").program!.start();
    await cluster.says("web1", { msg: "buckets", buckets: 1024 });
  });

  test("a router whose next hop is the dispatcher is answered likewise, and has it back when it returns", async () => {
    await router.exec("ip", "route", "add", CLUSTER, "via", f.IP.dispatcher);
    await router.exec("ip", "route", "add", CLUSTER6, "via", f.IP6.dispatcher);
    const nextHops = [f.IP.dispatcher, f.IP6.dispatcher];
    await serves(cluster);
    await lasts("all", "web1", 1);
    expect(await entries(router, nextHops)).toEqual([ALL, ALL]);
    await survives(cluster, async () => {
      await dispatcher.program!.start();
      await until(
        "the router knows",
        async () => (await entries(router, nextHops)).every((mac) => mac === f.MAC.dispatcher),
      );
    });
    // So that it asks everyone, not only the machine that it knows.
    for (const address of nextHops) await router.exec("ip", "neigh", "del", address, "dev", "eth2");
    await lasts("own", "lb", 2);
    expect(await entries(router, nextHops)).toEqual([f.MAC.dispatcher, f.MAC.dispatcher]);
    await cluster.says("web1", { msg: "the dispatcher is back" });
  });
});

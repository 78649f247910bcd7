import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Lab, until } from "oneip";
import { run, runChecked } from "../../src/system/programs.ts";
import { needsRoot } from "../needs.ts";
import { runTs } from "../runtime.ts";
import { BroadcastLab } from "./broadcast_lab.ts";
import { clientOf, clients, clients6, CLUSTER, CLUSTER6, expected } from "./labs.ts";

/** In the LAN: the SYNs, who answered each, and how many resets there were. A frame to the group is seen once as it comes. */
const RULES = `
table bridge answers {
  set v4 { type ipv4_addr . inet_service . ether_addr; size 65535; flags dynamic; counter; }
  set v6 { type ipv6_addr . inet_service . ether_addr; size 65535; flags dynamic; counter; }
  set broken { type ipv4_addr; flags dynamic; size 65535; }
  set syns { type ipv4_addr . inet_service; size 65535; flags dynamic; counter; }
  counter resets {}
  chain prerouting {
    type filter hook prerouting priority 0;
    ip daddr ${CLUSTER} tcp flags & (syn | ack) == syn add @syns { ip saddr . tcp sport }
  }
  chain forward {
    type filter hook forward priority 0;
    ip saddr ${CLUSTER} tcp flags & (syn | ack) == syn | ack add @v4 { ip daddr . tcp dport . ether saddr }
    ip6 saddr ${CLUSTER6} tcp flags & (syn | ack) == syn | ack add @v6 { ip6 daddr . tcp dport . ether saddr }
    tcp flags & rst == rst counter name resets
    ip saddr ${CLUSTER} tcp flags & rst == rst add @broken { ip daddr }
    ip daddr ${CLUSTER} tcp flags & rst == rst add @broken { ip saddr }
  }
}`;

interface Answers {
  /** SYN-ACKs by "client port", one entry for each backend that sent some. */
  readonly synAcks: ReadonlyMap<string, readonly number[]>;
  /** SYNs in IPv4, the same way: more than one where a client has asked again. */
  readonly syns: ReadonlyMap<string, number>;
  readonly resets: number;
  /** Clients of which a connection was reset, by either side. */
  readonly resetOf: readonly string[];
}

type Counted = {
  elem: { val: { concat: [client: string, port: number, mac?: string] }; counter: { packets: number } };
};

async function answersIn(lab: Lab): Promise<Answers> {
  const printed = await lab.node("lan").exec("nft", "-j", "list", "table", "bridge", "answers");
  const { nftables } = JSON.parse(printed) as {
    nftables: { set?: { name: string; elem?: unknown[] }; counter?: { packets: number } }[];
  };
  const elementsOf = (...names: string[]) =>
    nftables.flatMap(({ set }) => set !== undefined && names.includes(set.name) ? set.elem ?? [] : []);
  const synAcks = new Map<string, number[]>();
  for (const { elem: { val: { concat: [client, port] }, counter } } of elementsOf("v4", "v6") as Counted[]) {
    const key = `${client} ${port}`;
    synAcks.set(key, [...synAcks.get(key) ?? [], counter.packets]);
  }
  const syns = new Map(
    (elementsOf("syns") as Counted[]).map(({ elem: { val: { concat: [client, port] }, counter } }) =>
      [`${client} ${port}`, counter.packets] as const
    ),
  );
  const { packets } = nftables.find(({ counter }) => counter !== undefined)!.counter!;
  return { synAcks, syns, resets: packets, resetOf: elementsOf("broken") as string[] };
}

describe.skipIf(needsRoot())(
  "broadcast: each backend keeps its own clients, no dispatcher on the way",
  () => {
    let cluster: BroadcastLab;
    let lab: Lab;
    beforeAll(async () => {
      cluster = await BroadcastLab.up("broadcast");
      lab = cluster.lab;
      await runChecked(lab.node("lan").command(["nft", "-f", "-"]), { input: RULES });
    });
    afterAll(() => lab?.down());

    /** Its machine is there again, as after a restart. */
    async function returns(name: string): Promise<void> {
      await lab.node("lan").exec("ip", "link", "set", name, "up");
      const server = [...runTs("src/lab/server.ts"), name, CLUSTER, CLUSTER6].join(" ");
      await lab.node(name).exec("sh", "-c", `setsid ${server} >/dev/null 2>&1 &`);
      const status = `curl -s -o /dev/null --max-time 5 http://10.0.0.1${name.at(-1)}/`;
      await until(
        "the server listens",
        async () => (await lab.node("router").run(["sh", "-c", status])).status === 0,
      );
      await lab.node(name).program!.start();
    }

    test("256 clients: one SYN-ACK each, no reset, from the backend that technique route would choose", async () => {
      const addresses = clients(128);
      const addresses6 = clients6(128);
      expect(await cluster.owners(addresses)).toEqual(expected(addresses));
      expect(await cluster.owners(addresses6, `http://[${CLUSTER6}]/`)).toEqual(expected(addresses6));
      const { synAcks, syns, resets } = await answersIn(lab);
      expect([...synAcks.values()]).toEqual(new Array(256).fill([1]));
      expect(syns.size).toBe(128);
      expect(resets).toBe(0);
    });

    test("ping, too, is answered by one; and a machine on the LAN that addresses one backend is answered by that one", async () => {
      const printed = await lab.node("client1").exec(
        "ping",
        "-c2",
        "-i0.2",
        "-W60",
        "-I",
        clientOf("web2"),
        CLUSTER,
      );
      expect(printed).toContain("2 received");
      expect(printed).not.toContain("DUP");
      const mac = lab.node("web3").plan.interfaces[0]!.mac;
      const router = lab.node("router");
      await router.exec("ip", "neigh", "replace", CLUSTER, "lladdr", mac, "dev", "eth2", "nud", "permanent");
      expect(await cluster.owners(clients(8))).toEqual(
        Object.fromEntries(clients(8).map((client) => [client, "web3"])),
      );
      const all = "ff:ff:ff:ff:ff:ff";
      await router.exec("ip", "neigh", "replace", CLUSTER, "lladdr", all, "dev", "eth2", "nud", "permanent");
    });

    test("a machine dies: its clients and only they are served by others; it returns to the same ones; never two answers", async () => {
      const addresses = clients(40);
      const from = cluster.lines();
      let isOver = false;
      // Requests go on all the while, each from a port of its own; those to the dead one may fail.
      const load = (async () => {
        while (!isOver) await cluster.owners(clients(200).slice(150));
      })();

      const diedMs = Date.now();
      await lab.node("lan").exec("ip", "link", "set", "web2", "down");
      await run(["sh", "-c", `ip netns pids ${lab.node("web2").namespace} | xargs -r kill -9`]);
      await cluster.replaced("web2", from);
      const took = cluster.log("web1").findLast(({ msg }) => msg === "buckets")!;
      console.log(`replaced after ${Date.parse(String(took["time"])) - diedMs} ms`);
      const without = expected(addresses, ["web2"]);
      expect(await cluster.owners(addresses)).toEqual(without);
      const before = expected(addresses);
      for (const client of addresses) {
        if (before[client] !== "web2") {
          expect(without[client]).toBe(before[client]);
        }
      }

      const back = cluster.lines();
      await returns("web2");
      await cluster.says("web2", { msg: "buckets", buckets: 1024, waitsFor: [] });
      for (const name of ["web1", "web3", "web4"]) {
        await cluster.says(
          name,
          { msg: "buckets", buckets: 1024 },
          back.get(name),
        );
      }
      expect(await cluster.owners(addresses)).toEqual(before);
      isOver = true;
      await load;
      const { synAcks, syns, resetOf } = await answersIn(lab);
      // On a slow machine a client asks again before it has its answer, and by then another backend may be the one.
      const twice = [...synAcks].filter(([client, backends]) => backends.length > (syns.get(client) ?? 1));
      expect(twice).toEqual([]);
      // A connection does not move with its client: one that was open then is reset, and no other.
      const owner = expected(resetOf);
      expect(resetOf.filter((client) => owner[client] !== "web2")).toEqual([]);
    });
  },
);

/** Two dispatchers on the wire, and one of them with keepalived and FRR: whoever is gone, no connection is lost. What is about time is in test/vrrp. */

import { chmodSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Lab, type LabNode, type NodeWatch, until, watchFrom } from "oneip";
import { ask } from "../../src/api/client.ts";
import type { PairStatus } from "../../src/vrrp/pair.ts";
import { needsTap } from "../needs.ts";
import { ROOT } from "../runtime.ts";
import { Connections } from "./connections.ts";
import { clients, clients6, CLUSTER, labWith } from "./labs.ts";
import { printedThere } from "./oneip_there.ts";
import { Program } from "./program.ts";

/** Each with four connections, of both families: 200 in all. */
const CLIENTS = [...clients(25), ...clients6(25)];

/** Longer than people would have it: beside other tests a machine may be late by more than the other one waits at 50 ms. */
const INTERVAL = "200ms";

async function pairOf(node: LabNode): Promise<PairStatus> {
  return JSON.parse(await printedThere(node, "status", "--json")).pair;
}

/** Waits until the dispatcher has this state in both families. */
async function becomes(node: LabNode, state: "active" | "backup"): Promise<PairStatus> {
  let last: PairStatus | undefined;
  return await until(() => `it is ${state}; it is ${JSON.stringify(last)}`, async () => {
    last = await pairOf(node);
    return last.families.every((family) => family.state === state) && last;
  });
}

describe.skipIf(needsTap())("a pair", () => {
  let lab: Lab;
  let folder: string;
  let client: LabNode;
  let [one, two]: LabNode[] = [];
  let connections: Connections;
  let watched: NodeWatch;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "oneip-pair-"));
    chmodSync(folder, 0o777);
    lab = await labWith(
      "pair",
      (config) => config.replace("interval: 50ms", `interval: ${INTERVAL}`),
      "pair",
    );
    for (const name of ["lb2"]) {
      // The second one's file, too.
      const node = lab.node(name);
      const file = join(readlinkSync(`/proc/${node.program!.pid}/cwd`), node.plan.startupConfig!);
      writeFileSync(file, readFileSync(file, "utf8").replace("interval: 50ms", `interval: ${INTERVAL}`));
      await node.program!.stop();
      await node.program!.start();
    }
    client = lab.node("client1");
    [one, two] = [lab.node("lb1"), lab.node("lb2")];
    connections = new Connections(client);
    await becomes(one!, "active");
    await becomes(two!, "backup");
    watched = await watchFrom(client, `${CLUSTER}:80`, { from: clients(8) });
  });
  afterAll(async () => {
    await connections?.end();
    await lab?.down();
    rmSync(folder, { recursive: true, force: true });
  });

  const control = (node: string) => `/run/oneip/${statSync(`/run/netns/${lab.name}-${node}`).ino}.sock`;

  /** While 200 connections are in their middle this happens; they go on after it, and all come to their end. */
  async function nobodyIsCut(happens: () => Promise<void>): Promise<void> {
    expect(await connections.open(CLIENTS)).toBe(200);
    await happens();
    const all = await connections.goOn();
    expect(all.filter(({ cut }) => cut !== undefined)).toEqual([]);
    expect(all.filter(({ first, last }) => first !== undefined && first !== last), "each keeps its backend")
      .toEqual([]);
  }

  test("the active one is killed; when it returns it is a backup", async () => {
    await nobodyIsCut(async () => {
      await one!.program!.stop("SIGKILL");
      const { families } = await becomes(two!, "active");
      expect(families.map(({ why }) => why)).toEqual([
        expect.stringContaining("10.0.0.2 was not heard for"),
        expect.stringContaining("was not heard for"),
      ]);
    });
    await one!.program!.start();
    await becomes(one!, "backup");
    await becomes(two!, "active");
  });

  test("the active one is stopped", async () => {
    await nobodyIsCut(async () => {
      await two!.program!.stop();
      const { families } = await becomes(one!, "active");
      expect(families[0]!.why).toBe("10.0.0.3 stops");
    });
    await two!.program!.start();
    await becomes(two!, "backup");
  });

  test("the active one loses its link: both are active, and when they hear each other again one is", async () => {
    await nobodyIsCut(async () => {
      await one!.exec("ip", "link", "set", "eth1", "down");
      await becomes(two!, "active");
      expect((await pairOf(one!)).families.map(({ state }) => state)).toEqual(["active", "active"]);
      await one!.exec("ip", "link", "set", "eth1", "up");
      // The higher address; in IPv6 that is made from the MAC.
      await becomes(one!, "backup");
      await becomes(two!, "active");
    });
    const splits = [...(await pairOf(one!)).families, ...(await pairOf(two!)).families];
    expect(splits.reduce((sum, { splits }) => sum + splits, 0)).toBeGreaterThan(0);
    expect(one!.program!.log + two!.program!.log).toContain('"event":"pair.split"');
  });

  test("the active one stands still; when it goes on it is a backup", async () => {
    await nobodyIsCut(async () => {
      process.kill(two!.program!.pid!, "SIGSTOP");
      await becomes(one!, "active");
      process.kill(two!.program!.pid!, "SIGCONT");
      await becomes(two!, "backup");
      await becomes(one!, "active");
    });
  });

  test("a backend drains, and the active one is killed in the middle of that: who has been there stays, and so does who came since", async () => {
    const since = new Connections(client);
    try {
      await nobodyIsCut(async () => {
        await printedThere(one!, "drain", "web1");
        expect(await since.open(CLIENTS)).toBe(200);
        await until("the other one knows the connections", async () => {
          const { clusters: [web] } = await ask(control("lb1"), "counters", {});
          const { peer } = await ask(control("lb2"), "status", {});
          return peer!.connections > 0 && peer!.connections === web!.connectionsRemembered;
        });
        await one!.program!.stop("SIGKILL");
        await becomes(two!, "active");
        expect(two!.program!.log).toContain('"event":"pair.went_on"');
        const all = await since.goOn();
        expect(all.filter(({ cut }) => cut !== undefined)).toEqual([]);
        expect([...new Set(all.map(({ last }) => last))], "what came since is elsewhere").toEqual(["web2"]);
      });
      // Draining is known there, too, by whom it was decided.
      expect(await printedThere(two!, "status")).toMatch(/web1 +draining/);
      expect(await printedThere(two!, "undrain", "web1")).toContain("is up");
    } finally {
      await since.end();
    }
    await one!.program!.start();
    await becomes(one!, "backup");
    await two!.program!.stop();
    await becomes(one!, "active");
    await two!.program!.start();
    await becomes(two!, "backup");
  });

  test("both are upgraded, one after the other: who was active stays so", async () => {
    const next: Program[] = [];
    await nobodyIsCut(async () => {
      for (const node of [one!, two!]) {
        const file = join(readlinkSync(`/proc/${node.program!.pid}/cwd`), node.plan.startupConfig!);
        const program = new Program(node, join(ROOT, "scripts/oneip"), "run", "-c", file, "--takeover");
        next.push(program);
        await program.says("takeover.done");
        await until("the old one has ended", () => !node.program!.isRunning);
      }
      await becomes(one!, "active");
      await becomes(two!, "backup");
    });
    // Of all that was before, from outside.
    const { failed, reasons, answered } = await watched.stop();
    expect({ failed, reasons }).toEqual({ failed: 0, reasons: [] });
    expect(answered).toBeGreaterThan(50);
    const router = lab.node("router");
    expect(await router.exec("ip", "neighbor", "show", "10.0.0.4")).toContain("00:00:5e:00:01:33");
    expect(await router.exec("ip", "neighbor", "show", "2001:db8::4")).toContain("00:00:5e:00:02:33");
    for (const program of next) await program.end();
    await one!.program!.start();
  });

  describe.each([{ who: "keepalived" as const }, { who: "FRR" as const }])("with $who", ({ who }) => {
    let others: Program[] = [];
    beforeAll(async () => {
      await two!.exec("sh", "-c", "ip address replace 10.0.0.5/24 dev br0");
      if (who === "FRR") await two!.exec("sh", "-c", MACVLANS);
    });
    afterAll(async () => {
      for (const program of others) await program.end();
      others = [];
    });

    const start = async () => {
      const file = (name: string, text: string) => {
        writeFileSync(join(folder, name), text);
        return join(folder, name);
      };
      if (who === "keepalived") {
        const pids = ["-p", "-r", "-c"].flatMap((option, index) => [option, join(folder, `${index}.pid`)]);
        others = [
          new Program(
            two!,
            "keepalived",
            "-n",
            "-l",
            "-D",
            "-P",
            "-f",
            file("keepalived.conf", KEEPALIVED),
            ...pids,
          ),
        ];
        return await others[0]!.says("Startup complete");
      }
      const common = [
        "--vty_socket",
        folder,
        "-z",
        join(folder, "zserv.api"),
        "--log",
        "stdout",
        "--log-level",
        "info",
      ];
      const daemon = (name: string, text: string) =>
        new Program(
          two!,
          `/usr/lib/frr/${name}`,
          "-f",
          file(`${name}.conf`, text),
          "-i",
          join(folder, `${name}.pid`),
          ...common,
        );
      others = [daemon("zebra", "")];
      await until(
        "zebra listens",
        () => two!.exec("test", "-S", join(folder, "zserv.api")).then(() => true, () => false),
      );
      others.push(daemon("vrrpd", FRR));
      await until("vrrpd answers", () => show().then((text) => text.includes("Status (v6)"), () => false));
    };
    const show = () => two!.exec("vtysh", "--vty_socket", folder, "-c", "show vrrp");

    /** By its own word. */
    const isSaidToBe = async (state: "backup" | "active") => {
      if (who === "FRR") {
        const word = state === "active" ? "Master" : "Backup";
        return await until(
          `vrrpd is ${state}`,
          async () => (await show()).match(RegExp(`Status.*${word}`, "g"))?.length === 2,
        );
      }
      const word = state === "active" ? "MASTER" : "BACKUP";
      for (const family of ["v4", "v6"]) {
        const states =
          () => [...others[0]!.output.matchAll(RegExp(`\\(${family}\\) Entering (\\w+) STATE`, "g"))];
        await until(
          () => `keepalived is ${state}; it said:\n${others[0]!.output}`,
          () => states().at(-1)?.[1] === word,
        );
      }
    };

    test("it is a backup while we are active, and takes over when we stop; then we are a backup, and take over when it stops", async () => {
      await becomes(one!, "active");
      await start();
      await isSaidToBe("backup");
      const before = (await becomes(one!, "active")).families;
      expect(before.map(({ splits }) => splits)).toEqual([0, 0]);
      await one!.program!.stop();
      await isSaidToBe("active");
      await one!.program!.start();
      const { families } = await becomes(one!, "backup");
      await until("it is heard", async () => (await pairOf(one!)).families.every(({ heard }) => heard > 3));
      expect(families.map(({ state }) => state)).toEqual(["backup", "backup"]);
      expect((await pairOf(one!)).families[0]!.other).toEqual({ address: "10.0.0.5", priority: 100 });
      for (const program of others.toReversed()) await program.end();
      await becomes(one!, "active");
    });
  });
});

const MACVLANS = `
  for family in 4 6; do ip link add vr$family link br0 type macvlan mode bridge; done
  ip link set vr4 address 00:00:5e:00:01:33
  ip link set vr6 address 00:00:5e:00:02:33 addrgenmode random
  ip address add 10.0.0.4/24 dev vr4
  ip address add 2001:db8::4/64 dev vr6
  ip link set vr4 up
  ip link set vr6 up
`;

const FRR = `interface br0
 vrrp 51 version 3
 vrrp 51 priority 100
 vrrp 51 advertisement-interval 200
 no vrrp 51 preempt
 vrrp 51 ip 10.0.0.4
 vrrp 51 ipv6 2001:db8::4
`;

const KEEPALIVED = `global_defs {
  vrrp_version 3
}
${
  [["v4", "10.0.0.4/24"], ["v6", "fe80::200:5eff:fe00:233\n    2001:db8::4/64"]].map(([name, addresses]) =>
    `vrrp_instance ${name} {
  state BACKUP
  nopreempt
  interface br0
  virtual_router_id 51
  priority 100
  advert_int 0.2
  use_vmac k${name}
  virtual_ipaddress {
    ${addresses}
  }
}
`
  ).join("")
}`;

import { readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Lab, type LabNode, request, until } from "oneip";
import { runChecked } from "../../src/system/programs.ts";
import { needsTap } from "../needs.ts";
import { runTs } from "../runtime.ts";
import * as f from "../frames.ts";
import {
  clientOf,
  clients,
  CLUSTER,
  download,
  expected,
  labWith,
  lastReport,
  logged,
  sha256OfBytes,
  TEN_MB,
  withFastPath,
} from "./labs.ts";
import { printedThere } from "./oneip_there.ts";

const URL_OF_CLUSTER = `http://${CLUSTER}/`;

/** MAC of a node's interface. */
function macOf(lab: Lab, node: string): string {
  return lab.node(node).plan.interfaces[0]!.mac;
}

/** At the dispatcher: web4's answers about its MAC come through only when a ping is on its way into the TAP. */
const GATE = `
add table bridge gate
delete table bridge gate
table bridge gate {
  set open { type ifname; flags dynamic; size 8; }
  counter given {}
  chain forward {
    type filter hook forward priority 0;
    oifname "oneip0" ip daddr ${CLUSTER} icmp type echo-request counter name given add @open { meta oifname }
    arp operation reply arp saddr ip 10.0.0.14 meta oifname != @open drop
  }
}`;

/** In the LAN: this client's pings on their way to web4, and web4's replies. */
function countersOf(client: string): string {
  return `
add table bridge pings
delete table bridge pings
table bridge pings {
  counter requests {}
  counter replies {}
  chain forward {
    type filter hook forward priority 0;
    iifname "lb" oifname "web4" ip saddr ${client} icmp type echo-request counter name requests
    iifname "web4" ip daddr ${client} icmp type echo-reply counter name replies
  }
}`;
}

async function packets(node: LabNode, table: string, counter: string): Promise<number> {
  const printed = await node.exec("nft", "list", "counter", "bridge", table, counter);
  return Number(/packets (\d+)/.exec(printed)![1]);
}

describe.skipIf(needsTap())("backends that come and go", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await labWith("failover", (config) => withFastPath(config));
  });
  afterAll(() => lab?.down());

  /** Who answers each client now. */
  const owners = async (addresses: readonly string[]) => {
    const answers = await request(lab.node("client1"), addresses, URL_OF_CLUSTER);
    return Object.fromEntries(answers.map(({ client, backend }) => [client, backend]));
  };

  test("one unplugged under load: only its clients move, nobody else notices, and they come back", async () => {
    const addresses = clients(40);
    const dispatcher = lab.node("lb");
    expect(await owners(addresses)).toEqual(expected(addresses));
    const load = ["web1", "web3", "web4"].map((backend) =>
      download(lab.node("client1"), clientOf(backend), "--limit-rate", "2M")
    );

    await lab.node("lan").exec("ip", "link", "set", "web2", "down");
    await logged(dispatcher, '"event":"backend.down"', "10.0.0.12");
    const down = await logged(dispatcher, '"from":"web2"', "map.changed");
    const { moved } = JSON.parse(dispatcher.program!.log.split("\n")[down - 1]!);
    expect(moved, "its 1024 buckets and no other").toBe(1024);
    const without = expected(addresses, ["web2"]);
    expect(await owners(addresses)).toEqual(without);
    const before = expected(addresses);
    for (const client of addresses) {
      if (before[client] !== "web2") expect(without[client]).toBe(before[client]);
    }

    await lab.node("lan").exec("ip", "link", "set", "web2", "up");
    await logged(dispatcher, '"to":"web2"', "map.changed", down);
    expect(await owners(addresses)).toEqual(before);
    expect(await Promise.all(load)).toEqual(new Array(3).fill(await sha256OfBytes(TEN_MB)));
  });

  test("one drained by command: its clients go elsewhere at once and nobody else notices; undrained they are back", async () => {
    const addresses = clients(40);
    const oneip = (...args: string[]) => printedThere(lab.node("lb"), ...args);
    expect(await oneip("drain", "web3")).toBe("web/web3 is draining: by command; weight 1, 0 buckets\n");
    expect(await owners(addresses)).toEqual(expected(addresses, ["web3"]));
    const { clusters: [cluster] } = JSON.parse(await oneip("status", "--json"));
    expect(cluster).toMatchObject({
      name: "web",
      live: 3,
      backends: { length: 4, 2: { state: "draining" } },
    });
    expect(await oneip("status")).toMatch(/^web\/web3 +draining .* 0\.0 % .*\n +by command$/m);
    expect(await oneip("undrain", "web/web3")).toContain(
      "is up: it answers for its address; weight 1, 1024 buckets",
    );
    expect(await owners(addresses)).toEqual(expected(addresses));
    expect(await oneip("weight", "web3", "0")).toContain("is draining: its weight is 0; weight 0, 0 buckets");
    expect(await oneip("weight", "web3", "1")).toContain("weight 1, 1024 buckets");
    await expect(oneip("drain", "wbe3")).rejects.toThrow('There is no backend "wbe3"; use web3 or');
  });

  test("reload: another file takes effect under load without a lost frame, and a wrong one changes nothing", async () => {
    const addresses = clients(40);
    const dispatcher = lab.node("lb");
    const oneip = (...args: string[]) => printedThere(dispatcher, ...args);
    const file = join(readlinkSync(`/proc/${dispatcher.program!.pid}/cwd`), "routing.oneip.yaml");
    const text = readFileSync(file, "utf8");
    const client = clientOf("web1");
    const [pings, load] = [
      lab.node("client1").run(["ping", "-q", "-i0.002", "-c2000", "-I", client, CLUSTER]),
      download(lab.node("client1"), client, "--limit-rate", "2M"),
    ];
    const without = text.replace(/^.*name: web4.*\n/m, "");
    for (let turn = 0; turn < 3; turn++) {
      writeFileSync(file, without);
      expect(await oneip("reload")).toMatch(
        /^cluster web, backend web4: taken away\n\ncluster web: \d\d\.\d % of its clients/,
      );
      expect(Object.values(await owners(addresses))).not.toContain("web4");
      writeFileSync(file, text);
      expect(await oneip("reload")).toContain(
        "cluster web, backend web4: added, with address 10.0.0.14, weight 1",
      );
      await until(
        "web4 has its clients again",
        async () => Object.values(await owners(addresses)).includes("web4"),
      );
    }
    writeFileSync(file, text.replace("web4", "web3"));
    await expect(oneip("reload")).rejects.toThrow("use another name");
    expect(await owners(addresses)).toEqual(expected(addresses));
    writeFileSync(file, text);
    expect(await load).toBe(await sha256OfBytes(TEN_MB));
    expect((await pings).stdout).toContain("2000 packets transmitted, 2000 received");
  });

  test("a backend whose MAC changes is followed", async () => {
    const client = clientOf("web1");
    const lines = lab.node("lb").program!.log.split("\n").length - 1;
    await lab.node("web1").exec("ip", "link", "set", "eth1", "address", "02:1a:b0:00:06:99");
    await until("web1 answers again", async () => (await owners([client]))[client] === "web1");
    const line = await logged(lab.node("lb"), "neighbor answers", "10.0.0.11", lines);
    expect(lab.node("lb").program!.log.split("\n")[line - 1]).toContain("02:1a:b0:00:06:99");
    await lab.node("web1").exec("ip", "link", "set", "eth1", "address", macOf(lab, "web1"));
    await until("web1 answers again", async () => (await owners([client]))[client] === "web1");
  });

  test("a machine that shouts that it has a backend's address moves nothing", async () => {
    const rogue = "02:66:66:66:66:66";
    const claim = (target: { targetMac: string; targetIp: string }, dst: string) => {
      const packet = f.arp({ operation: 2, senderMac: rogue, senderIp: "10.0.0.13", ...target });
      return f.ethernet(packet, { src: rogue, dst, type: f.ETHERTYPE.arp });
    };
    const frames = [
      claim({ targetMac: f.MAC.dispatcher, targetIp: "10.0.0.2" }, f.MAC.dispatcher),
      claim({ targetMac: f.MAC.broadcast, targetIp: "10.0.0.13" }, f.MAC.broadcast),
    ];
    const client = clientOf("web3");
    const lines = lab.node("lb").program!.log.split("\n").length - 1;
    const shouting = lab.node("lan").run([...runTs("test/scenario/inject.ts"), "--repeat", "3500"], {
      input: frames.map((frame) => Buffer.from(frame).toString("hex")).join("\n"),
    });
    // Over three of the dispatcher's own questions, each a chance for the wrong answer.
    let rounds = 0;
    for (let ended = false; !ended; rounds++) {
      ended = await Promise.race([
        shouting.then(() => true),
        owners([client]).then((owner) => {
          expect(owner).toEqual({ [client]: "web3" });
          return false;
        }),
      ]);
    }
    const { stdout, stderr } = await shouting;
    expect(Number(stdout), stderr).toBeGreaterThan(100);
    expect(rounds).toBeGreaterThan(5);
    expect(lab.node("lb").program!.log.split("\n").slice(lines).join("")).not.toContain(rogue);
  });

  test("the first packet is not lost while the backend's MAC is unknown", async () => {
    const dispatcher = lab.node("lb").program!;
    const client = clientOf("web4");
    const [lb, lan, router] = [lab.node("lb"), lab.node("lan"), lab.node("router")];
    const neighbor = ["10.0.0.2", "dev", "eth2"];
    await router.exec("ip", "neigh", "replace", ...neighbor, "lladdr", f.MAC.dispatcher, "nud", "permanent");
    // A machine may be so busy that the dispatcher gives web4 up before it reads the first packet: then once more.
    const last = await until("a packet came before the backend's MAC was known", async () => {
      await dispatcher.stop();
      await runChecked(lb.command(["nft", "-f", "-"]), { input: GATE });
      await runChecked(lan.command(["nft", "-f", "-"]), { input: countersOf(client) });
      const stopPings = new AbortController();
      const pings = lab.node("client1").run(["ping", "-q", "-i0.05", "-I", client, CLUSTER], {
        signal: stopPings.signal,
      }).catch(() => {});
      await dispatcher.start();
      await logged(lb, '"msg":"neighbor answers"', "10.0.0.14");
      stopPings.abort();
      await pings;
      // What is on its way when the TAP goes would be lost.
      await until("each ping has come to web4, or the dispatcher has given web4 up", async () => {
        if (dispatcher.log.includes("neighbor does not answer")) return true;
        const given = await packets(lb, "gate", "given");
        return given > 0 && given === await packets(lan, "pings", "requests");
      });
      await dispatcher.stop();
      return !dispatcher.log.includes("neighbor does not answer") && lastReport(lb);
    }, 150_000);
    const { pending = 0 } = last.verdicts;
    expect(pending).toBeGreaterThan(0);
    expect(last.kept).toEqual({ sent: pending, dropped: 0 });
    // What else was kept, such as the end of an earlier connection, is no ping.
    const given = await packets(lb, "gate", "given");
    expect(await packets(lan, "pings", "requests")).toBe(given);
    await until("as many are answered", async () => await packets(lan, "pings", "replies") >= given);
    await lb.exec("nft", "delete", "table", "bridge", "gate");
    await router.exec("ip", "neigh", "del", ...neighbor);
    await dispatcher.start();
  });

  test("no backend live: host unreachable, at once", async () => {
    const lines = lab.node("lb").program!.log.split("\n").length - 1;
    for (const name of ["web1", "web2", "web3", "web4"]) {
      await lab.node("lan").exec("ip", "link", "set", name, "down");
    }
    for (const address of [11, 12, 13, 14]) {
      await logged(lab.node("lb"), '"event":"backend.down"', `10.0.0.${address}`, lines);
    }
    await logged(lab.node("lb"), '"to":null', "map.changed", lines);
    // It is said when it is decided; until the workers follow, pings go to the dead. With a deadline ping goes on until one is answered.
    const { stdout } = await lab.node("client1").run(["ping", "-c1", "-i0.2", "-w60", CLUSTER]);
    expect(stdout).toMatch(/From 10\.0\.0\.2 icmp_seq=\d+ Destination Host Unreachable/);
    const { stderr, status } = await lab.node("client1").run([
      "curl",
      "-sS",
      "--max-time",
      "60",
      URL_OF_CLUSTER,
    ]);
    expect(status).toBe(7);
    expect(stderr).toMatch(/Couldn't connect|No route to host|Failed to connect/);
  });
});

/** A fleet behind equal-cost routes: three dispatchers with BIRD, a fourth to be added, and as the router BIRD, FRR and GoBGP. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { explain, Lab, type LabNode, parseConfig, request, until } from "oneip";
import { fleetGuide, frrOnRouter } from "../../src/fleet/guide.ts";
import { folderOf } from "../../src/lab/record.ts";
import { runChecked } from "../../src/system/programs.ts";
import { needsTap } from "../needs.ts";
import { ROOT } from "../runtime.ts";
import { Connections } from "./connections.ts";
import { clients, clients6 } from "./labs.ts";
import { CLUSTER, CLUSTER6, NextHops } from "./next_hops.ts";
import { oneipThere, printedThere } from "./oneip_there.ts";

const SYSTEMS = { as: 65010, routerAs: 65000 };
/** Each with four connections: 300 in all. */
const CLIENTS = [...clients(40), ...clients6(35)];

const CONFIG = parseConfig(
  readFileSync(join(ROOT, "netns/fleet.oneip.yaml"), "utf8"),
  "fleet.oneip.yaml",
  "test",
);
const EXPECTED = Object.fromEntries(
  explain(CONFIG, CLIENTS, []).map(({ client, backend }) => [client, backend]),
);

/** A daemon of a node, in the foreground. */
function daemon(node: LabNode, ...words: readonly string[]): ChildProcess {
  const [command = "", ...args] = node.command(words);
  return spawn(command, args, { stdio: ["ignore", "ignore", "inherit"] });
}

async function ended(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill(signal);
  await exit;
}

/** Each client meets its backend, whichever dispatcher carries it. */
async function expectBackends(client: LabNode, some: readonly string[] = CLIENTS): Promise<void> {
  const of = (family: boolean) => some.filter((one) => one.includes(":") === family);
  const answers = [
    ...await request(client, of(false), `http://${CLUSTER}/`),
    ...await request(client, of(true), `http://[${CLUSTER6}]/`),
  ];
  expect(Object.fromEntries(answers.map(({ client, backend }) => [client, backend]))).toEqual(
    Object.fromEntries(some.map((one) => [one, EXPECTED[one]])),
  );
}

describe.skipIf(needsTap())("a fleet", () => {
  let lab: Lab;
  let client: LabNode;
  let router: LabNode;
  let connections: Connections;
  let hops: NextHops;
  let fourth: ChildProcess;
  const lb = (number: number) => lab.node(`lb${number}`);
  const fileOf = (name: string) => join(folderOf(lab.name), name);
  const pidIn = (name: string) => Number(readFileSync(fileOf(name), "utf8"));
  const runBird = (node: LabNode, name: string, config: string) =>
    node.exec("bird", "-c", config, "-s", fileOf(`${name}.ctl`), "-P", fileOf(`${name}.bird.pid`));
  const says = (number: number, text: string) =>
    until(
      () => `lb${number} says ${text}; it said:\n${lb(number).program!.log}`,
      () => lb(number).program!.log.includes(text),
    );

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "oneip-fleet-"));
    cpSync(join(ROOT, "netns"), folder, { recursive: true });
    const change = (file: string, was: string, becomes: string) => {
      const text = readFileSync(join(folder, file), "utf8");
      expect(text).toContain(was);
      writeFileSync(join(folder, file), text.replaceAll(was, becomes));
    };
    // Only a hang takes so long, also on a busy machine.
    for (const file of ["fleet.lb.bird.conf", "fleet.router.bird.conf"]) {
      change(file, "interval 300 ms", "interval 10 s");
    }
    change("fleet.oneip.yaml", "bird.ctl}", "bird.ctl, drain: 300ms}");
    lab = await Lab.up(join(folder, "fleet.yaml"), { name: `t${process.pid}-fleet` });
    [client, router] = [lab.node("client1"), lab.node("router")];
    await client.exec("sysctl", "-qw", "net.ipv4.tcp_rmem=4096 131072 262144");
    hops = new NextHops(router);
    await hops.are("1 2 3");
    connections = new Connections(client, CLUSTER, CLUSTER6);
  });
  afterAll(async () => {
    hops?.end();
    await connections?.end();
    if (fourth !== undefined) await ended(fourth, "SIGKILL");
    await lab?.down();
  });

  test("one is killed, one comes, one is withdrawn, all get a new configuration: of 300 connections none is lost", async () => {
    expect(await connections.open(CLIENTS)).toBe(300);
    await expectBackends(client);

    await lb(1).program!.stop("SIGKILL");
    await hops.are("2 3");
    await expectBackends(client);

    const [command = "", ...args] = lb(4).oneip(["run", "-c", fileOf("lb4.oneip.yaml")]);
    fourth = spawn(command, args, { stdio: "ignore" });
    await hops.are("2 3 4");
    await expectBackends(client);

    const drained = await printedThere(lb(2), "fleet", "drain");
    expect(drained).toMatch(/web +leaving +0 s +by command/);
    await hops.are("3 4");
    await expectBackends(client);
    await printedThere(lb(2), "fleet", "undrain");
    await hops.are("2 3 4");

    // The one that was killed comes with another configuration, and then the others get it.
    for (const number of [1, 2, 3]) {
      const file = fileOf(`lb${number}.oneip.yaml`);
      writeFileSync(file, readFileSync(file, "utf8").replace("    ports:", "    closed: drop\n    ports:"));
    }
    await lb(1).program!.start();
    await hops.are("1 2 3 4");
    await ended(fourth);
    for (const number of [2, 3]) {
      const others = [1, 2, 3].filter((one) => one !== number);
      await hops.are("1 2 3");
      const stopped = lb(number).program!.stop();
      await hops.are(others.join(" "));
      await stopped;
      expect(lb(number).program!.log).toMatch(/route\.leaving[^]*route\.withdrawn/);
      await lb(number).program!.start();
    }
    await hops.are("1 2 3");

    const all = await connections.goOn();
    expect(all.filter(({ cut }) => cut !== undefined)).toEqual([]);
    expect(all.filter(({ client, first, last }) => last !== EXPECTED[client] || (first ?? last) !== last))
      .toEqual([]);
    await expectBackends(client);
  });

  test("none is in another's way: no conflict, and the verification finds what is wrong with a backend and nothing else", async () => {
    for (const number of [1, 2, 3]) {
      await says(number, "verified, no fault found");
      expect(lb(number).program!.log).not.toContain("claims an address");
    }
    await lab.node("web1").exec("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=0");
    const { stdout } = await oneipThere(lb(1), "verify", "-c", fileOf("lb1.oneip.yaml"), "--json");
    const { faults } = JSON.parse(stdout) as { faults: { id: string; backend: string }[] };
    await lab.node("web1").exec("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1");
    expect(faults.map(({ id, backend }) => [id, backend])).toEqual([[
      "arp-ignore",
      "web1",
    ]]);
  });

  test("BIRD is gone: the others carry on, it is told, and set again when BIRD is back", async () => {
    process.kill(pidIn("lb3.bird.pid"), "SIGKILL");
    await hops.are("1 2");
    await says(3, '"event":"bird.lost"');
    await expectBackends(client);
    await runBird(lb(3), "lb3", fileOf("lb3.lb.bird.conf"));
    await hops.are("1 2 3");
    await says(3, '"event":"bird.back"');
  });

  test("a router withdraws everything: connections that live so long go on when it is back", async () => {
    expect(await connections.open(CLIENTS.slice(35, 45))).toBe(40);
    process.kill(pidIn("router.bird.pid"), "SIGTERM");
    await hops.are("");
    await says(1, '"event":"bird.unheard"');
    await runBird(router, "router", join(ROOT, "netns/fleet.router.bird.conf"));
    await hops.are("1 2 3");
    await says(1, '"event":"bird.heard"');
    expect((await connections.goOn()).filter(({ cut }) => cut !== undefined)).toEqual([]);
  });

  test("FRR as the router: the same guide's words, the same behaviour", async () => {
    process.kill(pidIn("router.bird.pid"), "SIGTERM");
    await hops.are("");
    const folder = mkdtempSync(join(tmpdir(), "oneip-frr-"));
    const config = join(folder, "frr.conf");
    writeFileSync(config, frrOnRouter(CONFIG, SYSTEMS));
    await runChecked(["chown", "-R", "frr:frr", folder]);
    const daemons: ChildProcess[] = [];
    for (const name of ["zebra", "bfdd", "bgpd"]) {
      const own = [
        "--vty_socket",
        folder,
        "-i",
        join(folder, `${name}.pid`),
        "-z",
        join(folder, "zserv"),
        "-f",
        config,
      ];
      daemons.push(daemon(router, `/usr/lib/frr/${name}`, ...own));
      await until(
        `${name} runs`,
        async () => (await router.run(["test", "-S", join(folder, `${name}.vty`)])).status === 0,
      );
    }
    try {
      await hops.are("1 2 3");
      await expectBackends(client, CLIENTS.slice(30, 50));
      await printedThere(lb(2), "fleet", "drain");
      await hops.are("1 3");
      await printedThere(lb(2), "fleet", "undrain");
      await hops.are("1 2 3");
      await lb(3).program!.stop("SIGKILL");
      await hops.are("1 2");
    } finally {
      for (const one of daemons) await ended(one);
    }
  });

  test("static routes: a dispatcher that is dead leaves by ARP", async () => {
    const [recipe] = fleetGuide({ ...CONFIG, fleet: { bird: undefined, etcd: undefined } }, SYSTEMS);
    const script = recipe!.commands.filter((line) => !line.startsWith("ip -6")).join("\n")
      .replaceAll("INTERFACE", "eth2").replace(
        "nexthop via OTHER",
        "nexthop via 10.0.0.22 nexthop via 10.0.0.23",
      );
    // What it knows of the dead one is older than these settings.
    await router.exec("sh", "-ec", `${script}\nip neigh flush dev eth2`);
    // Those who were on their way to the dead one try again, and so does the router now and then.
    await until("all clients are served", async () => {
      const answers = await request(client, clients(40), `http://${CLUSTER}/`);
      return answers.every(({ client, backend }) => backend === EXPECTED[client]);
    });
    expect(await router.exec("ip", "neigh", "show", "10.0.0.23")).toMatch(/FAILED|INCOMPLETE/);
    await router.exec("ip", "route", "del", `${CLUSTER}/32`);
  });

  test("GoBGP as the router hears the same: announced, leaving, withdrawn", async () => {
    const folder = mkdtempSync(join(tmpdir(), "oneip-gobgp-"));
    const [config, socket] = [join(folder, "gobgp.toml"), `unix:${join(folder, "gobgp.sock")}`];
    const families = ["ipv4-unicast", "ipv6-unicast"].map((name) =>
      `[[peer-groups.afi-safis]]\n[peer-groups.afi-safis.config]\nafi-safi-name = "${name}"\n`
    );
    writeFileSync(
      config,
      `[global.config]\nas = 65000\nrouter-id = "10.0.0.1"\n[[peer-groups]]\n[peer-groups.config]\npeer-group-name = "oneip"\n` +
        `peer-as = 65010\n${
          families.join("")
        }[[dynamic-neighbors]]\n[dynamic-neighbors.config]\nprefix = "10.0.0.0/24"\npeer-group = "oneip"\n`,
    );
    const gobgpd = daemon(
      router,
      "gobgpd",
      "-f",
      config,
      "--api-hosts",
      socket.replace("unix:", "unix://"),
      "-l",
      "error",
    );
    /** Next hops and communities; GRACEFUL_SHUTDOWN is 65535:0. */
    const heard = async () => {
      const { stdout } = await router.run(["gobgp", "--target", socket, "-j", "global", "rib", "-a", "ipv4"]);
      const table = JSON.parse(stdout || "{}") as Record<string, { attrs?: Record<string, unknown>[] }[]>;
      return Object.values(table).flat().map(({ attrs = [] }) => {
        const of = (name: string) =>
          attrs.map((attribute) => attribute[name]).find((value) => value !== undefined);
        return `${of("nexthop")} ${of("communities") ?? ""}`.trim();
      }).sort().join(", ");
    };
    let found = "";
    const hears = (what: string) =>
      until(() => `GoBGP hears ${what}, found ${found}`, async () => (found = await heard()) === what);
    try {
      await hears("10.0.0.21, 10.0.0.22");
      await printedThere(lb(2), "fleet", "drain");
      await hears("10.0.0.21, 10.0.0.22 4294901760");
      await printedThere(lb(2), "fleet", "drain", "--now");
      await hears("10.0.0.21");
      await printedThere(lb(2), "fleet", "undrain");
      await hears("10.0.0.21, 10.0.0.22");
    } finally {
      await ended(gobgpd);
    }
  });
});

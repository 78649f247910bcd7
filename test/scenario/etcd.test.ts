/** Three dispatchers and three members of etcd: whatever becomes of etcd, forwarding goes on, and all have one map again when it is back. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Lab, until } from "oneip";
import { ask } from "../../src/api/client.ts";
import type { Probed } from "../../src/watch/tally.ts";
import { needsTap } from "../needs.ts";
import { ROOT } from "../runtime.ts";
import { clients, labUp } from "./labs.ts";
import { oneipThere } from "./oneip_there.ts";

const DISPATCHERS = ["d1", "d2", "d3"];
const NUMBERS = [1, 2, 3];
const ENDPOINTS = NUMBERS.map((n) => `http://10.0.0.3${n}:2379`);

describe.skipIf(needsTap())("one view, by etcd", () => {
  let lab: Lab;
  let folder: string;
  let watch: ChildProcess;
  let watched = "";
  /** While a server is dead, by the clock, requests to it fail. What the watch prints of them may come later. */
  const dead = { fromMs: Infinity, toMs: -Infinity };
  const file = (name = "d1") => join(folder, `${name}.oneip.yaml`);
  const socketOf = (name: string) => `/run/oneip/${statSync(`/run/netns/${lab.name}-${name}`).ino}.sock`;
  const status = (name: string) => ask(socketOf(name), "status", {});
  const etcdOf = async (name: string) => (await status(name)).etcd!;
  const serving = async (name: string) =>
    (await status(name)).clusters[0]!.backends.filter(({ buckets }) => buckets > 0).map(({ name }) => name);
  const etcdctl = (...args: readonly string[]) =>
    lab.node("client").exec("etcdctl", `--endpoints=${ENDPOINTS.join(",")}`, ...args);

  /** All three are so. */
  const all = (what: string, is: (name: string) => Promise<boolean>) =>
    until(what, async () => (await Promise.all(DISPATCHERS.map(is))).every(Boolean));
  const allAgree = () =>
    all("all three agree", async (name) => {
      const { alone, dispatchers } = await etcdOf(name);
      return !alone && dispatchers.length === 3;
    });
  const oneMap = async () => {
    const owners = await Promise.all(
      DISPATCHERS.map(async (name) =>
        JSON.stringify((await ask(socketOf(name), "buckets", { cluster: "web" })).owners)
      ),
    );
    expect(new Set(owners).size).toBe(1);
  };

  const kill = (n: number) =>
    process.kill(Number(readFileSync(join(folder, `etcd${n}.pid`), "utf8")), "SIGKILL");
  const start = (n: number) => {
    const [command = "", ...args] = lab.node(`d${n}`).command([
      "sh",
      join(ROOT, "netns/etcd.sh"),
      String(n),
      folder,
    ]);
    spawn(command, args, { stdio: "ignore", detached: true }).unref();
  };

  /** While another one is elected, or on a busy machine, etcd answers late: then people say it again. */
  const sayThere = (name: string, ...words: readonly string[]) =>
    until(`"${words.join(" ")}" is done`, async () => {
      const { status, stdout, stderr } = await oneipThere(lab.node(name), ...words);
      if (status === 0) return stdout;
      if (/has not answered|cannot be reached|answers: etcdserver/.test(stderr)) return false;
      throw new Error(stderr);
    });

  const push = async (change: (text: string) => string) => {
    writeFileSync(file(), change(readFileSync(file(), "utf8")));
    return JSON.parse(await sayThere("d1", "config", "push", "-c", file(), "--json")).revision as number;
  };
  const allUse = (revision: number) =>
    all(
      `all three use revision ${revision}`,
      async (name) => (await etcdOf(name)).revision === revision,
    );

  beforeAll(async () => {
    lab = await labUp("etcd", "etcd");
    folder = `/run/oneip/lab/${lab.name}`;
    await allAgree();
    const client = lab.node("client");
    const words = ["watch", "http://10.1.0.100/", "--interval", "20ms", "--json", "--from", ...clients(40)];
    const [command = "", ...args] = client.command(client.oneip(words));
    watch = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    watch.stdout!.on("data", (octets: Buffer) => {
      watched += octets.toString();
    });
    await until("requests are answered", () => watched.includes('"backend":"web3"'));
  });
  afterAll(async () => {
    await lab?.down();
  });

  test("what is pushed is run by all, and what is no configuration by none, and is named", async () => {
    const revision = await push((text) => text);
    await allUse(revision);
    await etcdctl("put", "/oneip/configuration", "clusters: [{name: web, adresses: []}]");
    await all("all three refuse it", async (name) => (await etcdOf(name)).refused !== null);
    expect((await etcdOf("d2")).revision).toBe(revision);
    expect(lab.node("d2").program!.log).toMatch(
      /"event":"configuration.refused","revision":\d+,"reason":"etcd's revision \d+:1:12: \\"clusters\[0\]\.addresses\\" is missing/,
    );
    const { status, stderr } = await oneipThere(
      lab.node("d1"),
      "config",
      "push",
      "-c",
      file(),
      "--over",
      "1",
    );
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/^oneip: Revision \d+ is there, not 1: somebody else/),
    ]);
    await allUse(await push((text) => text.replace("web1, address", "web1, weight: 2, address")));
    await oneMap();
    expect(await sayThere("d1", "config", "history", "-c", file())).toMatch(/in use\s*$/);
  });

  test("a drain on one is a drain on all", async () => {
    await sayThere("d1", "drain", "web2");
    await all("web2 is drained", async (name) => !(await serving(name)).includes("web2"));
    await oneMap();
    await sayThere("d3", "undrain", "web2");
    await all("web2 serves", async (name) => (await serving(name)).includes("web2"));
  });

  test("the leader is killed, 1,000 events come at once, a lease ends, and history is compacted: they agree on", async () => {
    const members = JSON.parse(await etcdctl("endpoint", "status", "-w", "json")) as {
      readonly Status: { readonly header: { readonly member_id: number }; readonly leader: number };
    }[];
    const leader = 1 + members.findIndex(({ Status: { header, leader } }) => header.member_id === leader);
    kill(leader);
    const puts = Array.from({ length: 500 }, (_, n) => `put /oneip/other/${n} ${n}`).join("\n");
    const others = ENDPOINTS.filter((_, index) => index + 1 !== leader).join(",");
    const there = (line: string) => lab.node("client").exec("sh", "-c", line);
    // A transaction of etcdctl: compares, then, otherwise, each ended by an empty line. 100 operations are the most that one has.
    const transaction = (from: number) => `\n${puts.split("\n").slice(from, from + 100).join("\n")}\n\n\n`;
    writeFileSync(join(folder, "txn"), "");
    for (let from = 0; from < 500; from += 100) writeFileSync(join(folder, `txn${from}`), transaction(from));
    const ctl = `etcdctl --endpoints=${others}`;
    await until("another leads", () => there(`${ctl} put /oneip/other/x 1`).then(() => true, () => false));
    await there(
      `for n in 0 100 200 300 400; do ${ctl} txn <${folder}/txn$n & ${ctl} txn <${folder}/txn$n & done; wait`,
    );
    const [lease = ""] = /[0-9a-f]{16}/.exec(await there(`${ctl} lease list`)) ?? [];
    await there(`${ctl} lease revoke ${lease}`);
    const [, revision = ""] = /"revision":(\d+)/.exec(await there(`${ctl} get x -w json`)) ?? [];
    await there(`${ctl} compaction ${revision}`);
    start(leader);
    await allAgree();
    await oneMap();
    await allUse(await push((text) => text.replace("weight: 2", "weight: 3")));
  });

  test("without a quorum each goes by its own probes, and says so; then all have one map again", async () => {
    kill(1);
    kill(2);
    await all("all three are alone", async (name) => (await etcdOf(name)).alone);
    expect(await serving("d1")).toEqual(["web1", "web2", "web3"]);
    dead.fromMs = Date.now();
    await lab.node("web3").program!.stop("SIGKILL");
    await all("web3 is down for all", async (name) => !(await serving(name)).includes("web3"));
    await lab.node("web3").program!.start();
    await all("web3 is up for all", async (name) => (await serving(name)).includes("web3"));
    dead.toMs = Date.now();
    const { stderr } = await oneipThere(lab.node("d1"), "drain", "web1");
    expect(stderr).toMatch(
      /^oneip: It must be written down in etcd for all dispatchers, and was not, so nothing was changed/,
    );
    start(1);
    start(2);
    await allAgree();
    await oneMap();
  });

  test("restarted from an older copy, etcd takes nothing back; a push says what is to hold", async () => {
    const copy = join(folder, "copy");
    await lab.node("client").exec("etcdctl", `--endpoints=${ENDPOINTS[0]}`, "snapshot", "save", copy);
    const revision = await push((text) => text.replace("weight: 3", "weight: 4"));
    await allUse(revision);
    NUMBERS.forEach(kill);
    for (const n of NUMBERS) {
      const folderOf = join(folder, `etcd${n}`);
      await lab.node("client").exec("rm", "-r", folderOf);
      const cluster = NUMBERS.map((n) => `d${n}=http://10.0.0.3${n}:2380`).join(",");
      await lab.node("client").exec(
        ...["etcdctl", "snapshot", "restore", copy, "--data-dir", folderOf, "--name", `d${n}`],
        ...["--initial-cluster", cluster, "--initial-advertise-peer-urls", `http://10.0.0.3${n}:2380`],
      );
    }
    NUMBERS.forEach(start);
    await all(
      "all three say that it is behind",
      (name) => Promise.resolve(lab.node(name).program!.log.includes('"event":"fleet.behind"')),
    );
    expect((await etcdOf("d3")).revision).toBe(revision);
    expect((await status("d3")).clusters[0]!.backends[0]!.weight).toBe(4);
    const next = await push((text) => text.replace("weight: 4", "weight: 5"));
    await allUse(next);
    await allAgree();
    await oneMap();
  });

  test("all the while no request was lost", async () => {
    watch.kill("SIGINT");
    await once(watch, "exit");
    const lines = watched.trim().split("\n");
    const summary = JSON.parse(lines.at(-1)!);
    const wasDead = ({ at, ms }: Probed) => Date.parse(at) + ms >= dead.fromMs && Date.parse(at) <= dead.toMs;
    const failures = lines.filter((line) => /^\{"at".*"failure":"/.test(line))
      .map((line) => JSON.parse(line) as Probed);
    expect(failures.filter((probed) => !wasDead(probed))).toEqual([]);
    expect(summary.sent).toBeGreaterThan(500);
    expect(summary.pause.ms).toBeLessThan(1000 + summary.lateMs);
    expect(existsSync(file())).toBe(true);
  });
});

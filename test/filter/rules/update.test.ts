import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { explain, Lab, type LabNode, parseConfig, until } from "oneip";
import { ownedBuckets } from "../../../src/filter/rules/ownership.ts";
import { filterTable, ownershipCommands } from "../../../src/filter/rules/rules.ts";
import { run, runChecked } from "../../../src/system/programs.ts";
import { needsTap } from "../../needs.ts";
import { ONEIP, ROOT, runTs } from "../../runtime.ts";

const FILE = join(ROOT, "netns/broadcast.oneip.yaml");
const CONFIG = parseConfig(readFileSync(FILE, "utf8"), FILE, "test");
const CLUSTER = CONFIG.clusters[0]!;
const NAMES = ["web1", "web2", "web3", "web4"];
const THREE = NAMES.slice(0, 3);

const TOPOLOGY = `
name: update
topology:
  nodes:
    lan: {kind: bridge}
${
  NAMES.map((name, index) => `    ${name}: {exec: [ip address add 10.0.0.1${index + 1}/24 dev eth1]}`).join(
    "\n",
  )
}
  links:
${NAMES.map((name) => `    - endpoints: ["${name}:eth1", "lan:${name}"]`).join("\n")}
`;

/** Behind the filter: every frame that it lets in, by client and identification. */
const OBSERVER = `
table inet observer {
  set taken { typeof ip saddr . ip id; size 1048576; flags dynamic; }
  chain prerouting {
    type filter hook prerouting priority -290;
    ip daddr 10.0.0.100 meta pkttype host add @taken { ip saddr . ip id } drop
  }
}
`;

const folder = mkdtempSync(join(tmpdir(), "oneip-update-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(needsTap())("filters of four backends", () => {
  let lab: Lab;
  beforeAll(async () => {
    writeFileSync(join(folder, "update.yaml"), TOPOLOGY);
    lab = await Lab.up(join(folder, "update.yaml"), { name: `t${process.pid}-update` });
    // The kernel may let a port wait for a second before it forwards.
    for (const [index, from] of [...NAMES.keys()].map((index) => [index, NAMES.at(index - 1)!] as const)) {
      const ping = ["ping", "-c1", "-W1", `10.0.0.1${index + 1}`];
      await until("the bridge forwards", async () => (await lab.node(from).run(ping)).status === 0);
    }
  });
  afterAll(() => lab?.down());

  const nft = (node: LabNode, input: string) => runChecked(node.command(["nft", "-f", "-"]), { input });
  const owned = (name: string, live: readonly string[]) =>
    ownedBuckets(CLUSTER, name, (one) => live.includes(one));
  const each = (commands: (name: string) => string) =>
    Promise.all(NAMES.map((name) => nft(lab.node(name), commands(name))));

  /** What got through each backend's filter. */
  async function taken(name: string): Promise<Set<string>> {
    const listed = await lab.node(name).exec("nft", "list", "set", "inet", "observer", "taken");
    return new Set([...listed.matchAll(/(\d+\.[\d.]+) \. (\w+)/g)].map(([element]) => element));
  }

  test("a live set that changes under load: never two owners, and none of those who keep theirs loses a frame", async () => {
    await each((name) => OBSERVER + filterTable(CLUSTER, name, owned(name, NAMES)));
    const [program = "", ...args] = lab.node("lan").command(runTs("test/filter/rules/update_probe.ts"));
    const load = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    let printed = "";
    load.stdout.setEncoding("utf8").on("data", (text: string) => printed += text);
    await until("frames are on their way", () => printed.includes("on the way"));
    const ended = new Promise((resolve) => load.once("close", resolve));

    let [from, to] = [NAMES, THREE];
    for (let change = 0; change < 6; change++) {
      await each((name) => ownershipCommands(CLUSTER.name, owned(name, from).and(owned(name, to))));
      await each((name) => ownershipCommands(CLUSTER.name, owned(name, to)));
      // The same rules once more, whole: nothing must be lost by that either.
      await each((name) => filterTable(CLUSTER, name, owned(name, to)));
      [from, to] = [to, from];
    }
    load.stdin.end();
    await ended;

    const sent = Number(printed.trim().split("\n").at(-1));
    const sets = await Promise.all(NAMES.map(taken));
    const owners = new Map<string, number>();
    for (const set of sets) for (const frame of set) owners.set(frame, (owners.get(frame) ?? 0) + 1);
    expect(sent).toBeGreaterThan(1000);
    expect([...owners].filter(([, count]) => count > 1), "taken by two").toEqual([]);
    // Clients of web1..web3 never change hands here; every frame of theirs must have got through.
    const clients = Array.from({ length: 1000 }, (_, index) => `198.${18 + (index >>> 8)}.${index & 255}.1`);
    const kept = explain(CONFIG, clients, []).filter(({ backend }) => backend !== "web4");
    const rounds = (index: number) => Math.floor(sent / 1000) + (index < sent % 1000 ? 1 : 0);
    const seen = new Map<string, number>();
    for (const frame of owners.keys()) {
      const client = frame.split(" ")[0]!;
      seen.set(client, (seen.get(client) ?? 0) + 1);
    }
    const lost = kept.filter(({ client }) => seen.get(client) !== rounds(clients.indexOf(client)));
    expect(lost).toEqual([]);
  });

  test("what the command prints can be piped to nft, again and again; update changes nothing but the buckets", async () => {
    const oneip = (...words: string[]) =>
      run([...ONEIP, "filter", ...words, "-c", FILE, "--backend", "web1"]);
    const web1 = lab.node("web1");
    const listed = () => web1.exec("nft", "-s", "list", "table", "inet", "oneip-filter-web");
    const rules = await oneip("rules");
    await nft(web1, rules.stdout);
    const first = await listed();
    await nft(web1, rules.stdout);
    expect(await listed()).toBe(first);

    const live = ["--live", THREE.join(",")];
    await nft(web1, (await oneip("update", ...live, "--print")).stdout);
    const second = await listed();
    expect(second).not.toBe(first);
    await nft(web1, (await oneip("rules", ...live)).stdout);
    expect(await listed()).toBe(second);
    // Own buckets are kept when another goes: letting go first leaves what it had.
    await nft(web1, (await oneip("update", ...live, "--was", NAMES.join(","), "--print")).stdout);
    expect(await listed()).toBe(first);
  });

  test("apply, update and remove on the backend itself", async () => {
    const oneip = (...words: string[]) => lab.node("web2").run([...ONEIP, "filter", ...words]);
    const target = ["-c", FILE, "--backend", "web2"];
    await oneip("remove");
    const early = await oneip("update", ...target, "--live", "web1,web2");
    expect(early.status).toBe(1);
    expect(early.stderr).toContain(
      'There is no filter for cluster web here to update; run "oneip filter apply" first',
    );
    expect((await oneip("apply", ...target)).stdout)
      .toBe("oneip-filter-web: applied, backend web2 takes 1024 buckets of cluster web\n");
    expect(JSON.parse((await oneip("update", ...target, "--live", "web1,web2", "--json")).stdout)).toEqual([{
      cluster: "web",
      table: "oneip-filter-web",
      backend: "web2",
      live: ["web1", "web2"],
      buckets: owned("web2", ["web1", "web2"]).size,
    }]);
    expect((await oneip("remove")).stdout).toBe("Removed oneip-filter-web\n");
    expect(JSON.parse((await oneip("remove", "--json")).stdout)).toEqual([]);
  });
});

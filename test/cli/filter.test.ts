import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ROOT } from "../runtime.ts";
import { oneip } from "./oneip.ts";

const CONFIG = join(ROOT, "netns/broadcast.oneip.yaml");
const ROUTE = join(ROOT, "netns/routing.oneip.yaml");

const folder = mkdtempSync(join(tmpdir(), "oneip-filter-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A configuration for an agent. Nothing that is judged here needs the addresses to be this machine's. */
function agentConfig(agent: string): string {
  const file = join(folder, `${agent.replaceAll(/\W/g, "")}.yaml`);
  writeFileSync(
    file,
    "dispatcher: {addresses: [10.0.0.9/24]}\nclusters:\n  - name: web\n    addresses: [10.0.0.100]\n" +
      `    technique: broadcast\n    ${agent}\n` +
      "    backends:\n      - {name: here, address: 10.0.0.1}\n      - {name: there, address: 10.0.0.2}\n",
  );
  return file;
}
writeFileSync(join(folder, "short.key"), "too short\n");
writeFileSync(join(folder, "cluster.key"), "sixteen characters or more\n");

test("--help of every command has an example", async () => {
  const commands = [["filter", "rules"], ["filter", "apply"], ["filter", "update"], ["filter", "remove"]];
  for (const command of [...commands, ["filter", "agent"], ["router", "guide"]]) {
    const { status, stdout } = await oneip(...command, "--help");
    expect(status).toBe(0);
    expect(stdout, command.join(" ")).toMatch(/Examples?:\n {2}oneip /);
  }
});

describe("wrong usage ends with status 2 and says what is wrong:", () => {
  const agent = (file: string, backend: string) => ["filter", "agent", "-c", file, "--backend", backend];
  const cases = [
    { args: ["filter", "rules", "-c", CONFIG], want: "required option '--backend <name>' not specified" },
    {
      args: ["filter", "rules", "-c", CONFIG, "--backend", "web9"],
      want: 'There is no backend "web9" in a cluster that has a filter; there are web1, web2, web3, web4',
    },
    {
      args: ["filter", "rules", "-c", CONFIG, "--backend", "web1", "--live", "web1,web7"],
      want: 'There is no backend "web7"',
    },
    { args: ["filter", "rules", "-c", ROUTE, "--backend", "web1"], want: "No cluster has a filter" },
    {
      args: agent(agentConfig("group: ff:ff:ff:ff:ff:ff"), "here"),
      want: 'Cluster "web" has no agent; add "agent:',
    },
    {
      args: agent(agentConfig("agent: {keyFile: none.key}"), "here"),
      want: 'none.key" (ENOENT); make one with',
    },
    {
      args: agent(agentConfig("agent: {keyFile: short.key}"), "here"),
      want: "has 9 characters, 16 or more are needed",
    },
    {
      args: agent(CONFIG, "web1"),
      want: 'This machine has no interface with 10.0.0.11, the address of backend "web1"',
    },
    {
      args: [...agent(agentConfig("agent: {keyFile: cluster.key}"), "here"), "--cluster", "mail"],
      want: 'Backend "here" is in no cluster "mail"',
    },
    { args: ["router", "guide"], want: "Give either --config FILE or --cluster ADDRESS..." },
    {
      args: ["router", "guide", "--cluster", "10.0.0.100", "--group", "02:00:00:00:00:01"],
      want: '"02:00:00:00:00:01" reaches one machine at most',
    },
  ];
  for (const { args, want } of cases) {
    test(args.join(" ").replaceAll(folder, "").replaceAll(ROOT, ""), async () => {
      const { status, stdout, stderr } = await oneip(...args);
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr).toContain(want);
    });
  }
});

test("the router's guide: an entry for each address and system, and what is not confirmed says so", async () => {
  const { stdout } = await oneip("router", "guide", "-c", CONFIG);
  expect(stdout).toContain(
    "ip neigh replace 10.0.0.100 lladdr ff:ff:ff:ff:ff:ff dev INTERFACE nud permanent",
  );
  expect(stdout).toContain(
    "ip -6 neigh replace 2001:db8::100 lladdr ff:ff:ff:ff:ff:ff dev INTERFACE nud permanent",
  );
  expect(stdout).toContain("# Linux\n");
  for (const system of ["Cisco IOS", "Juniper Junos", "FreeBSD"]) {
    expect(stdout).toContain(`# ${system} (unconfirmed`);
  }
  const group = "03:bf:0a:00:00:64";
  const [guide] = JSON.parse(
    (await oneip("router", "guide", "--cluster", "10.0.0.100", "--group", group, "--json")).stdout,
  );
  expect(guide).toMatchObject({ cluster: null, addresses: ["10.0.0.100"], group });
  expect(
    guide.recipes.map((
      { system, isConfirmed }: { system: string; isConfirmed: boolean },
    ) => [system, isConfirmed]),
  )
    .toEqual([["Linux", true], ["Cisco IOS", false], ["Juniper Junos", false], ["FreeBSD", false]]);
  expect(guide.recipes[1].commands).toEqual(["arp 10.0.0.100 03bf.0a00.0064 arpa"]);
});

test("rules as JSON: the buckets of all backends are a partition", async () => {
  const owned = await Promise.all(["web1", "web2", "web3", "web4"].map(async (backend) => {
    const [filter] = JSON.parse(
      (await oneip("filter", "rules", "-c", CONFIG, "--backend", backend, "--json")).stdout,
    );
    expect(filter).toMatchObject({ cluster: "web", table: "oneip-filter-web", backend, buckets: 1024 });
    return filter.intervals.flatMap(([first, last]: [number, number]) =>
      Array.from({ length: last - first + 1 }, (_, index) => first + index)
    ) as number[];
  }));
  expect(owned.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 4096 }, (_, bucket) => bucket));
});

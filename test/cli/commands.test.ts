/** The command line as a person calls it. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { until } from "oneip";
import { run } from "../../src/system/programs.ts";
import { needsRoot, needsTap } from "../needs.ts";
import { ONEIP, ROOT, RUNTIME } from "../runtime.ts";
import { oneip } from "./oneip.ts";

const CONFIG = join(ROOT, "netns/routing.oneip.yaml");

const folder = mkdtempSync(join(tmpdir(), "oneip-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A configuration file with this text. */
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const BAD = file("bad.yaml", "dispatcher:\n  addresses: [10.0.0.2]\nclusters: []\n");

const BARE_TABLE = file(
  "routes.txt",
  "Destination Gateway Flags\ndefault 10.0.0.1 UG\n10.0.0.0/24 10.0.0.100 U\n",
);
const BY_HAND = ["verify", "--cluster", "10.0.0.100", "--address", "10.0.0.2/24"];

test("the suite runs on the runtime that it was started for", () => {
  expect(RUNTIME).toBe(process.env["ONEIP_TEST_RUNTIME"] ?? RUNTIME);
});

test("--help prints how a command is used, with an example", async () => {
  for (const command of [[], ["check"], ["config", "schema"], ["backend"], ["backend", "check"]]) {
    const { status, stdout } = await oneip(...command, "--help");
    expect(status).toBe(0);
    expect(stdout, command.join(" ")).toMatch(/^Usage: oneip [^]*Examples?:\n {2}oneip /);
  }
});

describe("wrong usage ends with status 2 and says what is wrong:", () => {
  const cases = [
    { args: ["nonsense"], want: "unknown command 'nonsense'" },
    { args: ["check"], want: "required option '-c, --config <file>' not specified" },
    {
      args: ["check", "-c", "nowhere.yaml"],
      want: 'Cannot read the configuration "nowhere.yaml": there is no such file',
    },
    {
      args: ["prove", "-c", "netns"],
      want: 'Cannot read the configuration "netns": it is a folder; give the file',
    },
    { args: ["check", "-c", BAD], want: `${BAD}:2:15: "dispatcher.addresses[0]" is wrong, found "10.0.0.2"` },
    { args: ["run", "-c", BAD], want: `${BAD}:3:11: "clusters" is wrong, found an empty list` },
    { args: ["explain", "1.2.3", "-c", CONFIG], want: '"1.2.3" is no address' },
    {
      args: ["explain", "1.2.3.4", "-c", CONFIG, "--down", "web9"],
      want: 'There is no backend "web9"; the configuration has',
    },
    {
      args: ["explain", "--down", "web1", "web2", "1.2.3.4", "-c", CONFIG],
      want:
        '"web2" is no address; it is a backend; give several to --down with commas, such as --down web1,web2',
    },
    { args: ["backend", "check"], want: "Name them with --cluster, or a configuration with -c" },
    { args: ["backend", "check", "--cluster", "10.0.0"], want: '"10.0.0" is no address' },
    { args: ["backend", "check", "--cluster", "10.0.0.100", "--port", "http"], want: '"http" is no port' },
    { args: ["backend", "check", "--routes", "nowhere"], want: 'Cannot read the routing table "nowhere"' },
    { args: ["backend", "check", "--routes", BAD], want: `"${BAD}" holds no routing table` },
    { args: ["backend", "check", "--routes", BARE_TABLE], want: "say it with --os" },
    { args: ["backend", "guide"], want: "required option '--os <system>' not specified" },
    {
      args: ["backend", "setup", "--cluster", "10.0.0.100", "--persist", "magic"],
      want: "Allowed choices are",
    },
    {
      args: ["course", "start", "9"],
      want: 'There is no such exercise, found "9", use a number from 1 to 6',
    },
    { args: ["verify"], want: "What is to be verified? Name a configuration with -c" },
    { args: ["verify", "-c", CONFIG, "--cluster", "10.0.0.100"], want: "give either -c, or --cluster" },
    { args: [...BY_HAND, "--backend", "10.0.0.11"], want: '"10.0.0.11" is no backend; use NAME=ADDRESS' },
    {
      args: [...BY_HAND, "--backend", "a=10.0.1.11"],
      want: "The backend is not on the link, found 10.0.1.11",
    },
    { args: ["lab", "up", "nowhere"], want: 'There is no topology "nowhere"' },
  ];
  for (const { args, want } of cases) {
    test(args.join(" ").replaceAll(folder, ""), async () => {
      const { status, stdout, stderr } = await oneip(...args);
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr).toContain(want);
    });
  }
});

test.skipIf(needsRoot())("a lab that is not up", async () => {
  expect(await oneip("lab", "exec", "nowhere", "a", "true")).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('No lab "nowhere" is up'),
  });
});

test("check prints what would run", async () => {
  const { status, stdout } = await oneip("check", "-c", CONFIG);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^dispatcher\n {2}interface +oneip0\n {2}bridge +br0\n {2}mac +02:00:00:00:00:02\n/);
  expect(stdout).toMatch(/^ {2}announce +count 3, interval 1s, refresh 1m$/m);
  expect(stdout).toMatch(/^cluster web\n {2}addresses +10\.0\.0\.100, 2001:db8::100\n/m);
  expect(stdout).toMatch(/^ {2}ports +all$/m);
  expect(stdout).toMatch(/web3 +10\.0\.0\.13 +1 +the cluster's +false +1500 +1024/);
  expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  const json = JSON.parse((await oneip("check", "-c", CONFIG, "--json")).stdout);
  expect(json.dispatcher).toMatchObject({
    vlan: null,
    addresses: ["10.0.0.2/24", "2001:db8::2/64"],
    gateways: ["10.0.0.1", "2001:db8::1"],
    announce: { count: 3, intervalMs: 1000, refreshMs: 60_000 },
  });
  expect(json.clusters[0]).toMatchObject({
    name: "web",
    fallback: null,
    agent: null,
    ports: null,
    technique: "route",
    buckets: 4096,
    seed: 0,
    algorithm: "maglev",
  });
  expect(json.clusters[0].backends[0]).toEqual({
    name: "web1",
    address: "10.0.0.11",
    weight: 1,
    backup: false,
    mtu: 1500,
    health: null,
    buckets: 1024,
  });
});

test("explain says where clients go, and where they would go", async () => {
  const rows = JSON.parse((await oneip("explain", "10.0.0.1", "192.0.2.1", "-c", CONFIG, "--json")).stdout);
  expect(rows).toEqual([
    {
      client: "10.0.0.1",
      cluster: "web",
      hash: "0x2fa5f781",
      bucket: 762,
      backend: expect.stringMatching(/^web[1-4]$/),
    },
    {
      client: "192.0.2.1",
      cluster: "web",
      hash: "0xb3bcb8d1",
      bucket: 2875,
      backend: expect.stringMatching(/^web[1-4]$/),
    },
  ]);
  const { backend } = rows[0];
  const down = await oneip("explain", "10.0.0.1", "-c", CONFIG, "--json", "--down", backend);
  expect(JSON.parse(down.stdout)[0].backend).not.toBe(backend);
  const all = await oneip("explain", "10.0.0.1", "-c", CONFIG, "--down", "web1,web2,web3,web4");
  expect(all.stdout).toMatch(/10\.0\.0\.1 +web +0x2fa5f781 +762 +none/);
});

test("an option with a value may stand before the arguments", async () => {
  const after = await oneip("explain", "10.0.0.1", "-c", CONFIG, "--down", "web2");
  expect(await oneip("explain", "--down", "web2", "10.0.0.1", "-c", CONFIG)).toEqual(after);
  expect(after.status).toBe(0);
});

test("a configuration is read from standard input, or another file that is open already", async () => {
  const want = await oneip("explain", "10.0.0.1", "-c", CONFIG);
  const input = readFileSync(CONFIG, "utf8");
  expect(await run([...ONEIP, "explain", "10.0.0.1", "-c", "-"], { cwd: ROOT, input })).toEqual(want);
  const open = openSync(CONFIG, "r");
  expect(await oneip("explain", "10.0.0.1", "-c", `/dev/fd/${open}`)).toEqual(want);
  closeSync(open);
});

test("a mistake in what comes from standard input has its place there", async () => {
  const bad = await run([...ONEIP, "check", "-c", "/dev/stdin"], { cwd: ROOT, input: "clusters: []" });
  expect(bad.stderr).toContain(`/dev/stdin:1:11: "clusters" is wrong, found an empty list`);
});

test("check warns of what is legal but unwise, with its place, and says that all is well", async () => {
  const path = file(
    "unwise.yaml",
    "dispatcher: {addresses: [10.0.0.2/24]}\nclusters:\n  - name: web\n    addresses: [203.0.113.80]\n" +
      "    algorithm: modulo\n    backends: [{name: web1, address: 10.0.0.11}]\n",
  );
  const { status, stdout } = await oneip("check", "-c", path);
  expect(status).toBe(0);
  expect(stdout).toContain(
    `\n\nmodulo  clusters[0].algorithm\n  where  ${path}:5:16\n  found  cluster web has the algorithm modulo\n`,
  );
  const { warnings } = JSON.parse((await oneip("check", "-c", path, "--json")).stdout);
  expect(warnings.map(({ id, line }: { id: string; line: number }) => [id, line])).toEqual([
    ["known-seed", 3],
    ["modulo", 5],
  ]);
});

test("config seed makes another seed each time, which a configuration takes", async () => {
  const [one, other] = await Promise.all([oneip("config", "seed"), oneip("config", "seed")]);
  expect(one.stdout).not.toBe(other.stdout);
  const seed = Number(one.stdout);
  expect(Number.isInteger(seed) && seed > 0 && seed < 2 ** 32, one.stdout).toBe(true);
});

test("config schema is a JSON Schema", async () => {
  const schema = JSON.parse((await oneip("config", "schema")).stdout);
  expect(schema).toMatchObject({
    title: "oneip configuration",
    type: "object",
    required: ["dispatcher", "clusters"],
  });
});

test("completions for bash, zsh and fish, and what they offer", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { status, stdout } = await oneip("completions", shell);
    expect(status, shell).toBe(0);
    expect(stdout).toContain("oneip");
  }
  expect((await oneip("complete", "--", "ex")).stdout).toContain("explain");
  expect((await run(["bash", "-n"], { input: (await oneip("completions", "bash")).stdout })).status).toBe(0);
});

test("lab graph draws a topology", async () => {
  expect((await oneip("lab", "graph", "routing", "--format", "mermaid")).stdout).toContain("lb{{lb}}");
  expect((await oneip("lab", "graph", "netns/edge.yaml", "--format", "dot")).stdout).toContain(
    '"edge" [shape=hexagon label="edge"]',
  );
  expect((await oneip("lab", "graph", "pair")).stdout).toMatch(/^client1 ──── wan .* lan ─┼── lb2$/m);
  expect((await oneip("lab", "graph", "pair", "--format", "svg")).stdout).toMatch(/^<svg [^]*<\/svg>\n$/);
});

test("lab validate tells every mistake of a topology, or of its dispatchers, with its place", async () => {
  const mistakes = file(
    "mistakes.yaml",
    "name: Two\ntopology:\n  nodes: {a: {cpu: 1}}\n  links: [{endpoints: [a:eth1, b:eth1]}]\n",
  );
  expect(await oneip("lab", "validate", mistakes)).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(
      /^\S+:1:7: "name" is wrong.*\n\S+:3:15: This key of containerlab.*"cpu".*\n\S+:4:32: There is no such node.*\n$/,
    ),
  });
  const dispatchers = file(
    "dispatchers.yaml",
    "name: two\ntopology:\n  nodes:\n    a: {kind: oneip, startup-config: bad.yaml}\n    b: {kind: oneip, startup-config: no.yaml}\n",
  );
  const { stderr } = await oneip("lab", "validate", dispatchers);
  expect(stderr).toContain(`${BAD}:2:15: "dispatcher.addresses[0]" is wrong`);
  expect(stderr).toContain(`${dispatchers}:5:38: There is no such file, found "no.yaml"`);
  expect(await oneip("lab", "validate", "routing")).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("routing.yaml is right: 10 nodes, 9 links"),
  });
});

test.skipIf(needsTap())("run without a bridge of that name says what to do, and leaves nothing", async () => {
  const command = [...ONEIP, "run", "-c", CONFIG].map((word) => `'${word}'`).join(" ");
  const { status, stdout, stderr } = await run([
    "unshare",
    "-n",
    "sh",
    "-c",
    `${command} >/dev/null; echo $?; ip -br link`,
  ]);
  expect(status).toBe(0);
  expect(stderr).toContain(
    'Cannot add "oneip0" to bridge "br0": there is no such interface; make it with "ip link add br0 type bridge"',
  );
  expect(stdout.split("\n")[0]).toBe("1");
  expect(stdout).not.toContain("oneip0");
});

test.skipIf(needsTap())("run on a terminal is readable, and ends at Ctrl-C", async () => {
  const command = [...ONEIP, "run", "-c", CONFIG].join(" ");
  // `script` gives the command a terminal, and types there what it reads.
  const inside =
    `ip link add br0 type bridge; ip link set br0 up; script -qec "${command}" /dev/null; ip -br link`;
  const child = spawn("unshare", ["-n", "sh", "-c", inside], { stdio: ["pipe", "pipe", "ignore"] });
  const ended = once(child, "exit");
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => printed += text);
  await until("it runs", () => printed.includes("The dispatcher"));
  child.stdin.write("\x03");
  await until("it has stopped", () => printed.includes("Stopped"));
  child.stdin.end();
  await ended;
  printed = stripVTControlCharacters(printed);
  expect(printed).toMatch(
    /^\d\d:\d\d:\d\d {2}The dispatcher 10\.0\.0\.2\/24, 2001:db8::2\/64 runs on oneip0,/m,
  );
  expect(printed).toContain(`  where  ${CONFIG}:`);
  expect(printed).toMatch(/ Stopped/);
  expect(printed).not.toContain('"level"');
  expect(printed.split("\n").filter((row) => row.startsWith("oneip0"))).toEqual([]);
});

test("backend check --routes: the table of another system, from standard input", async () => {
  const input = readFileSync(BARE_TABLE, "utf8");
  const command = [...ONEIP, "backend", "check", "--routes", "-", "--cluster", "10.0.0.100", "--os", "aix"];
  expect(await run(command, { input, cwd: ROOT })).toEqual({
    status: 1,
    stderr: "",
    stdout: `extra-route  10.0.0.100
  found  a route for 10.0.0.0/24 leads to the machine itself (aix)
  why    the machine takes that network for itself, so it cannot reach the other
         machines there
  mend   route delete 10.0.0.0/24 10.0.0.100
  where  on the machine of this table, as root
`,
  });
});

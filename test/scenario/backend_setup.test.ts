import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Lab, type LabNode } from "oneip";
import { needsRoot } from "../needs.ts";
import { ONEIP } from "../runtime.ts";
import { CLUSTER, CLUSTER6 } from "./labs.ts";
import { oneipThere } from "./oneip_there.ts";

const TOPOLOGY = `
name: setup
topology:
  nodes:
    router: {exec: [ip address add 10.0.0.1/24 dev eth1]}
    web:
      exec:
        - ip address add 10.0.0.11/24 dev eth1
        - ip address add 2001:db8::11/64 dev eth1
        - ip route add default via 10.0.0.1
        - ip route add default via 2001:db8::1
  links:
    - endpoints: ["router:eth1", "web:eth1"]
`;

const OTHER = "10.0.0.101";
const folder = mkdtempSync(join(tmpdir(), "oneip-setup-"));
const state = join(folder, "state");
const root = join(folder, "root");

let lab: Lab | undefined;
let web: LabNode;
beforeAll(async () => {
  if (needsRoot()) return;
  writeFileSync(join(folder, "setup.yaml"), TOPOLOGY);
  lab = await Lab.up(join(folder, "setup.yaml"), { name: `t${process.pid}-setup` });
  web = lab.node("web");
});
afterAll(async () => {
  await lab?.down();
  rmSync(folder, { recursive: true });
});

let fresh = "";
beforeEach(async () => {
  if (needsRoot()) return;
  mkdirSync(root);
  fresh = await machine();
});
afterEach(async () => {
  if (needsRoot()) return;
  for (const dir of [state, root]) rmSync(dir, { recursive: true, force: true });
  await web.exec(
    "sh",
    "-ec",
    `ip -4 address flush dev lo; ip -6 address flush dev lo scope global; ip address add 127.0.0.1/8 dev lo
    sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0 net.ipv4.conf.eth1.arp_ignore=0`,
  );
});

/** Addresses, routes and the sysctls in question, as text. */
function machine(): Promise<string> {
  return web.exec(
    "sh",
    "-ec",
    `ip -o address | sort; ip route show table all | sort
    sysctl net.ipv4.conf.all.arp_ignore net.ipv4.conf.all.arp_announce net.ipv4.conf.eth1.arp_ignore`,
  );
}

async function oneip(...words: string[]): Promise<{ status: number; lines: string[] }> {
  const { status, stdout, stderr } = await oneipThere(web, "backend", ...words, "--state", state);
  expect(stderr).toBe("");
  return { status, lines: stdout.trim().split("\n") };
}

const setup = (...words: string[]) => oneip("setup", "--root", root, "--cluster", ...words);
const teardown = (...words: string[]) => oneip("teardown", "--cluster", ...words);

/** As if the machine had started anew since the set-up: its records name another start. */
function restartInRecords(): void {
  for (const name of readdirSync(state)) {
    const path = join(state, name);
    writeFileSync(
      path,
      JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), start: "an earlier one" }),
    );
  }
}

const COMMANDS = [
  "sysctl -w net.ipv4.conf.all.arp_ignore=1",
  "sysctl -w net.ipv4.conf.all.arp_announce=2",
  `ip address replace ${CLUSTER}/32 dev lo scope host`,
  `ip address replace ${CLUSTER6}/128 dev lo`,
];

test.skipIf(needsRoot())("--dry-run prints the commands, silence first, and changes nothing", async () => {
  expect(await setup(CLUSTER, CLUSTER6, "--dry-run", "--persist", "ifupdown")).toEqual({
    status: 0,
    lines: [
      `write ${root}/etc/network/interfaces.d/oneip-10_0_0_100`,
      `write ${root}/etc/network/interfaces.d/oneip-2001_db8__100`,
      ...COMMANDS,
      expect.stringContaining('add the line "source /etc/network/interfaces.d/*"'),
    ],
  });
  expect(await machine()).toBe(fresh);
  expect([existsSync(state), readdirSync(root)]).toEqual([false, []]);
});

test.skipIf(needsRoot())("sets up, does nothing twice, and restores", async () => {
  const addresses = [CLUSTER, CLUSTER6];
  const fine = `ok  ${CLUSTER}, ${CLUSTER6}: no fault found`;
  expect(await setup(...addresses)).toEqual({ status: 0, lines: [...COMMANDS, fine] });
  expect(await setup(...addresses)).toEqual({
    status: 0,
    lines: ["nothing to do: it is set up already", fine],
  });
  expect((await teardown(...addresses)).status).toBe(0);
  expect(await machine()).toBe(fresh);
  expect(readdirSync(state)).toEqual([]);
  expect(await teardown(CLUSTER)).toEqual({
    status: 0,
    lines: [`note: no set-up of ${CLUSTER} is recorded in ${state}`],
  });
});

const befores = [
  { name: "a stricter value on the link", build: "sysctl -qw net.ipv4.conf.eth1.arp_ignore=2" },
  { name: "a stricter value for all", build: "sysctl -qw net.ipv4.conf.all.arp_ignore=2" },
  {
    name: "the alias with a network's mask",
    build: `ip address add ${CLUSTER}/24 dev lo; ip address add ${CLUSTER6}/64 dev lo`,
  },
  {
    name: "scope global and arp_ignore 3",
    build: `sysctl -qw net.ipv4.conf.all.arp_ignore=3; ip address add ${CLUSTER}/32 dev lo`,
  },
  { name: "the alias there already", build: `ip address add ${CLUSTER}/32 dev lo` },
];

for (const { name, build } of befores) {
  test.skipIf(needsRoot())(`restores what was there before: ${name}`, async () => {
    await web.exec("sh", "-ec", build);
    const before = await machine();
    expect((await setup(CLUSTER, CLUSTER6)).lines.at(-1)).toContain("no fault found");
    expect(await machine()).not.toBe(before);
    await teardown(CLUSTER, CLUSTER6);
    expect(await machine()).toBe(before);
  });
}

test.skipIf(needsRoot())("keeps a stricter value", async () => {
  await web.exec("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=2");
  expect((await setup(CLUSTER)).lines.join("\n")).not.toContain("arp_ignore");
  expect(await machine()).toContain("all.arp_ignore = 2");
});

test.skipIf(needsRoot())(
  "the silence stays until the last cluster address goes, in either order",
  async () => {
    for (const [first, last] of [[CLUSTER, OTHER], [OTHER, CLUSTER]] as const) {
      await setup(CLUSTER);
      await setup(OTHER);
      expect((await teardown(first)).lines).toContain(
        "note: net.ipv4.conf.all.arp_ignore stays 1: another cluster address needs it",
      );
      expect(await machine()).toContain("all.arp_ignore = 1");
      await teardown(last);
      expect(await machine()).toBe(fresh);
    }
  },
);

test.skipIf(needsRoot())("what somebody has changed since stays, and is told", async () => {
  await setup(CLUSTER);
  await web.exec("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=2");
  expect((await teardown(CLUSTER)).lines).toContain(
    "note: net.ipv4.conf.all.arp_ignore is 2, neither 0 as before set-up nor 1 as set-up left it: it stays",
  );
});

test.skipIf(needsRoot())("after a restart without files nothing is left to undo", async () => {
  await setup(CLUSTER);
  restartInRecords();
  const before = await machine();
  expect((await teardown(CLUSTER)).lines).toEqual([
    "note: the machine has started anew since its set-up: what set-up had changed is gone",
  ]);
  expect(await machine()).toBe(before);
  expect(readdirSync(state)).toEqual([]);
});

test.skipIf(needsRoot())("a set-up that a restart has undone holds nothing back", async () => {
  await setup(CLUSTER, "--persist", "sysctl.d");
  await setup(OTHER);
  restartInRecords();
  await web.exec("sh", "-ec", `for a in ${CLUSTER} ${OTHER}; do ip address del $a/32 dev lo; done`);
  await teardown(CLUSTER);
  expect(await machine()).toBe(fresh);
});

for (const manager of ["systemd-networkd", "ifupdown", "sysctl.d"]) {
  test.skipIf(needsRoot())(
    `--persist ${manager}: files come, and go after a restart with what they set`,
    async () => {
      await setup(CLUSTER, CLUSTER6, "--persist", manager);
      const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) =>
        name.includes("oneip")
      );
      const texts = files.filter((name) => !name.endsWith(".d")).map((name) =>
        readFileSync(join(root, name), "utf8")
      );
      expect(texts.join("")).toContain("net.ipv4.conf.all.arp_ignore=1");
      if (manager !== "sysctl.d") {
        for (const address of [CLUSTER, CLUSTER6]) expect(texts.join("")).toContain(address);
      }
      restartInRecords();
      const sysctls = files.find((name) => name.endsWith(`60-oneip-${CLUSTER}.conf`));
      if (sysctls !== undefined) {
        await web.exec("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=0", "net.ipv4.conf.all.arp_announce=0");
        await web.exec("sysctl", "-qp", join(root, sysctls));
      }
      if (manager === "sysctl.d") {
        await web.exec("ip", "address", "del", `${CLUSTER}/32`, "dev", "lo");
        await web.exec("ip", "address", "del", `${CLUSTER6}/128`, "dev", "lo");
      } else {
        expect((await setup(CLUSTER, CLUSTER6)).lines).toContain("nothing to do: it is set up already");
      }
      await teardown(CLUSTER, CLUSTER6);
      expect(await machine()).toBe(fresh);
      expect(
        readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.includes("oneip")),
      )
        .toEqual([]);
    },
  );
}

test.skipIf(needsRoot())("a file that is there and somebody else's is left alone", async () => {
  const path = join(root, "etc/sysctl.d/60-oneip-10.0.0.100.conf");
  mkdirSync(join(root, "etc/sysctl.d"), { recursive: true });
  writeFileSync(path, "# mine\n");
  const words = ["backend", "setup", "--cluster", CLUSTER, "--persist", "sysctl.d", "--root", root];
  const { status, stderr } = await web.run([...ONEIP, ...words, "--state", state]);
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(`"${path}" is there`) });
  expect(await machine()).toBe(fresh);
});

test.skipIf(needsRoot())("the address of an interface is not taken away, and named", async () => {
  await web.exec("ip", "address", "add", `${CLUSTER}/24`, "dev", "eth1");
  const { status, lines } = await setup(CLUSTER);
  expect(status).toBe(1);
  expect(lines.join("\n")).toContain(`alias-interface  ${CLUSTER}\n  found  ${CLUSTER}/24 is on eth1`);
  await web.exec("ip", "address", "del", `${CLUSTER}/24`, "dev", "eth1");
});

describe.skipIf(needsRoot())("without --state", () => {
  const namespaceOf = (node: LabNode) => statSync(`/run/netns/${node.namespace}`).ino;
  const recordOf = (node: LabNode) => `/run/oneip/${namespaceOf(node)}.backend/${CLUSTER}.json`;
  const backend = (node: LabNode, command: string) =>
    node.exec(...ONEIP, "backend", command, "--cluster", CLUSTER);

  test("each node has its own records, and they go with the lab", async () => {
    const file = join(folder, "two.yaml");
    writeFileSync(file, "name: two\ntopology: {nodes: {a: {}, b: {}}}\n");
    await using two = await Lab.up(file, { name: `t${process.pid}-two` });
    const [a, b] = [two.node("a"), two.node("b")];
    await Promise.all([a, b].map((node) => node.run([...ONEIP, "backend", "setup", "--cluster", CLUSTER])));
    const starts = [a, b].map((node) => JSON.parse(readFileSync(recordOf(node), "utf8")).start as string);
    expect(starts[0]).not.toBe(starts[1]);

    await backend(a, "teardown");
    expect(await a.exec("ip", "-br", "address", "show", "dev", "lo")).not.toContain(CLUSTER);
    expect([a, b].map(recordOf).map((path) => existsSync(path))).toEqual([false, true]);
    const left = [a, b].map(recordOf).map(dirname);
    await two.down();
    expect(left.filter((path) => existsSync(path))).toEqual([]);
  });

  test("what was recorded in a namespace that has gone is nobody's, should another get its number", async () => {
    const record = recordOf(web);
    try {
      await web.exec(...ONEIP, "backend", "setup", "--cluster", CLUSTER);
      const { start, ...rest } = JSON.parse(readFileSync(record, "utf8")) as { start: string };
      writeFileSync(record, JSON.stringify({ ...rest, start: start.replace(/\d+$/, "1") }));
      expect(await backend(web, "teardown")).toContain("started anew since its set-up");
      expect(await web.exec("ip", "-br", "address", "show", "dev", "lo")).toContain(CLUSTER);
    } finally {
      rmSync(record, { force: true });
    }
  });
});

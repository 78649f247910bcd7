import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Lab, until } from "oneip";
import { needsRoot } from "../needs.ts";
import { ONEIP } from "../runtime.ts";
import { backendLab, check } from "./backend_lab.ts";
import { CLUSTER, CLUSTER6 } from "./labs.ts";

let lab: Lab | undefined;
beforeAll(async () => {
  if (!needsRoot()) lab = await backendLab("faults");
});
afterAll(() => lab?.down());

const ipv4 = "sysctl -qw net.ipv4.conf";

interface Case {
  readonly name: string;
  readonly build: string;
  readonly want: string;
  /** Besides the printed commands, what the fault was built with. */
  readonly after?: string;
  readonly options?: readonly string[];
}

const cases: Case[] = [
  { name: "arp_ignore 0", build: `${ipv4}.all.arp_ignore=0`, want: "arp-ignore" },
  { name: "arp_ignore reserved", build: `${ipv4}.eth1.arp_ignore=5`, want: "arp-ignore" },
  { name: "arp_announce 0", build: `${ipv4}.all.arp_announce=0`, want: "arp-announce" },
  { name: "arp_announce 1", build: `${ipv4}.all.arp_announce=1`, want: "arp-announce" },
  { name: "a published entry", build: `ip neigh add proxy ${CLUSTER} dev eth1`, want: "arp-published" },
  { name: "one of IPv6", build: `ip neigh add proxy ${CLUSTER6} dev eth1`, want: "arp-published" },
  {
    name: "proxy_arp",
    build: `${ipv4}.eth1.forwarding=1 net.ipv4.conf.eth1.proxy_arp=1`,
    want: "proxy-arp",
    after: `${ipv4}.eth1.forwarding=0`,
  },
  { name: "no alias", build: `ip address del ${CLUSTER}/32 dev lo`, want: "alias-missing" },
  { name: "no alias of IPv6", build: `ip address del ${CLUSTER6}/128 dev lo`, want: "alias-missing" },
  {
    name: "the alias on the link",
    build: `ip address del ${CLUSTER}/32 dev lo; ip address add ${CLUSTER}/24 dev eth1`,
    want: "alias-interface",
  },
  {
    name: "the alias of IPv6 on the link",
    build: `ip address del ${CLUSTER6}/128 dev lo; ip address add ${CLUSTER6}/64 dev eth1`,
    want: "alias-interface",
  },
  {
    name: "a network's mask and its route",
    build: `ip address del ${CLUSTER}/32 dev lo; ip address add ${CLUSTER}/24 dev lo`,
    want: "alias-mask",
  },
  {
    name: "an IPv6 network's mask and its route",
    build: `ip address del ${CLUSTER6}/128 dev lo; ip address add ${CLUSTER6}/64 dev lo`,
    want: "alias-mask",
  },
  {
    name: "scope global with arp_ignore 3",
    build:
      `${ipv4}.eth1.arp_ignore=3; ip address del ${CLUSTER}/32 dev lo; ip address add ${CLUSTER}/32 dev lo`,
    want: "alias-scope",
    after: `${ipv4}.eth1.arp_ignore=0`,
  },
  {
    name: "an extra route alone",
    build: "ip route add local 10.0.0.0/24 dev lo table local src 10.0.0.100",
    want: "extra-route",
  },
  {
    name: "an extra route of IPv6 alone",
    build: "ip route add 2001:db8::/64 dev lo metric 2048",
    want: "extra-route",
  },
  { name: "no default route", build: "ip -4 route del default", want: "no-default-route" },
  {
    name: "strict rp_filter",
    build: `ip route replace default via 192.0.2.1; ${ipv4}.all.rp_filter=1`,
    want: "rp-filter",
    after: `ip route replace default via 10.0.0.1; ${ipv4}.all.rp_filter=0`,
  },
  {
    name: "frames to all are dropped",
    build: `${ipv4}.all.drop_unicast_in_l2_multicast=1`,
    want: "multicast-drop",
    options: ["--technique", "broadcast"],
  },
  {
    name: "IPv6 frames to all are dropped",
    build: "sysctl -qw net.ipv6.conf.eth1.drop_unicast_in_l2_multicast=1",
    want: "multicast-drop",
    options: ["--technique", "broadcast"],
  },
  {
    name: "a port that nft drops",
    build: "nft add table inet fw; nft add chain inet fw input '{ type filter hook input priority 0; }'; " +
      "nft add rule inet fw input tcp dport 80 drop",
    want: "firewall",
    after: "nft delete table inet fw",
  },
  { name: "a small MTU", build: "ip link set dev eth1 mtu 1400", want: "mtu" },
];

test.skipIf(needsRoot())("a sound backend has no fault", async () => {
  expect(await check(lab!.node("web"))).toEqual({
    clusters: [CLUSTER, CLUSTER6],
    mended: [],
    faults: [],
    notes: [],
    status: 0,
  });
});

test.skipIf(needsRoot())("who may not look at the firewall says so", async () => {
  const { status, stdout } = await lab!.node("web").run(
    ["setpriv", "--bounding-set=-net_admin", ...ONEIP, "backend", "check", "--cluster", CLUSTER],
  );
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: `note: the firewall was not looked at: it needs root\nok  ${CLUSTER}: no fault found\n`,
  });
});

for (const { name, build, want, after = ":", options = [] } of cases) {
  test.skipIf(needsRoot())(`${want}, ${name}: found alone, and gone with the printed commands`, async () => {
    const web = lab!.node("web");
    await web.exec("sh", "-ec", build);
    const { faults, status } = await check(web, ...options);
    expect({ ids: faults.map(({ id }) => id), status }).toEqual({ ids: [want], status: 1 });
    const mend = faults[0]!.mend.map((command) => command.replace("ROUTER", "10.0.0.1"));
    await web.exec("sh", "-ec", mend.join("\n"));
    expect((await check(web, ...options)).faults).toEqual([]);
    await web.exec("sh", "-ec", after);
  });
}

test.skipIf(needsRoot())("dad-failed: the router has the address too", async () => {
  const [web, router] = [lab!.node("web"), lab!.node("router")];
  await router.exec("ip", "address", "add", `${CLUSTER6}/64`, "dev", "eth1");
  await web.exec(
    "sh",
    "-ec",
    `sysctl -qw net.ipv6.conf.eth1.accept_dad=1; ip address add ${CLUSTER6}/64 dev eth1`,
  );
  await until(
    "detection ends",
    async () => (await web.exec("ip", "address", "show", "eth1")).includes("dadfailed"),
  );
  const { faults } = await check(web);
  expect(faults.map(({ id }) => id)).toEqual(["dad-failed"]);
  await web.exec("sh", "-ec", faults[0]!.mend.join("\n"));
  await router.exec("ip", "address", "del", `${CLUSTER6}/64`, "dev", "eth1");
  expect((await check(web)).faults).toEqual([]);
});

test.skipIf(needsRoot())("no-service: the server is gone, and comes back", async () => {
  const web = lab!.node("web");
  await web.program!.stop();
  expect((await check(web)).faults.map(({ id }) => id)).toEqual(Array(4).fill("no-service"));
  await web.program!.start();
  expect((await check(web)).faults).toEqual([]);
});

test.skipIf(needsRoot())("--fix mends what is safe, in one go, and says what it left", async () => {
  const web = lab!.node("web");
  await web.exec(
    "sh",
    "-ec",
    `${ipv4}.all.arp_ignore=0; ${ipv4}.all.arp_announce=0; ip address del ${CLUSTER}/32 dev lo;
    ip address add ${CLUSTER}/24 dev lo; ip address del ${CLUSTER6}/128 dev lo; ip link set dev eth1 mtu 1400`,
  );
  const { mended, faults, status } = await check(web, "--fix");
  expect(mended.map(({ id }) => id)).toEqual(["arp-ignore", "arp-announce", "alias-missing", "alias-mask"]);
  expect(faults.map(({ id, decide }) => [id, decide])).toEqual([[
    "mtu",
    expect.stringContaining("same MTU"),
  ]]);
  expect(status).toBe(1);
  await web.exec("sh", "-ec", faults[0]!.mend.join("\n"));
  expect((await check(web)).faults).toEqual([]);
});

const CONFIG = `
dispatcher: {addresses: [10.0.0.2/24], mtu: 1400, gateway: 10.0.0.1}
clusters:
  - {name: web, addresses: [${CLUSTER}], ports: [80/tcp, 99/tcp], backends: [{name: web1, address: 10.0.0.11}]}
  - {name: mail, addresses: [10.0.0.101], backends: [{name: mail1, address: 10.0.0.12}]}
`;

test.skipIf(needsRoot())("-c takes from a configuration what concerns this machine", async () => {
  const [web, router] = [lab!.node("web"), lab!.node("router")];
  const folder = mkdtempSync(join(tmpdir(), "oneip-config-"));
  try {
    const file = join(folder, "oneip.yaml");
    writeFileSync(file, CONFIG);
    const words = [...ONEIP, "backend", "check", "-c", file, "--json"];
    await web.exec("ip", "-4", "route", "del", "default");
    const { clusters, faults } = JSON.parse((await web.run(words)).stdout);
    await web.exec("ip", "route", "add", "default", "via", "10.0.0.1");
    expect(clusters).toEqual([CLUSTER]);
    expect(faults.map(({ id, found, mend }: Record<string, unknown>) => [id, found, mend])).toEqual([
      ["no-default-route", "there is no IPv4 default route", ["ip route add default via 10.0.0.1"]],
      ["mtu", "eth1 has MTU 1500, the dispatcher's link 1400", ["ip link set dev eth1 mtu 1400"]],
      ["no-service", "nothing listens on port 99/tcp", []],
    ]);
    const other = await router.run(words);
    expect({ status: other.status, stderr: other.stderr }).toEqual({
      status: 2,
      stderr:
        `oneip: This machine is no backend of "${file}": it has none of the addresses web1 10.0.0.11, ` +
        "mail1 10.0.0.12; name the cluster addresses with --cluster\n",
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

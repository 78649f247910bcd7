/** What can be seen of a lab that is up, and kept of it. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, readCapture, until } from "oneip";
import type { InspectedLab } from "../../src/lab/inspect.ts";
import { run } from "../../src/system/programs.ts";
import { oneip } from "../cli/oneip.ts";
import { needsRoot } from "../needs.ts";
import { ONEIP } from "../runtime.ts";

const name = `t${process.pid}-tools`;
const folder = mkdtempSync(join(tmpdir(), "oneip-tools-"));
const file = join(folder, "tools.yaml");

/** The lines that make what `save` is to find. */
const EXEC = [
  "sysctl -qw net.ipv4.conf.all.arp_ignore=1",
  "sysctl -qw net.ipv4.conf.eth1.rp_filter=2",
  "sysctl -qw net.ipv4.ip_forward=1",
  "ip link add br0 type bridge forward_delay 0",
  "ip link set dev eth1 address 02:00:00:00:00:77 mtu 1400",
  "ip link set dev br0 up",
  "ip address add 10.9.0.100/32 dev lo scope host",
  "ip address add 10.9.0.1/24 dev eth1",
  "ip address add 2001:db8:9::1/64 dev eth1",
  "ip neigh replace 10.9.0.66 dev eth1 lladdr 02:00:00:00:00:66 nud permanent",
  "ip route add local 198.51.100.0/24 dev lo table local scope host",
  "ip route add default via 10.9.0.2 dev eth1",
  "ip -6 route add 2001:db8:a::/64 via 2001:db8:9::2 dev eth1 metric 1024",
  "ip rule add pref 100 from all fwmark 0x1 lookup 100",
  "nft -f - <<'END'\ntable ip own {\n  chain in {\n    type filter hook input priority filter; policy accept;\n  }\n}\nEND",
];

/** Frames with the tag of a VLAN, of 802.1Q and of 802.1ad, which the kernel takes off and gives apart. */
const TAGGED = ["8100", "88a8"].map((tpid) => `ffffffffffff020000000001${tpid}000588b5${"00".repeat(44)}`);
const SEND_TAGGED =
  "import socket; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('eth1', 0)); " +
  `[s.send(bytes.fromhex(one)) for one in "${TAGGED.join(" ")}".split()]`;

const topology = (exec: readonly string[]) =>
  `name: tools\ntopology:\n  nodes:\n    a: ${JSON.stringify({ exec, env: { COLOR: "blue" } })}\n` +
  "    b: {kind: linux, exec: [ip address add 10.9.0.2/24 dev eth1], cmd: sleep infinity}\n" +
  '  links: [{endpoints: ["a:eth1", "b:eth1"]}]\n';

describe.skipIf(needsRoot())("of a lab that is up", () => {
  beforeAll(async () => {
    writeFileSync(file, topology(EXEC));
    await Lab.up(file, { name, keep: true });
  });
  afterAll(async () => {
    await Lab.down(name);
    rmSync(folder, { recursive: true });
  });

  test("inspect shows interfaces, addresses, MACs and links", async () => {
    const { nodes, links } = JSON.parse(
      (await oneip("lab", "inspect", name, "--json")).stdout,
    ) as InspectedLab;
    expect(links).toEqual([["a:eth1", "b:eth1"]]);
    expect(nodes.map(({ name, kind, program }) => [name, kind, program])).toEqual([
      ["a", "host", "none"],
      ["b", "host", "runs"],
    ]);
    expect(nodes[0]!.interfaces).toContainEqual({
      name: "eth1",
      mac: "02:00:00:00:00:77",
      mtu: 1400,
      up: true,
      bridge: null,
      addresses: ["10.9.0.1/24", "2001:db8:9::1/64"],
      peer: "b:eth1",
    });
    const { stdout } = await oneip("lab", "inspect", name);
    expect(stdout).toMatch(/^b +host +runs +eth1 +up +02:1a:b0:00:01:01 +10\.9\.0\.2\/24 +a:eth1$/m);
  });

  test("save prints the lines that make a node as it is, and they make another one so", async () => {
    const save = async (lab: string) =>
      parse((await oneip("lab", "save", lab, "a")).stdout) as { exec: string[] };
    const { exec } = await save(name);
    expect(exec).toEqual(EXEC);
    const again = join(folder, "again.yaml");
    writeFileSync(again, topology(exec));
    await using _other = await Lab.up(again, { name: `${name}2` });
    expect((await save(`${name}2`)).exec).toEqual(exec);
  });

  test("capture writes the frames of both directions, with VLAN tags, to a file or a pipe", async () => {
    const lab = Lab.open(name);
    const captured = join(folder, "eth1.pcapng");
    const ended = run([...ONEIP, "lab", "capture", name, "a:eth1", "--count", "12", "-w", captured]);
    await until("it captures", async () => {
      await lab.node("a").run(["ping", "-c1", "-W1", "10.9.0.2"]);
      await lab.node("b").exec("python3", "-c", SEND_TAGGED);
      return await Promise.race([ended, undefined]) !== undefined;
    });
    expect((await ended).stderr).toMatch(/12 frames captured, 0 lost\n$/);
    const frames = readCapture(readFileSync(captured)).map((frame) => Buffer.from(frame).toString("hex"));
    expect(frames).toHaveLength(12);
    expect(frames.some((frame) => frame.startsWith("0200000000770" + "21ab000010"))).toBe(true);
    expect(frames.some((frame) => frame.slice(12, 24) === "020000000077")).toBe(true);
    expect(frames).toEqual(expect.arrayContaining(TAGGED));
  });

  test("capture names the interfaces that there are", async () => {
    const { status, stderr } = await run([
      ...ONEIP,
      "lab",
      "capture",
      name,
      "a:eth7",
      "-w",
      join(folder, "x"),
    ]);
    expect(stderr).toMatch(/oneip: There is no interface "eth7"; use one of .*eth1/);
    expect(status).toBe(2);
    expect((await oneip("lab", "capture", name, "a", "-w", "x")).stderr).toContain(
      'No end of a link, found "a", use a node and an interface such as client1:eth1',
    );
  });

  test("variables of a node are there for whatever runs on it", async () => {
    expect(await Lab.open(name).node("a").exec("sh", "-c", "echo $COLOR")).toBe("blue\n");
  });

  test.each([
    [["lab", "exec", ""], name],
    [["lab", "exec", name, ""], "b"],
    [["lab", "capture", name, "b"], "b:eth1"],
    [["lab", "down", "t"], name],
    [["lab", "up", "rou"], "routing"],
  ])("a shell completes %j", async (words, want) => {
    expect((await oneip("complete", "--", ...words)).stdout.split(/\s+/)).toContain(want);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Lab } from "oneip";
import { needsTap } from "../needs.ts";
import { runTs } from "../runtime.ts";
import * as f from "../frames.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-vlan-"));
afterAll(() => rmSync(folder, { recursive: true }));

const TOPOLOGY = `
name: vlan
topology:
  nodes:
    lan: {kind: bridge}
    lb:
      kind: oneip
      startup-config: oneip.yaml
      exec: [ip link add br0 type bridge forward_delay 0, ip link set eth1 master br0, ip link set br0 up]
  links:
    - endpoints: ["lb:eth1", "lan:lb"]
`;

const CONFIG = `
dispatcher: {interface: oneip0, bridge: br0, mac: 02:00:00:00:00:02, vlan: 10, addresses: [10.0.0.2/24]}
clusters:
  - {name: web, addresses: [10.0.0.100], backends: [{name: web1, address: 10.0.0.11}]}
`;

test.skipIf(needsTap())(
  "a tagged segment: questions, dispatched frames and answers carry the tag, other frames do not count",
  async () => {
    writeFileSync(join(folder, "vlan.yaml"), TOPOLOGY);
    writeFileSync(join(folder, "oneip.yaml"), CONFIG);
    await using lab = await Lab.up(join(folder, "vlan.yaml"), { name: `t${process.pid}-vlan` });
    const { stdout, stderr } = await lab.node("lan").run(runTs("test/scenario/vlan_probe.ts"));
    expect(stderr).toBe("");
    const { dispatched, echoed } = JSON.parse(stdout) as { dispatched: string; echoed: string };
    const tag = (frame: Uint8Array) => f.hex([...frame.slice(0, 12), 0x81, 0, 0, 10, ...frame.slice(12)]);
    const back = { src: f.MAC.dispatcher, dst: "02:00:00:00:00:77" };
    expect(dispatched).toBe(tag(f.ethernet(f.ipv4(f.udp([1, 2, 3]), { id: 3, ttl: 63 }), back)));
    expect(echoed.slice(0, 53)).toBe(tag(f.ethernet([], back)).slice(0, 47) + " 08 00");
    const { program } = lab.node("lb");
    await program!.stop();
    const { verdicts } = JSON.parse(program!.log.trim().split("\n").at(-1)!);
    expect(verdicts.drop_vlan).toBeGreaterThanOrEqual(2);
    expect(verdicts.answered_echo).toBeGreaterThanOrEqual(1);
  },
);

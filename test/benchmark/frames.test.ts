import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig, parseTopology } from "oneip";
import { framesFile, type Load } from "../../scripts/benchmark/frames.ts";
import { oneipConfig } from "../../scripts/benchmark/subject_files.ts";
import { runChecked } from "../../src/system/programs.ts";
import { ROOT } from "../runtime.ts";

const LOADS: readonly Load[] = [
  { family: "IPv4", length: 64 },
  { family: "IPv4", length: 1514 },
  { family: "IPv6", length: 64 },
];
const ENDS = {
  IPv4: ["198.18.0.0", "198.18.15.255", "10.0.0.100"],
  IPv6: ["2001:db8:51::", "2001:db8:51::fff", "2001:db8::100"],
} as const;

// scripts/test installs both.
test.runIf(existsSync("/usr/sbin/trafgen") && existsSync("/usr/bin/tcpdump")).each(LOADS)(
  "a load of $length-octet $family frames, as tcpdump reads it: one for each of 4,096 clients",
  async (load) => {
    const folder = mkdtempSync(join(tmpdir(), "oneip-frames-"));
    try {
      const { pcap } = await framesFile(folder, load, "02:00:00:00:00:31");
      const printed = await runChecked(["tcpdump", "-nnevr", pcap]);
      const clients = [...printed.matchAll(/(\S+)\.40000 > (\S+)\.9: /g)].map(([, client]) => client);
      const [first, last, cluster] = ENDS[load.family];
      expect([clients[0], clients.at(-1)]).toEqual([first, last]);
      expect(new Set(clients).size).toBe(4096);
      const macs = new RegExp(`02:00:00:00:00:01 > 02:00:00:00:00:31, .*, length ${load.length}:`, "g");
      expect(printed.match(macs)).toHaveLength(4096);
      expect(printed.match(new RegExp(` > ${cluster}\\.9: `, "g"))).toHaveLength(4096);
      // Of the IPv4 header; UDP over IPv6 has none here, which tcpdump calls bad.
      expect(printed).not.toContain("bad cksum 0x");
      expect(printed).not.toMatch(/, bad cksum /);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test("the topology and the dispatchers' configuration are valid", () => {
  const file = join(ROOT, "scripts/benchmark/cluster.yaml");
  const { nodes } = parseTopology(readFileSync(file, "utf8"), file);
  expect(nodes.map(({ name }) => name)).toContain("nodequeues");
  const config = parseConfig(
    oneipConfig({ address: "10.0.0.31", mac: "02:00:00:00:00:31" }),
    "oneip.yaml",
    "test",
  );
  expect(config.clusters[0]!.backends.map(({ name }) => name)).toEqual(["web1", "web2"]);
});

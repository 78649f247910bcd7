import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { bucketOf } from "../../src/table/bucket_map.ts";
import * as hash from "../../src/table/hash.ts";
import { ipOf, isIpv6, netmask, netmask6, wordOf, wordsOf } from "../../src/wire/address.ts";
import { ClusterMap } from "../../src/cluster/cluster_map.ts";
import { clusterOf } from "../config/cluster.ts";
import { u32 } from "../frames.ts";
import { Random } from "../random.ts";
import { needsTap } from "../needs.ts";
import { ROOT, runTs } from "../runtime.ts";

/** Read from a kernel, Linux 6.18: client, h with seed 0, bucket of 4096; h with seed 0xdeadbeef, bucket of 5. */
const VECTORS = [
  ["10.0.0.1", 0x2fa5f781, 762, 0x52e26e5d, 1],
  ["192.0.2.1", 0xb3bcb8d1, 2875, 0xda05219e, 4],
  ["198.51.100.7", 0x8c8e3614, 2248, 0x89c33d05, 2],
  ["203.0.113.200", 0x70a3a895, 1802, 0x4558a632, 1],
  ["0.0.0.1", 0x576fad23, 1398, 0xf6ca6dae, 4],
  ["128.0.0.128", 0xfa56e1db, 4005, 0x6aa44411, 2],
  ["172.16.254.3", 0xf01d0b9c, 3841, 0xa1bf22a4, 3],
  ["223.255.255.254", 0x0735769e, 115, 0x662816d7, 1],
] as const;

test("ofIpv4() gives the kernel's hash for the known vectors", () => {
  for (const [client, h, bucket, seeded, fifth] of VECTORS) {
    const address = wordOf(client);
    expect(hash.ofIpv4(address, 0) >>> 0, client).toBe(h);
    expect(bucketOf(h | 0, 4096), client).toBe(bucket);
    expect(hash.ofIpv4(address, 0xdeadbeef | 0) >>> 0, client).toBe(seeded);
    expect(Math.floor(seeded * 5 / 2 ** 32), client).toBe(fifth);
  }
});

/** The same for IPv6: client, h with seed 0, h with seed 0xdeadbeef. */
const VECTORS_6 = [
  ["2001:db8::1", 0x0e5b0adb, 0xf9dbfa2e],
  ["2001:db8::2", 0x0ed8f7d3, 0xaf9b93ad],
  ["2001:db8:1:2:3:4:5:6", 0xe9b232ad, 0x12e80cb2],
  ["fd00::ffff:ffff:ffff:ffff", 0xd01c51d7, 0x6ef8f154],
  ["fe80::1", 0x1322b3ad, 0x3f41971a],
  ["2001:db8:8000:8000:8000:8000:8000:8000", 0x4eba19e1, 0x2f49ed75],
  ["64:ff9b::c000:201", 0x838c8a5f, 0x4993c77e],
  ["2001:db8:ffff:ffff:ffff:ffff:ffff:fffe", 0xf650f6bd, 0x71f9d9f7],
] as const;

function hashOf(address: string, seed: number): number {
  const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = wordsOf(address);
  return isIpv6(address) ? hash.ofIpv6(w0, w1, w2, w3, seed) : hash.ofIpv4(w0, seed);
}

test("ofIpv6() gives the kernel's hash for the known vectors", () => {
  for (const [client, h, seeded] of VECTORS_6) {
    expect(hashOf(client, 0) >>> 0, client).toBe(h);
    expect(hashOf(client, 0xdeadbeef | 0) >>> 0, client).toBe(seeded);
  }
});

/** What is asked: buckets and seed, and how many bits of an address count. */
const SPACES = [
  { buckets: 2, seed: 0, mask: { ipv4: 32, ipv6: 128 } },
  { buckets: 4096, seed: 0, mask: { ipv4: 32, ipv6: 128 } },
  { buckets: 4096, seed: 0xdeadbeef, mask: { ipv4: 32, ipv6: 128 } },
  { buckets: 1024, seed: 0xffffffff, mask: { ipv4: 24, ipv6: 64 } },
  { buckets: 65536, seed: 0x12345678, mask: { ipv4: 20, ipv6: 48 } },
];
const ADDRESSES = 1200;

const text = (words: Int32Array) => ipOf(Uint8Array.from([...words].flatMap(u32)));

/** Asks the kernel, which is given a packet from each address: a rule for each space notes the bucket that `jhash` gives it. */
function ask(family: "ip" | "ip6", addresses: readonly string[]): string {
  const type = family === "ip" ? "ipv4_addr" : "ipv6_addr";
  const rules = SPACES.map(({ buckets, seed, mask }, index) => {
    const netmaskText = family === "ip" ? text(Int32Array.of(netmask(mask.ipv4))) : text(netmask6(mask.ipv6));
    return `    meta mark set jhash ${family} saddr and ${netmaskText} mod ${buckets} seed ${seed} ` +
      `add @s${index} { ${family} saddr . meta mark }`;
  });
  return `
nft -f - <<END
table ${family} oracle {
${SPACES.map((_, index) => `  set s${index} { type ${type} . mark; size 65535; flags dynamic; }`).join("\n")}
  chain c {
    type filter hook prerouting priority 0;
${rules.join("\n")}
  }
}
END
${runTs("test/table/hash_probe.ts").join(" ")} <<END
${addresses.join("\n")}
END
nft -j list sets`;
}

const random = new Random(42);
const FAMILIES = {
  ip: () => `${1 + random.below(126)}.${random.below(256)}.${random.below(256)}.${1 + random.below(254)}`,
  ip6: () => ipOf(Uint8Array.from([0x20 + random.below(16), ...random.octets(15)])),
};

describe.skipIf(needsTap()).each(Object.entries(FAMILIES))("%s", (family, draw) => {
  test(`the kernel agrees on ${ADDRESSES} random addresses in ${SPACES.length} spaces`, () => {
    const addresses = [...new Set(Array.from({ length: ADDRESSES }, draw))];
    const script = ask(family as "ip" | "ip6", addresses);
    const printed = execFileSync("unshare", ["-n", "sh", "-ec", script], {
      cwd: ROOT,
      encoding: "utf8",
      maxBuffer: 1e9,
    });
    const { nftables } = JSON.parse(printed) as {
      nftables: { set?: { name: string; elem: { concat: [string, number] }[] } }[];
    };
    for (const [index, { buckets, seed, mask }] of SPACES.entries()) {
      const elements = nftables.find(({ set }) => set?.name === `s${index}`)!.set!.elem;
      const asked = new Map(elements.map(({ concat: [address, mark] }) => [address, mark]));
      const map = new ClusterMap({ ...CLUSTER, buckets, seed: seed | 0, mask });
      for (const address of addresses) {
        expect(map.place(address).bucket, `${address} mod ${buckets} seed ${seed}`).toBe(asked.get(address));
      }
    }
  });
});

const CLUSTER = clusterOf({ buckets: 2, algorithm: "modulo" }, ["web1"]);

import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { bucketOf } from "../../src/table/bucket_map.ts";
import * as hash from "../../src/table/hash.ts";
import { formatIpv4, parseIpv4 } from "../../src/wire/address.ts";
import { Random } from "../random.ts";
import { needsRoot } from "../needs.ts";

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
    const address = parseIpv4(client)!;
    expect(hash.ofIpv4(address, 0) >>> 0, client).toBe(h);
    expect(bucketOf(h | 0, 4096), client).toBe(bucket);
    expect(hash.ofIpv4(address, 0xdeadbeef | 0) >>> 0, client).toBe(seeded);
    expect(Math.floor(seeded * 5 / 2 ** 32), client).toBe(fifth);
  }
});

const SPACES = [
  { buckets: 2, seed: 0 },
  { buckets: 4096, seed: 0 },
  { buckets: 4096, seed: 0xdeadbeef },
  { buckets: 1024, seed: 0xffffffff },
  { buckets: 65536, seed: 0x12345678 },
];
const ADDRESSES = 1200;

/**
 * Asks the kernel: each address becomes a local one, a datagram leaves from it, and a rule for each space notes the bucket
 * that `jhash ip saddr` gives it.
 */
const ASK = (addresses: readonly string[]) => `
ip link set lo up
ip -batch - <<END
${addresses.map((address) => `address add ${address}/32 dev lo`).join("\n")}
END
nft -f - <<END
table ip oracle {
${
  SPACES.map((_, index) => `  set s${index} { type ipv4_addr . mark; size 65535; flags dynamic; }`).join("\n")
}
  chain c {
    type filter hook output priority 0;
${
  SPACES.map(({ buckets, seed }, index) =>
    `    meta mark set jhash ip saddr mod ${buckets} seed ${seed} add @s${index} { ip saddr . meta mark }`
  ).join("\n")
}
  }
}
END
while read address; do
  ping -q -c1 -W1 -I $address $address >/dev/null
done <<END
${addresses.join("\n")}
END
nft -j list sets`;

test.skipIf(needsRoot())(
  `the kernel agrees on ${ADDRESSES} random addresses in ${SPACES.length} spaces`,
  () => {
    const random = new Random(42);
    const unicast = () =>
      parseIpv4(
        `${1 + random.below(126)}.${random.below(256)}.${random.below(256)}.${1 + random.below(254)}`,
      )!;
    const addresses = [...new Set(Array.from({ length: ADDRESSES }, unicast))].map(formatIpv4);
    const printed = execFileSync("unshare", ["-n", "sh", "-ec", ASK(addresses)], {
      encoding: "utf8",
      maxBuffer: 1e9,
    });
    const { nftables } = JSON.parse(printed) as {
      nftables: { set?: { name: string; elem: { concat: [string, number] }[] } }[];
    };
    for (const [index, { buckets, seed }] of SPACES.entries()) {
      const elements = nftables.find(({ set }) => set?.name === `s${index}`)!.set!.elem;
      const asked = new Map(elements.map(({ concat: [address, mark] }) => [address, mark]));
      expect(asked.size).toBeGreaterThanOrEqual(1000);
      for (const address of addresses) {
        const ours = bucketOf(hash.ofIpv4(parseIpv4(address)!, seed | 0), buckets);
        expect(ours, `${address} mod ${buckets} seed ${seed}`).toBe(asked.get(address));
      }
    }
  },
);

/**
 * Run in a network namespace of its own: gives frames of many clients to the kernel through a TAP, under the rules of each
 * backend and live set, and compares what the kernel lets in with what `accepts` says. Prints what it found as JSON.
 */

import { execFileSync } from "node:child_process";
import { accepts, BackendFilter, parseConfig, Tap } from "oneip";
import { ownedBuckets } from "../../../src/filter/rules/ownership.ts";
import { filterTable } from "../../../src/filter/rules/rules.ts";
import { ipOf } from "../../../src/wire/address.ts";
import * as f from "../../frames.ts";
import { Random } from "../../random.ts";

const [each = "0", mask = ""] = process.argv.slice(2);
const CLUSTER = "10.0.0.100";
const CLUSTER6 = "2001:db8::100";
const NAMES = ["web1", "web2", "web3", "web4"];

const config = parseConfig(
  `dispatcher: {addresses: [10.0.0.2/24, "2001:db8::2/64"]}
clusters:
  - name: web
    addresses: [${CLUSTER}, "${CLUSTER6}"]
    technique: broadcast
    seed: 3735928559
    ${mask === "" ? "" : `mask: ${mask}`}
    backends:
${
    NAMES.map((name, index) => `      - {name: ${name}, address: 10.0.0.1${index}, weight: ${index + 1}}`)
      .join("\n")
  }
`,
  "oracle.yaml",
  "test",
);
const cluster = config.clusters[0]!;

/** What the kernel let in, by source address; nothing goes further. */
const OBSERVER = `
table inet observer {
  set seen4 { type ipv4_addr; size 262144; flags dynamic; }
  set seen6 { type ipv6_addr; size 262144; flags dynamic; }
  chain prerouting {
    type filter hook prerouting priority -290;
    meta pkttype != host drop
    add @seen4 { ip saddr }
    add @seen6 { ip6 saddr }
    drop
  }
}
`;

const nft = (input: string) => execFileSync("nft", ["-f", "-"], { input });

const random = new Random(7);
const address4 = () =>
  `${1 + random.below(126)}.${random.below(256)}.${random.below(256)}.${1 + random.below(254)}`;
const address6 = () => ipOf(Uint8Array.from([0x20 + random.below(16), ...random.octets(15)]));

/** What is left of a packet inside an ICMP error, whose header has so many octets: all, or cut off there and before and behind. */
function truncated(embedded: f.Octets, header: number, index: number): f.Octets {
  const cut = [undefined, header + 7, header, header - 1, header - 8, 1, 0][index % 7];
  return embedded.slice(0, cut);
}

/**
 * Every fifth frame is an ICMP error that a router sends about the client; some of them speak of another address, and most have
 * less than they should of the packet that they are about.
 */
function frame4(source: string, index: number): Uint8Array<ArrayBuffer> {
  const client = address4();
  const src = index % 35 === 0 ? "10.0.0.101" : CLUSTER;
  const embedded = truncated(f.ipv4(f.u32(0x50_1234).concat(f.u32(1)), { src, dst: client }), 20, index);
  const packet = index % 5 === 0
    ? f.ipv4(f.icmp([3, 4, 11, 12, 5][index % 25 / 5]!, 0, embedded), {
      src: source,
      dst: CLUSTER,
      protocol: f.PROTOCOL.icmp,
    })
    : f.ipv4(f.udp([1, 2]), {
      src: source,
      dst: CLUSTER,
      protocol: f.PROTOCOL.udp,
      fragment: index % 7 === 0 ? 5 : 0,
    });
  return f.ethernet(packet, { dst: index % 2 === 0 ? f.MAC.broadcast : "03:bf:0a:00:00:64" });
}

function frame6(source: string, index: number): Uint8Array<ArrayBuffer> {
  const client = address6();
  const src = index % 35 === 0 ? "2001:db8::101" : CLUSTER6;
  const options = { src: source, dst: CLUSTER6 };
  const embedded = truncated(f.ipv6(f.u32(0x50_1234).concat(f.u32(1)), { src, dst: client }), 40, index);
  const packet = index % 5 === 0
    ? f.ipv6(f.icmpv6([1, 2, 3, 4, 128][index % 25 / 5]!, 0, [0, 0, 0, 0], embedded, options), {
      ...options,
      next: 58,
    })
    : f.ipv6(f.udp6([1, 2], options), options);
  return f.ethernet(packet, {
    dst: index % 2 === 0 ? f.MAC.broadcast : "33:33:00:00:00:64",
    type: f.ETHERTYPE.ipv6,
  });
}

const draw = (count: number, address: () => string) => {
  const drawn = new Set<string>();
  while (drawn.size < count) drawn.add(address());
  return [...drawn];
};
const sources = [...draw(Number(each), address4), ...draw(Number(each), address6)];
const frames = sources.map((source, index) =>
  source.includes(":") ? frame6(source, index) : frame4(source, index)
);

const tap = new Tap({ name: "tap0" });

/** Sources of the frames that the kernel lets in. */
function ask(rules: string): Set<string> {
  nft(`flush ruleset${OBSERVER}${rules}`);
  for (const frame of frames) while (!tap.write(frame, frame.length));
  const { nftables } = JSON.parse(execFileSync("nft", ["-j", "list", "table", "inet", "observer"], {
    encoding: "utf8",
    maxBuffer: 1e9,
  })) as { nftables: { set?: { elem?: string[] } }[] };
  return new Set(nftables.flatMap(({ set }) => set?.elem ?? []));
}

const found = { liveSets: 0, asked: 0, disagree: [] as string[], notOne: [] as string[] };
for (let bits = 1; bits < 16; bits++) {
  const live = NAMES.filter((_, index) => (bits >>> index & 1) === 1);
  const owners = new Uint8Array(frames.length);
  for (const name of live) {
    const taken = ask(
      filterTable(cluster, name, ownedBuckets(cluster, name, (other) => live.includes(other))),
    );
    const filter = new BackendFilter(config, name, live);
    for (const [index, source] of sources.entries()) {
      const isIn = taken.has(source);
      if (isIn) owners[index]!++;
      found.asked++;
      if (isIn !== accepts(frames[index]!, filter)) found.disagree.push(`${live}: ${name} ${source}`);
    }
  }
  found.liveSets++;
  for (const [index, count] of owners.entries()) {
    if (count !== 1) found.notOne.push(`${live}: ${count} take ${sources[index]}`);
  }
}
tap.close();
console.log(
  JSON.stringify({ ...found, disagree: found.disagree.slice(0, 5), notOne: found.notOne.slice(0, 5) }),
);

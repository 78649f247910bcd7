/** The kernel as oracle: frames of many clients go to it through a TAP, under the rules of each backend and live set. */

import { expect, test } from "vitest";
import { accepts, BackendFilter, parseConfig } from "oneip";
import { ownedBuckets } from "../../../src/filter/rules/ownership.ts";
import { filterTable } from "../../../src/filter/rules/rules.ts";
import { KernelFilters } from "../../../src/prove/kernel_filters.ts";
import { ipOf } from "../../../src/wire/address.ts";
import * as f from "../../frames.ts";
import { needsTap } from "../../needs.ts";
import { Random } from "../../random.ts";

const CLUSTER = "10.0.0.100";
const CLUSTER6 = "2001:db8::100";
const NAMES = ["web1", "web2", "web3", "web4"];

test.skipIf(needsTap())(
  "5,000 clients, half of each family: kernel and accepts() agree, and exactly one of four backends takes each, under every live set",
  async () => {
    // A backend that is live is asked under each of the eight live sets that it is in.
    expect(await ask(2500)).toEqual({ liveSets: 15, asked: 5000 * 4 * 8, disagree: [], notOne: [] });
  },
);

test.skipIf(needsTap())("the same of networks, when a mask makes them one client", async () => {
  expect(await ask(1000, "{ipv4: 20, ipv6: 56}"))
    .toEqual({ liveSets: 15, asked: 2000 * 4 * 8, disagree: [], notOne: [] });
});

/** With so many clients of each family: what the kernel lets in, compared with what `accepts` says. */
async function ask(each: number, mask?: string) {
  const config = configWith(mask);
  const cluster = config.clusters[0]!;
  const sources = [...draw(each, address4), ...draw(each, address6)];
  const frames = sources.map((source, index) => (source.includes(":") ? frame6 : frame4)(source, index));
  const found = { liveSets: 0, asked: 0, disagree: [] as string[], notOne: [] as string[] };
  const kernel = await KernelFilters.open();
  try {
    for (let bits = 1; bits < 16; bits++) {
      const live = NAMES.filter((_, index) => (bits >>> index & 1) === 1);
      const owners = new Uint8Array(frames.length);
      for (const name of live) {
        const own = ownedBuckets(cluster, name, (other) => live.includes(other));
        const taken = await kernel.ask(filterTable(cluster, name, own), frames);
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
  } finally {
    await kernel.close();
  }
  return { ...found, disagree: found.disagree.slice(0, 5), notOne: found.notOne.slice(0, 5) };
}

function configWith(mask: string | undefined) {
  return parseConfig(
    `dispatcher: {addresses: [10.0.0.2/24, "2001:db8::2/64"]}
clusters:
  - name: web
    addresses: [${CLUSTER}, "${CLUSTER6}"]
    technique: broadcast
    seed: 3735928559
    ${mask === undefined ? "" : `mask: ${mask}`}
    backends:
${
      NAMES.map((name, index) => `      - {name: ${name}, address: 10.0.0.1${index}, weight: ${index + 1}}`)
        .join("\n")
    }
`,
    "oracle.yaml",
    "test",
  );
}

const random = new Random(7);

function address4(): string {
  return `${1 + random.below(126)}.${random.below(256)}.${random.below(256)}.${1 + random.below(254)}`;
}

function address6(): string {
  return ipOf(Uint8Array.from([0x20 + random.below(16), ...random.octets(15)]));
}

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

function draw(count: number, address: () => string): string[] {
  const drawn = new Set<string>();
  while (drawn.size < count) drawn.add(address());
  return [...drawn];
}

/** A frame taken apart: each field where tshark finds it, and with its value. Any octets are taken. */

import fc from "fast-check";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { captureFrame, captureHeader } from "../../src/capture/writer.ts";
import { dissect } from "../../src/playground/seen/dissect.ts";
import type { Field, Header } from "../../src/playground/seen/field.ts";
import * as frames from "../frames.ts";

const { ethernet, ETHERTYPE, ipv4, ipv6, icmp, icmpv6, tcp, tcp6, udp, udp6, arp } = frames;
const v6 = (payload: frames.Octets) => ethernet(payload, { type: ETHERTYPE.ipv6 });
const quoted = ipv4(tcp(), { src: frames.IP.cluster, dst: frames.IP.client, protocol: 6 }).slice(0, 28);

const FRAMES: readonly (readonly [Uint8Array, summary: RegExp])[] = [
  [frames.synToCluster(), /^TCP 198\.51\.100\.7:\d+ → 10\.0\.0\.100:80 SYN$/],
  [ethernet(arp(), { type: ETHERTYPE.arp }), /^ARP: who has 10\.0\.0\.\d+\? tell 10\.0\.0\.\d+$/],
  [ethernet(ipv4(udp([1, 2, 3]))), /^UDP .*, 3 octets$/],
  [ethernet(ipv4(icmp(8, 0, [1, 2, 3, 4], [0, 7, 0, 9]), { protocol: 1 })), /^ICMP .* echo request$/],
  [
    ethernet(ipv4(icmp(3, 4, quoted, [0, 0, 5, 0]), { protocol: 1 })),
    /fragmentation needed, MTU 1280 \(about TCP 10\.0\.0\.100/,
  ],
  [v6(ipv6(udp6([1, 2]), { next: 17 })), /^UDP \[2001:/],
  [v6(ipv6(tcp6(), { next: 6 })), /^TCP \[2001:/],
  [v6(ipv6(icmpv6(128, 0, [0, 1, 0, 2], [1, 2]), { next: 58 })), /^ICMPv6 .* echo request$/],
  [v6(frames.solicitation()), /^ND: who has /],
  [v6(frames.advertisement()), /^ND: .* is at 02:/],
  [frames.vrrp(), /^VRRP .* virtual router \d+, priority \d+$/],
  [frames.vrrp6(), /^VRRP /],
];

/** Of our headers and fields: the names that tshark has for them. */
const NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ethernet: { Destination: "eth.dst", Source: "eth.src", Type: "eth.type" },
  ARP: {
    "Hardware type": "arp.hw.type",
    "Protocol type": "arp.proto.type",
    Operation: "arp.opcode",
    "Sender MAC": "arp.src.hw_mac",
    "Sender IP": "arp.src.proto_ipv4",
    "Target MAC": "arp.dst.hw_mac",
    "Target IP": "arp.dst.proto_ipv4",
  },
  IPv4: {
    Version: "ip.version",
    "Total length": "ip.len",
    Identification: "ip.id",
    "Fragment offset": "ip.frag_offset",
    "Time to live": "ip.ttl",
    Protocol: "ip.proto",
    "Header checksum": "ip.checksum",
    "Source address": "ip.src",
    "Destination address": "ip.dst",
  },
  IPv6: {
    Version: "ipv6.version",
    "Flow label": "ipv6.flow",
    "Payload length": "ipv6.plen",
    "Next header": "ipv6.nxt",
    "Hop limit": "ipv6.hlim",
    "Source address": "ipv6.src",
    "Destination address": "ipv6.dst",
  },
  TCP: {
    "Source port": "tcp.srcport",
    "Destination port": "tcp.dstport",
    Window: "tcp.window_size_value",
    Checksum: "tcp.checksum",
    "Urgent pointer": "tcp.urgent_pointer",
  },
  UDP: {
    "Source port": "udp.srcport",
    "Destination port": "udp.dstport",
    Length: "udp.length",
    Checksum: "udp.checksum",
  },
  ICMP: { Type: "icmp.type", Code: "icmp.code", Checksum: "icmp.checksum", "Next hop's MTU": "icmp.mtu" },
  ICMPv6: {
    Type: "icmpv6.type",
    Code: "icmpv6.code",
    Checksum: "icmpv6.checksum",
    "Target address": "icmpv6.nd.ns.target_address",
  },
  "ND option": { Option: "icmpv6.opt.type", "Link-layer address": "icmpv6.opt.linkaddr" },
  VRRP: {
    "Virtual router": "vrrp.virt_rtr_id",
    Priority: "vrrp.prio",
    Interval: "vrrp.short_adver_int",
    Checksum: "vrrp.checksum",
  },
};

/** By frame and name: `position value` of each field that tshark shows. */
function tshark(): Map<string, string[]>[] {
  const folder = mkdtempSync(join(tmpdir(), "oneip-dissect-"));
  try {
    const file = join(folder, "frames.pcapng");
    writeFileSync(
      file,
      Buffer.concat([
        captureHeader("eth0"),
        ...FRAMES.map(([octets]) =>
          captureFrame({ octets, lengthOnWire: octets.length, nanoseconds: 1n, direction: "in", comment: "" })
        ),
      ]),
    );
    const { stdout } = spawnSync("tshark", ["-r", file, "-T", "pdml"], {
      encoding: "utf8",
      maxBuffer: 1 << 24,
    });
    return stdout.split("<packet>").slice(1).map((packet) => {
      const found = new Map<string, string[]>();
      for (const [, name, rest] of packet.matchAll(/<field name="([^"]+)"([^>]*)>/g)) {
        const [, position] = /\bpos="(\d+)"/.exec(rest!) ?? [];
        const [, show = ""] = /\bshow="([^"]*)"/.exec(rest!) ?? [];
        found.set(name!, [...found.get(name!) ?? [], `${position} ${plain(show)}`]);
      }
      return found;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Numbers in one form, be they decimal or hexadecimal. */
function plain(value: string): string {
  const [word = ""] = value.split(/[, ]/);
  return /^(0x[0-9a-f]+|\d+)$/.test(word) ? String(Number(word)) : word;
}

test("each field stands where tshark finds it, and has the value that tshark reads", () => {
  const shown = tshark();
  expect(shown).toHaveLength(FRAMES.length);
  const seen = new Set<string>();
  for (const [index, [octets]] of FRAMES.entries()) {
    for (const { name: header, at, fields } of dissect(octets).headers) {
      for (const { name, bit, text } of fields) {
        const theirs = NAMES[header]?.[name];
        if (theirs === undefined) continue;
        const own = `${at + (bit >>> 3)} ${plain(text)}`;
        const names = theirs === "icmpv6.nd.ns.target_address"
          ? [theirs, "icmpv6.nd.na.target_address"]
          : [theirs];
        expect(names.flatMap((one) => shown[index]!.get(one) ?? []), `frame ${index}, ${header}, ${name}`)
          .toContain(own);
        seen.add(`${header} ${name}`);
      }
    }
  }
  const all = Object.entries(NAMES).flatMap(([header, names]) =>
    Object.keys(names).map((name) => `${header} ${name}`)
  );
  expect([...seen].sort()).toEqual(all.sort());
});

test.each(FRAMES)("one line says what %# is", (octets, summary) => {
  expect(dissect(octets).summary).toMatch(summary);
});

/** Every octet of the frame belongs to one header, and every bit of a header to one field. */
function coversAll(octets: Uint8Array): void {
  let end = 0;
  for (const { at, length, fields } of dissect(octets).headers) {
    expect(at).toBe(end);
    end += length;
    expect(fields.reduce((sum: number, { bits }: Field) => sum + bits, 0)).toBe(8 * length);
  }
  expect(end).toBe(octets.length);
}

test("every octet has its name, whatever is cut off or changed", () => {
  for (const [octets] of FRAMES) {
    for (let length = 0; length <= octets.length; length++) coversAll(octets.slice(0, length));
  }
  const any = fc.constantFrom(...FRAMES.map(([octets]) => octets));
  fc.assert(
    fc.property(any, fc.array(fc.tuple(fc.nat(79), fc.nat(255)), { maxLength: 6 }), (octets, changes) => {
      const changed = octets.slice();
      for (const [at, value] of changes) if (at < changed.length) changed[at] = value;
      coversAll(changed);
    }),
    { numRuns: 500 },
  );
});

test("fragments after the first have no ports: their data is called what it is", () => {
  const later = ethernet(ipv4([1, 2, 3, 4, 5, 6, 7, 8], { fragment: 185 }));
  const { headers, summary } = dissect(later);
  expect(headers.map(({ name }: Header) => name)).toEqual(["Ethernet", "IPv4", "Data of a fragment"]);
  expect(summary).toContain("fragment from octet 1480 on");
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readPcap } from "../../src/device/pcap.ts";
import { runChecked } from "../../src/system/programs.ts";
import { ethernet, ipv4, synToCluster, udp } from "../frames.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-pcap-"));
afterAll(() => rmSync(folder, { recursive: true }));

const FRAMES = [synToCluster("198.51.100.7"), ethernet(ipv4(udp([1, 2, 3])))];

/** The plain way: every word in big-endian order, unless `isLittle`. */
function pcap({ magic = 0xa1b2c3d4, isLittle = false, linkType = 1 } = {}): Uint8Array {
  const words = (...values: number[]) => {
    const view = new DataView(new ArrayBuffer(values.length * 4));
    values.forEach((value, index) => view.setUint32(index * 4, value, isLittle));
    return new Uint8Array(view.buffer);
  };
  const header = words(magic, isLittle ? 0x0004_0002 : 0x0002_0004, 0, 0, 65_535, linkType);
  const records = FRAMES.flatMap((frame) => [...words(1, 2, frame.length, frame.length), ...frame]);
  return Uint8Array.from([...header, ...records]);
}

for (const [unit, magic] of [["microseconds", 0xa1b2c3d4], ["nanoseconds", 0xa1b23c4d]] as const) {
  for (const isLittle of [false, true]) {
    test(`frames of a ${isLittle ? "little" : "big"}-endian capture in ${unit}`, () => {
      expect(readPcap(pcap({ magic, isLittle }))).toEqual(FRAMES);
    });
  }
}

for (const format of ["pcap", "nsecpcap"]) {
  test(`frames of a file that Wireshark wrote as ${format}`, async () => {
    const [own, theirs] = [join(folder, "own.pcap"), join(folder, `${format}.pcap`)];
    writeFileSync(own, pcap());
    await runChecked(["editcap", "-F", format, own, theirs]);
    expect(readPcap(readFileSync(theirs)).map((frame) => Uint8Array.from(frame))).toEqual(FRAMES);
  });
}

test("a pcapng file is refused by its name, and what mends it does", async () => {
  const [own, ng, back] = ["own.pcap", "next.pcapng", "back.pcap"].map((name) => join(folder, name));
  writeFileSync(own!, pcap());
  await runChecked(["editcap", "-F", "pcapng", own!, ng!]);
  expect(() => readPcap(readFileSync(ng!))).toThrow(/found pcapng, convert it with editcap -F pcap$/);
  await runChecked(["editcap", "-F", "pcap", ng!, back!]);
  expect(readPcap(readFileSync(back!))).toHaveLength(FRAMES.length);
});

test.each([
  [pcap().subarray(0, 20), "A pcap file begins with 24 octets of header, found 20"],
  [pcap({ magic: 0x89504e47 }), "found 0x89504e47"],
  [pcap({ linkType: 113 }), "The capture has link type 113, use one of an Ethernet interface (link type 1)"],
  [pcap().subarray(0, -5), "The capture ends within frame 2: 5 octets are missing"],
  [pcap().subarray(0, 24 + 10), "The capture ends within frame 1: 6 octets are missing"],
])("what is no whole capture is refused, and what was found is said", (octets, message) => {
  expect(() => readPcap(octets)).toThrow(message);
});

test("an empty capture has no frames", () => {
  expect(readPcap(pcap().subarray(0, 24))).toEqual([]);
});

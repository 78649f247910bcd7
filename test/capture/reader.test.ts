import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CaptureReader, readCapture } from "../../src/capture/reader.ts";
import { CaptureError } from "../../src/capture/format.ts";
import { runChecked } from "../../src/system/programs.ts";
import { roundsOf } from "../needs.ts";
import { Random } from "../random.ts";
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
      expect(readCapture(pcap({ magic, isLittle }))).toEqual(FRAMES);
    });
  }
}

for (const format of ["pcap", "nsecpcap", "pcapng"]) {
  test(`frames of a file that Wireshark wrote as ${format}`, async () => {
    const [own, theirs] = [join(folder, "own.pcap"), join(folder, `${format}.pcap`)];
    writeFileSync(own, pcap());
    await runChecked(["editcap", "-F", format, own, theirs]);
    expect(readCapture(readFileSync(theirs))).toEqual(FRAMES);
  });
}

/** The plain way: words in big-endian order, unless `isLittle`. */
class Blocks {
  readonly octets: number[] = [];
  readonly #isLittle: boolean;

  constructor(isLittle = false) {
    this.#isLittle = isLittle;
    this.add(0x0a0d0d0a, [...this.u32(0x1a2b3c4d), ...this.u16(1, 0), ...Array<number>(8).fill(255)]);
  }

  add(type: number, body: readonly number[], lengthBehind = body.length + 12): this {
    this.octets.push(...this.u32(type, body.length + 12), ...body, ...this.u32(lengthBehind));
    return this;
  }

  interface(linkType = 1, options: readonly number[] = [], snapshot = 0): this {
    return this.add(1, [...this.u16(linkType, 0), ...this.u32(snapshot), ...options]);
  }

  enhanced(index: number, high: number, low: number, frame: Uint8Array): this {
    const padding = Array<number>(-frame.length & 3).fill(0);
    return this.add(6, [...this.u32(index, high, low, frame.length, frame.length), ...frame, ...padding]);
  }

  u16(...values: readonly number[]): number[] {
    return values.flatMap((value) => this.#order([value >>> 8, value & 255]));
  }

  u32(...values: readonly number[]): number[] {
    return values.flatMap((value) =>
      this.#order([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255])
    );
  }

  #order(octets: number[]): number[] {
    return this.#isLittle ? octets.toReversed() : octets;
  }
}

/** Frames with their times; `step` octets at a time. */
function read(octets: readonly number[], step = 1 << 20): [Uint8Array, bigint][] {
  let at = 0;
  const reader = new CaptureReader((into) => {
    const part = octets.slice(at, at + Math.min(step, into.length));
    into.set(part);
    at += part.length;
    return part.length;
  }, "a.pcapng");
  const frames: [Uint8Array, bigint][] = [];
  while (reader.next()) {
    const { at, length, nanoseconds } = reader.frame;
    frames.push([reader.bytes.slice(at, at + length), nanoseconds]);
  }
  return frames;
}

const [first, second] = FRAMES as [Uint8Array, Uint8Array];

for (const isLittle of [false, true]) {
  test(`pcapng, ${isLittle ? "little" : "big"}-endian: each interface has its own time, unknown blocks are passed over`, () => {
    const blocks = new Blocks(isLittle);
    const resolution = (value: number) => [...blocks.u16(9, 1), value, 0, 0, 0, ...blocks.u16(0, 0)];
    const offset = [
      ...blocks.u16(14, 8),
      ...(isLittle ? [100, 0, 0, 0, 0, 0, 0, 0] : [0, 0, 0, 0, 0, 0, 0, 100]),
    ];
    const { octets } = blocks
      .interface()
      .add(0x0bad, [1, 2, 3, 4])
      .interface(1, resolution(9))
      .interface(1, [...offset, ...resolution(0x80 | 4)])
      .enhanced(0, 0, 5_000_001, first)
      .enhanced(1, 1, 7, second)
      .enhanced(2, 0, 24, first)
      .add(3, [...blocks.u32(second.length), ...second, ...Array<number>(-second.length & 3).fill(0)]);
    const expected = [
      [first, 5_000_001_000n],
      [second, 2n ** 32n + 7n],
      [first, 101_500_000_000n],
      [second, 0n],
    ];
    expect(read(octets)).toEqual(expected);
    expect(read(octets, 1)).toEqual(expected);
  });
}

test("a second section may have another order of octets, and has its own interfaces", () => {
  const octets = [
    ...new Blocks().interface().enhanced(0, 0, 1, first).octets,
    ...new Blocks(true).interface().enhanced(0, 0, 2, second).octets,
  ];
  expect(read(octets)).toEqual([[first, 1000n], [second, 2000n]]);
});

test("however long a file is, it is read in memory of one size", () => {
  const block = new Blocks().interface().enhanced(0, 0, 1, new Uint8Array(60_000)).octets;
  const section = Uint8Array.from(block);
  let left = 1000; // 60 megabytes.
  const reader = new CaptureReader((into) => {
    if (left === 0 || into.length < section.length) return left === 0 ? 0 : fail();
    left--;
    into.set(section);
    return section.length;
  }, "-");
  const { bytes } = reader;
  let frames = 0;
  while (reader.next()) frames++;
  expect([frames, reader.bytes === bytes, bytes.length]).toEqual([1000, true, 2 ** 20]);
});

function fail(): never {
  throw new Error("It asks for less than a frame");
}

const one = () => new Blocks().interface().enhanced(0, 0, 1, first);

test.each<[ArrayLike<number>, string]>([
  [pcap().subarray(0, 20), "a: octet 0: a pcap file begins with 24 octets of header, found 20"],
  [
    pcap({ magic: 0x89504e47 }),
    "a: octet 0: it is neither pcapng nor pcap, found 0x89504e47 at its start, use a file",
  ],
  [[0x1f, 0x8b, 8, 0], 'a: octet 0: it is compressed, found gzip, use what "zcat FILE" prints'],
  [[1, 2], "a: octet 0: it is no capture, found 2 octets"],
  [
    pcap({ linkType: 113 }),
    "the frames are not Ethernet, found link type 113 (Linux cooked), capture on one interface",
  ],
  [pcap().subarray(0, -5), "octet 94: the capture ends within frame 2, 5 octets are missing"],
  [pcap().subarray(0, 24 + 10), "octet 24: the capture ends within frame 1, 6 octets are missing"],
  [one().octets.slice(0, -30), "the capture ends within a block, the frames before it are whole"],
  [
    one().add(0x99, [], 16).octets,
    "the block has a length of 12 before it and 16 behind it, the file is damaged here",
  ],
  [
    [...one().octets, 0, 0, 0, 6, 0, 0, 0, 9, 0, 0, 0, 9],
    "a block cannot have a length of 9, the file is damaged here",
  ],
  [one().add(6, [0, 0, 0, 0]).octets, "a block of 16 octets is too short for what it says"],
  [one().enhanced(3, 0, 1, first).octets, "the frame is of interface 3, found 1 interfaces before it"],
  [new Blocks().interface(113).enhanced(0, 0, 1, first).octets, "found link type 113 (Linux cooked)"],
  [
    [0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 28, 1, 2, 3, 4],
    "a section begins with the word 0x1a2b3c4d, found another",
  ],
])("what is no whole capture is refused with file, octet and what was found", (octets, message) => {
  expect(() => readCapture(Uint8Array.from(octets), "a")).toThrow(message);
});

test("an empty capture has no frames", () => {
  expect(readCapture(pcap().subarray(0, 24))).toEqual([]);
  expect(readCapture(Uint8Array.from(new Blocks().octets))).toEqual([]);
});

test("any octets give frames or one error", () => {
  const random = new Random(20_261_130);
  const seeds = [
    pcap(),
    pcap({ isLittle: true }),
    one().octets,
    new Blocks(true).interface().enhanced(0, 1, 1, second).octets,
  ];
  for (let round = 0; round < roundsOf(2000); round++) {
    const octets = Uint8Array.from(random.pick(seeds));
    for (let count = random.below(6); count > 0; count--) {
      octets[random.below(octets.length)] = random.below(256);
    }
    try {
      read([...octets.subarray(0, random.below(4) === 0 ? random.below(octets.length) : octets.length)]);
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
    }
  }
});

import { describe, expect, test } from "vitest";
import * as ebpf from "../../src/device/ebpf.ts";
import { assemble, lengthOf, listing } from "../../src/kernel/assembler/assemble.ts";
import * as bpf from "../../src/kernel/assembler/instructions.ts";
import type { Condition, Item, Operand, Register } from "../../src/kernel/assembler/instructions.ts";
import { hex } from "../frames.ts";
import { needsRoot } from "../needs.ts";
import { TestRun } from "./test_run.ts";

const octets = (...items: Item[]) => hex(assemble(items, { one: 5, two: 0x0102 }));

describe("octets of instructions, as the kernel's documents have them", () => {
  test.each<[string, Item, string]>([
    ["r1 = r2", bpf.move("r1", "r2"), "bf 21 00 00 00 00 00 00"],
    ["r3 += -2", bpf.add("r3", -2), "07 03 00 00 fe ff ff ff"],
    ["w4 >>= 7", bpf.shiftRight32("r4", 7), "74 04 00 00 07 00 00 00"],
    ["r1 = be16 r1", bpf.bigEndian("r1", 16), "dc 01 00 00 10 00 00 00"],
    ["r1 = *(u16 *)(r7 + 12)", bpf.load(16, "r1", "r7", 12), "69 71 0c 00 00 00 00 00"],
    ["r1 = *(u64 *)(r10 + -8)", bpf.load(64, "r1", "r10", -8), "79 a1 f8 ff 00 00 00 00"],
    ["*(u32 *)(r10 + -4) = 0", bpf.store(32, "r10", -4, 0), "62 0a fc ff 00 00 00 00"],
    ["*(u8 *)(r7 + 22) = r1", bpf.store(8, "r7", 22, "r1"), "73 17 16 00 00 00 00 00"],
    ["r0 = be16 *(packet + 12)", bpf.loadPacket(16, 12), "28 00 00 00 0c 00 00 00"],
    [
      "r3 = 0x9e3779b97f4a7c15",
      bpf.constant("r3", 0x9e3779b97f4a7c15n),
      "18 03 00 00 15 7c 4a 7f 00 00 00 00 b9 79 37 9e",
    ],
    ["r1 = map two", bpf.mapOf("r1", "two"), "18 11 00 00 02 01 00 00 00 00 00 00 00 00 00 00"],
    ["r2 = &one[24]", bpf.valueOf("r2", "one", 24), "18 22 00 00 05 00 00 00 00 00 00 00 18 00 00 00"],
    ["call redirect", bpf.call("redirect"), "85 00 00 00 17 00 00 00"],
    ["exit", bpf.exit, "95 00 00 00 00 00 00 00"],
  ])("%s", (text, item, expected) => {
    expect(octets(item)).toBe(expected);
    expect(listing([item])).toEqual([`     0  ${text}`]);
  });
});

test("a jump leaps over so many instructions, forwards or back; a constant is two of them", () => {
  const items = [
    bpf.label("begin"),
    bpf.when("r1", "==", 0, "end"),
    bpf.remark("In between."),
    bpf.constant("r2", 1n),
    bpf.when32("r1", "<=", "r2", "begin"),
    bpf.goto("end"),
    bpf.label("end"),
    bpf.exit,
  ];
  const offsets = Array.from(
    { length: lengthOf(items) },
    (_, place) => new DataView(assemble(items).buffer).getInt16(place * 8 + 2, true),
  );
  expect(offsets).toEqual([4, 0, 0, -4, 0, 0]);
  expect(listing(items)).toEqual([
    "begin:",
    "     0  if r1 == 0 goto end",
    "\n; In between.",
    "     1  r2 = 0x1",
    "     3  if w1 <= w2 goto begin",
    "     4  goto end",
    "end:",
    "     5  exit",
  ]);
});

test.each<[string, Item[]]>([
  ['There is no label "nowhere"', [bpf.goto("nowhere")]],
  ['Label "twice" is there twice', [bpf.label("twice"), bpf.exit, bpf.label("twice")]],
  ['There is no map "three"', [bpf.mapOf("r1", "three")]],
  ["Does not fit into an instruction: r1 = *(u8 *)(r2 + 32768)", [bpf.load(8, "r1", "r2", 32_768)]],
  ["Does not fit into an instruction: *(u8 *)(r2 + -32769) = 0", [bpf.store(8, "r2", -32_769, 0)]],
  ["Does not fit into an instruction: r1 += 2147483648", [bpf.add("r1", 2 ** 31)]],
  [
    "Does not fit into an instruction: goto far",
    [bpf.goto("far"), ...Array.from({ length: 32_768 }, () => bpf.exit), bpf.label("far")],
  ],
])("a mistake in a program: %s", (message, items) => {
  expect(() => octets(...items)).toThrow(message);
});

test("the widest that fits", () => {
  expect(octets(bpf.load(8, "r1", "r2", 32_767))).toBe("71 21 ff 7f 00 00 00 00");
  expect(octets(bpf.add("r1", -(2 ** 31)))).toBe("07 01 00 00 00 00 00 80");
});

/** Whatever they are called, this is what they are to do, with 64 bits. */
const OPERATIONS: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  move: (_, b) => b,
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shiftLeft: (a, b) => a << b,
  shiftRight: (a, b) => a >> b,
};
const CONDITIONS: Readonly<Record<Condition, (a: bigint, b: bigint, bits: number) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  "&": (a, b) => (a & b) !== 0n,
  "s<": (a, b, bits) => BigInt.asIntN(bits, a) < BigInt.asIntN(bits, b),
};
const VALUES = [0n, 1n, 2n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x9e3779b97f4a7c15n, 0xffffffffffffffffn];

describe.skipIf(needsRoot())("the kernel does what they say", () => {
  // Everything is asked in one program, which returns the number of the first question that is answered otherwise.
  const run = new TestRun();
  const answer = (items: Item[]) => {
    const program = ebpf.loadProgram(ebpf.SCHED_CLS, assemble([...items, bpf.move("r0", 0), bpf.exit]));
    try {
      return run.run(program, 64);
    } finally {
      ebpf.close(program);
    }
  };
  const wrong = (number: number): Item[] => [bpf.move("r0", number), bpf.exit, bpf.label(`right_${number}`)];

  test.each(Object.keys(OPERATIONS))("%s, with 64 bits and with 32", (name) => {
    const functions = bpf as unknown as Record<string, (dst: Register, operand: Operand) => Item>;
    let number = 0;
    const items = [[functions[name]!, 64], [functions[`${name}32`]!, 32]] as const;
    const asked = items.flatMap(([make, bits]) =>
      VALUES.flatMap((a) =>
        VALUES.flatMap((value) => {
          const b = name.startsWith("shift") ? value % BigInt(bits) : value;
          const left = BigInt.asUintN(bits, a);
          const expected = BigInt.asUintN(bits, OPERATIONS[name]!(left, BigInt.asUintN(bits, b)));
          number++;
          return [
            bpf.constant("r1", a),
            bpf.constant("r2", b),
            make("r1", "r2"),
            bpf.constant("r3", expected),
            bpf.when("r1", "==", "r3", `right_${number}`),
            ...wrong(number),
          ];
        })
      )
    );
    expect(answer(asked)).toBe(0);
  });

  test.each(Object.keys(CONDITIONS) as Condition[])("if %s, with 64 bits and with 32", (condition) => {
    let number = 0;
    const asked = ([[bpf.when, 64], [bpf.when32, 32]] as const).flatMap(([when, bits]) =>
      VALUES.flatMap((a) =>
        VALUES.flatMap((b) => {
          const is = CONDITIONS[condition](BigInt.asUintN(bits, a), BigInt.asUintN(bits, b), bits);
          number++;
          const to = is ? `right_${number}` : `wrong_${number}`;
          return [
            bpf.constant("r1", a),
            bpf.constant("r2", b),
            when("r1", condition, "r2", to),
            ...(is ? [] : [bpf.goto(`right_${number}`), bpf.label(to)]),
            ...wrong(number),
          ];
        })
      )
    );
    expect(answer(asked)).toBe(0);
  });
});

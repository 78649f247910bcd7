/**
 * The instructions of an eBPF program (Documentation/bpf/standardization/instruction-set.rst), one function each:
 *
 *     r0          results of calls, and the program's own
 *     r1 ... r5   arguments; a call destroys them
 *     r6 ... r9   kept over calls
 *     r10         the end of a stack of 512 octets, which grows downwards
 *
 * An operation without a number in its name works on 64 bits, one with 32 on the lower ones and clears the upper ones. A number as operand
 * is an int32 that is extended to 64 bits by its sign.
 */

export type Register = "r0" | "r1" | "r2" | "r3" | "r4" | "r5" | "r6" | "r7" | "r8" | "r9" | "r10";
export type Operand = Register | number;
/** Bits. */
export type Width = 8 | 16 | 32 | 64;

/** One instruction, or the two that a constant of 64 bits takes. */
export interface Instruction {
  readonly code: number;
  readonly dst: number;
  readonly src: number;
  /** Of a load or store: octets. Of a jump: the label that it goes to. */
  readonly offset: number | string;
  /** A number; or of a constant of 64 bits that, or the map whose descriptor or value it is. */
  readonly imm: number | bigint | MapReference;
  /** As people read it. */
  readonly text: string;
}

/** A place in the program. */
export interface Label {
  readonly label: string;
}

/** What the listing shows beside the instructions that follow. */
export interface Remark {
  readonly remark: string;
}

export type Item = Instruction | Label | Remark;

/** A map by its name; with `at`, the address of that octet of its only value. */
export interface MapReference {
  readonly map: string;
  readonly at: number | undefined;
}

const ALU = 0x04;
const ALU_64 = 0x07;
const JUMP = 0x05;
const JUMP_32 = 0x06;
const LOAD = 0x61;
const STORE = 0x62;
const STORE_REGISTER = 0x63;
/** Of a packet, in network order: only in programs of the old kind. */
const LOAD_PACKET = 0x20;
const LOAD_CONSTANT = 0x18;
const FROM_REGISTER = 0x08;

const SIZES: Readonly<Record<Width, number>> = { 32: 0x00, 16: 0x08, 8: 0x10, 64: 0x18 };

const OPERATIONS = {
  "+=": 0x00,
  "-=": 0x10,
  "*=": 0x20,
  "|=": 0x40,
  "&=": 0x50,
  "<<=": 0x60,
  ">>=": 0x70,
  "^=": 0xa0,
  "=": 0xb0,
} as const;

/** `s<` compares with sign, the others do not. `&` asks whether any of these bits is set. */
const CONDITIONS = {
  "==": 0x10,
  ">": 0x20,
  ">=": 0x30,
  "&": 0x40,
  "!=": 0x50,
  "<": 0xa0,
  "<=": 0xb0,
  "s<": 0xc0,
} as const;

export type Condition = keyof typeof CONDITIONS;

const numberOf = (register: Register) => Number(register.slice(1));
const name32 = (operand: Operand) => typeof operand === "number" ? `${operand}` : `w${operand.slice(1)}`;

function operation(
  sign: keyof typeof OPERATIONS,
  dst: Register,
  operand: Operand,
  bits: 32 | 64,
): Instruction {
  const isRegister = typeof operand !== "number";
  const [left, right] = bits === 64 ? [dst, operand] : [name32(dst), name32(operand)];
  return {
    code: OPERATIONS[sign] | (bits === 64 ? ALU_64 : ALU) | (isRegister ? FROM_REGISTER : 0),
    dst: numberOf(dst),
    src: isRegister ? numberOf(operand) : 0,
    offset: 0,
    imm: isRegister ? 0 : operand,
    text: `${left} ${sign} ${right}`,
  };
}

export const move = (dst: Register, from: Operand): Instruction => operation("=", dst, from, 64);
export const add = (dst: Register, by: Operand): Instruction => operation("+=", dst, by, 64);
export const subtract = (dst: Register, by: Operand): Instruction => operation("-=", dst, by, 64);
export const multiply = (dst: Register, by: Operand): Instruction => operation("*=", dst, by, 64);
export const and = (dst: Register, mask: Operand): Instruction => operation("&=", dst, mask, 64);
export const or = (dst: Register, bits: Operand): Instruction => operation("|=", dst, bits, 64);
export const xor = (dst: Register, bits: Operand): Instruction => operation("^=", dst, bits, 64);
export const shiftLeft = (dst: Register, by: Operand): Instruction => operation("<<=", dst, by, 64);
export const shiftRight = (dst: Register, by: Operand): Instruction => operation(">>=", dst, by, 64);

export const move32 = (dst: Register, from: Operand): Instruction => operation("=", dst, from, 32);
export const add32 = (dst: Register, by: Operand): Instruction => operation("+=", dst, by, 32);
export const subtract32 = (dst: Register, by: Operand): Instruction => operation("-=", dst, by, 32);
export const multiply32 = (dst: Register, by: Operand): Instruction => operation("*=", dst, by, 32);
export const and32 = (dst: Register, mask: Operand): Instruction => operation("&=", dst, mask, 32);
export const or32 = (dst: Register, bits: Operand): Instruction => operation("|=", dst, bits, 32);
export const xor32 = (dst: Register, bits: Operand): Instruction => operation("^=", dst, bits, 32);
export const shiftLeft32 = (dst: Register, by: Operand): Instruction => operation("<<=", dst, by, 32);
export const shiftRight32 = (dst: Register, by: Operand): Instruction => operation(">>=", dst, by, 32);

/** Turns the lower 16, 32 or 64 bits from network order into a number or back, and clears the rest. */
export function bigEndian(dst: Register, bits: 16 | 32 | 64): Instruction {
  return {
    code: 0xd0 | ALU | FROM_REGISTER,
    dst: numberOf(dst),
    src: 0,
    offset: 0,
    imm: bits,
    text: `${dst} = be${bits} ${dst}`,
  };
}

/** dst = what is there, little-endian; the rest is cleared. */
export function load(width: Width, dst: Register, base: Register, offset: number): Instruction {
  return {
    code: LOAD | SIZES[width],
    dst: numberOf(dst),
    src: numberOf(base),
    offset,
    imm: 0,
    text: `${dst} = *(u${width} *)(${base} + ${offset})`,
  };
}

export function store(width: Width, base: Register, offset: number, from: Operand): Instruction {
  const isRegister = typeof from !== "number";
  return {
    code: (isRegister ? STORE_REGISTER : STORE) | SIZES[width],
    dst: numberOf(base),
    src: isRegister ? numberOf(from) : 0,
    offset,
    imm: isRegister ? 0 : from,
    text: `*(u${width} *)(${base} + ${offset}) = ${from}`,
  };
}

/**
 * r0 = the packet's octets there, as a number; offsets count from the Ethernet header. The context must be in r6; r1 to r5 are destroyed,
 * and where the packet is too short the program ends with result 0. Not in every kind of program.
 */
export function loadPacket(width: 8 | 16 | 32, offset: number): Instruction {
  return {
    code: LOAD_PACKET | SIZES[width],
    dst: 0,
    src: 0,
    offset: 0,
    imm: offset,
    text: `r0 = be${width} *(packet + ${offset})`,
  };
}

export function constant(dst: Register, value: bigint): Instruction {
  return {
    code: LOAD_CONSTANT,
    dst: numberOf(dst),
    src: 0,
    offset: 0,
    imm: value,
    text: `${dst} = 0x${BigInt.asUintN(64, value).toString(16)}`,
  };
}

/** dst = a map, as calls want it. */
export function mapOf(dst: Register, map: string): Instruction {
  return {
    code: LOAD_CONSTANT,
    dst: numberOf(dst),
    src: 1,
    offset: 0,
    imm: { map, at: undefined },
    text: `${dst} = map ${map}`,
  };
}

/** dst = where that octet of a map's only value is. */
export function valueOf(dst: Register, map: string, at = 0): Instruction {
  return {
    code: LOAD_CONSTANT,
    dst: numberOf(dst),
    src: 2,
    offset: 0,
    imm: { map, at },
    text: `${dst} = &${map}[${at}]`,
  };
}

export const label = (name: string): Label => ({ label: name });
export const remark = (text: string): Remark => ({ remark: text });

export function goto(to: string): Instruction {
  return { code: JUMP, dst: 0, src: 0, offset: to, imm: 0, text: `goto ${to}` };
}

function jump(left: Register, condition: Condition, right: Operand, to: string, bits: 32 | 64): Instruction {
  const isRegister = typeof right !== "number";
  const [one, other] = bits === 64 ? [left, right] : [name32(left), name32(right)];
  return {
    code: CONDITIONS[condition] | (bits === 64 ? JUMP : JUMP_32) | (isRegister ? FROM_REGISTER : 0),
    dst: numberOf(left),
    src: isRegister ? numberOf(right) : 0,
    offset: to,
    imm: isRegister ? 0 : right,
    text: `if ${one} ${condition} ${other} goto ${to}`,
  };
}

export const when = (left: Register, condition: Condition, right: Operand, to: string): Instruction =>
  jump(left, condition, right, to, 64);
export const when32 = (left: Register, condition: Condition, right: Operand, to: string): Instruction =>
  jump(left, condition, right, to, 32);

/** Functions of the kernel that a program may call, by number (include/uapi/linux/bpf.h). */
const FUNCTIONS = { map_lookup_elem: 1, redirect: 23, skb_pull_data: 39 } as const;

export function call(name: keyof typeof FUNCTIONS): Instruction {
  return { code: 0x80 | JUMP, dst: 0, src: 0, offset: 0, imm: FUNCTIONS[name], text: `call ${name}` };
}

/** The program's end; its result is r0. */
export const exit: Instruction = { code: 0x90 | JUMP, dst: 0, src: 0, offset: 0, imm: 0, text: "exit" };

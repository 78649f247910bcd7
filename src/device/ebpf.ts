/**
 * What the kernel is asked about eBPF programs, maps and links by bpf(2). The fields are those of union bpf_attr
 * (include/uapi/linux/bpf.h), each at its place in octets. Descriptors are closed by whoever got them.
 */

import { describeErrno, EAGAIN } from "./errno.ts";
import { libc } from "./libc.ts";

const MAP_CREATE = 0;
const MAP_LOOKUP_ELEM = 1;
const MAP_UPDATE_ELEM = 2;
const PROG_LOAD = 5;
const MAP_FREEZE = 22;
const MAP_LOOKUP_BATCH = 24;
const LINK_CREATE = 28;
const LINK_UPDATE = 29;

/** Octets of the part of union bpf_attr that is used here; the kernel takes what is missing for 0. */
const ATTRIBUTES = 128;

/** Octets of an instruction. */
const INSTRUCTION = 8;

/** enum bpf_prog_type. */
export const SOCKET_FILTER = 1;
export const SCHED_CLS = 3;

/** enum bpf_attach_type: programs before a device, on the way in and out (Linux 6.6). */
export const TCX_INGRESS = 46;
export const TCX_EGRESS = 47;

/** enum bpf_map_type. */
export const ARRAY = 2;
export const PERCPU_ARRAY = 6;
export const ARRAY_OF_MAPS = 12;

/** The program may not write to it. */
export const READ_ONLY_PROGRAM = 1 << 7;

/** The kernel has refused something. `errno` says what, `log` what the verifier has said of a program. */
export class BpfError extends Error {
  override name = "BpfError";
  readonly errno: number;
  readonly log: string;

  constructor(what: string, errno: number, log = "") {
    super(`The kernel refuses to ${what}: ${describeErrno(errno)}${log === "" ? "" : `; ${log}`}`);
    this.errno = errno;
    this.log = log;
  }
}

type Field = readonly [at: number, value: number | Uint8Array<ArrayBuffer>];

/** A number takes four octets, what is pointed to eight. */
function bpf(command: number, ...fields: readonly Field[]): number {
  const attributes = new Uint8Array(new ArrayBuffer(ATTRIBUTES));
  const view = new DataView(attributes.buffer);
  for (const [at, value] of fields) {
    if (typeof value === "number") view.setUint32(at, value, true);
    else view.setBigUint64(at, libc.addressOf(value), true);
  }
  return libc.bpf(command, attributes, attributes.length);
}

function orThrow(result: number, what: string): number {
  if (result < 0) throw new BpfError(what, libc.errno());
  return result;
}

/** Octets of what the verifier may say. */
const LOG = 65_536;
/** How often a program is loaded that a signal interrupts. */
const ATTEMPTS = 5;
/** The last lines of it say why. */
const LOG_LINES = 3;

/** A program that the kernel has checked. Throws BpfError with the end of what its verifier says. */
export function loadProgram(
  type: number,
  instructions: Uint8Array<ArrayBuffer>,
  attachType = 0,
  name = "oneip",
): number {
  const license = new Uint8Array(new ArrayBuffer(1));
  const fields: Field[] = [
    [0, type],
    [4, instructions.length / INSTRUCTION],
    [8, instructions],
    [16, license],
    ...nameAt(48, name),
    [68, attachType],
  ];
  let errno = EAGAIN;
  // The checks end early when a signal waits for this thread (kernel/bpf/verifier.c). It has it when the call returns.
  for (let attempt = 0; attempt < ATTEMPTS && errno === EAGAIN; attempt++) {
    const program = bpf(PROG_LOAD, ...fields);
    if (program >= 0) return program;
    errno = libc.errno();
  }
  // Asked again for what it says: to write that down costs more than the checks.
  const log = new Uint8Array(new ArrayBuffer(LOG));
  const program = bpf(PROG_LOAD, ...fields, [24, 1], [28, log.length], [32, log]);
  if (program >= 0) return program;
  const lines = new TextDecoder().decode(log.subarray(0, log.indexOf(0))).trim().split("\n");
  throw new BpfError(
    "load the program",
    errno,
    lines.filter((line) => !/^(processed|verification) /.test(line)).slice(-LOG_LINES).join(" / "),
  );
}

function nameAt(at: number, name: string): Field[] {
  const octets = new Uint8Array(16);
  new TextEncoder().encodeInto(name, octets.subarray(0, 15));
  const words = new Uint32Array(octets.buffer);
  return [...words.entries()].map(([word, value]): Field => [at + word * 4, value]);
}

export interface MapOptions {
  readonly type: number;
  readonly name: string;
  /** Octets of each; of an array of maps 4. */
  readonly valueSize: number;
  readonly entries: number;
  readonly flags?: number;
  /** Of an array of maps: one like those that it will have. */
  readonly inner?: number;
}

/** Keys are numbers from 0. Throws BpfError. */
export function createMap({ type, name, valueSize, entries, flags = 0, inner = 0 }: MapOptions): number {
  return orThrow(
    bpf(
      MAP_CREATE,
      [0, type],
      [4, 4],
      [8, valueSize],
      [12, entries],
      [16, flags],
      [20, inner],
      ...nameAt(28, name),
    ),
    `make the map ${name}`,
  );
}

/** Nobody changes it any more but programs. */
export function freezeMap(map: number): void {
  orThrow(bpf(MAP_FREEZE, [0, map]), "freeze a map");
}

/** Throws BpfError. Where the map is one of maps, it returns when no program uses the one before any more. */
export function updateMap(map: number, key: number, value: Uint8Array<ArrayBuffer>): void {
  const keyOctets = new Uint8Array(Uint32Array.of(key).buffer);
  orThrow(bpf(MAP_UPDATE_ELEM, [0, map], [8, keyOctets], [16, value]), "write to a map");
}

/** Reads the value of key 0; `into` is as long as that, of a map by CPU as long as that of all CPUs. */
export function lookUpMap(map: number, into: Uint8Array<ArrayBuffer>): void {
  const key = new Uint8Array(new ArrayBuffer(4));
  orThrow(bpf(MAP_LOOKUP_ELEM, [0, map], [8, key], [16, into]), "read a map");
}

/** Reads so many values from key 0 on, one after the other; of a map by CPU those of all CPUs for each key. */
export function lookUpMapWhole(map: number, entries: number, into: Uint8Array<ArrayBuffer>): void {
  const next = new Uint8Array(new ArrayBuffer(4));
  const keys = new Uint8Array(new ArrayBuffer(4 * entries));
  orThrow(
    bpf(MAP_LOOKUP_BATCH, [8, next], [16, keys], [24, into], [32, entries], [36, map]),
    "read a map",
  );
}

/** Attaches a program to an interface, after those that are there. Closing the descriptor detaches it. Throws BpfError. */
export function attachProgram(program: number, ifindex: number, attachType: number): number {
  return orThrow(
    bpf(LINK_CREATE, [0, program], [4, ifindex], [8, attachType]),
    "attach the program to the interface",
  );
}

/** Lets another program take the place of the one that is attached: each frame meets one of both. Throws BpfError. */
export function replaceProgram(link: number, program: number): void {
  orThrow(bpf(LINK_UPDATE, [0, link], [4, program]), "replace the program");
}

/** Of a program, a map or a link. */
export function close(descriptor: number): void {
  libc.close(descriptor);
}

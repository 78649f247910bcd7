/**
 * Runs the program over single frames (BPF_PROG_TEST_RUN), as if they had come to an interface.
 *
 * The kernel (net/bpf/test_run.c) refuses here what an interface may well bring: frames with less than a whole IP header behind an
 * EtherType that promises one, and frames that do not fit into one page. Nor can it be told of a tag beside the frame. So a few
 * instructions before the program do that: the frame comes in at a length that the kernel takes, and what it is to be is in the context.
 *
 *     cb[0]   octets that the frame is to have; 0: as many as it has
 *     cb[1]   the EtherType of the tag beside it, in network order; 0: no tag
 *     cb[2]   the tag
 *
 * Less than an Ethernet header no device gives to a program (dev_validate_header, tun_get_user).
 */

import { libc } from "../../src/device/libc.ts";
import { describeErrno } from "../../src/device/errno.ts";
import {
  exit,
  type Instruction,
  type Item,
  label,
  load,
  move,
  remark,
  when32,
} from "../../src/kernel/assembler/instructions.ts";
import { program } from "../../src/kernel/program/program.ts";

/** Frames as long as that, and no longer, can be tried. */
export const LEAST = 14;
export const MOST = 16_000;

/** What the kernel takes by itself, whatever the EtherType. A super-frame must: changing its length makes it none. */
export const LEAST_TAKEN = 14 + 40;
export const MOST_TAKEN = 3712;

/** Results: passed up (TCX_NEXT), redirected (TCX_REDIRECT), and what is before the program has failed. */
export const PASSED_UP = -1;
export const REDIRECTED = 7;
const NOT_PREPARED = 99;

const CB = 48;
const GSO_SIZE = 176;
const CONTEXT = 192;

function callNumber(number: number, name: string): Instruction {
  return { code: 0x85, dst: 0, src: 0, offset: 0, imm: number, text: `call ${name}` };
}

/** The program, with what is before it. */
export const prepared: typeof program = (...where) => [...prepare(), ...program(...where)];

function prepare(): Item[] {
  return [
    remark("Made what the kernel would not take."),
    move("r6", "r1"),
    load(32, "r2", "r6", CB),
    when32("r2", "==", 0, "length_fits"),
    move("r3", 0),
    callNumber(38, "skb_change_tail"),
    when32("r0", "!=", 0, "not_prepared"),
    label("length_fits"),
    load(32, "r2", "r6", CB + 4),
    when32("r2", "==", 0, "prepared"),
    move("r1", "r6"),
    load(32, "r3", "r6", CB + 8),
    callNumber(18, "skb_vlan_push"),
    when32("r0", "==", 0, "prepared"),
    label("not_prepared"),
    move("r0", NOT_PREPARED),
    exit,
    label("prepared"),
    move("r1", "r6"),
  ];
}

const PROG_TEST_RUN = 10;

export class TestRun {
  /** The frame that comes, which has no tag in it. */
  readonly frame = new Uint8Array(new ArrayBuffer(MOST));
  /** What the program has left of it. */
  readonly left = new Uint8Array(new ArrayBuffer(MOST));
  /** How long that is. */
  leftLength = 0;
  readonly #context = new DataView(new ArrayBuffer(CONTEXT));
  readonly #attributes = new Uint8Array(new ArrayBuffer(128));
  readonly #view = new DataView(this.#attributes.buffer);

  constructor() {
    const view = this.#view;
    view.setBigUint64(16, libc.addressOf(this.frame), true);
    view.setBigUint64(24, libc.addressOf(this.left), true);
    view.setUint32(32, 1, true);
    view.setUint32(40, CONTEXT, true);
    view.setBigUint64(48, libc.addressOf(new Uint8Array(this.#context.buffer)), true);
  }

  /**
   * The program's result for so many octets of the frame, LEAST to MOST. `tagType` 0: no tag is beside it. `gsoSize` 0: it is no
   * super-frame.
   */
  run(program: number, length: number, tagType = 0, tag = 0, gsoSize = 0): number {
    const taken = Math.min(Math.max(length, LEAST_TAKEN), MOST_TAKEN);
    const context = this.#context;
    context.setUint32(CB, taken === length ? 0 : length, true);
    context.setUint16(CB + 4, tagType);
    context.setUint32(CB + 8, tag, true);
    context.setUint32(GSO_SIZE, gsoSize, true);
    const view = this.#view;
    view.setUint32(0, program, true);
    view.setUint32(8, taken, true);
    view.setUint32(12, MOST, true);
    if (libc.bpf(PROG_TEST_RUN, this.#attributes, this.#attributes.length) < 0) {
      throw new Error(`No run over a frame of ${length} octets: ${describeErrno(libc.errno())}`);
    }
    const result = view.getInt32(4, true);
    if (result === NOT_PREPARED) throw new Error(`No frame of ${length} octets`);
    this.leftLength = view.getUint32(12, true);
    return result;
  }
}

/**
 * The program against the path that it stands for: the same frame for both, in the same scene. Either the program did to the frame what
 * the path did, octet for octet; or it left the frame as it was and passed it up, and had a reason for that.
 */

import { IN_TRANSITION, NO_GROUP } from "../../src/table/forwarding_table.ts";
import { ClientLookup } from "../../src/path/client_lookup.ts";
import { Dispatcher } from "../../src/path/dispatcher.ts";
import * as verdict from "../../src/path/verdict.ts";
import { type Dispatched, FastPathCounts } from "../../src/kernel/counts.ts";
import { FastPath } from "../../src/kernel/fast_path.ts";
import * as ethernet from "../../src/wire/ethernet.ts";
import * as ipv6 from "../../src/wire/ipv6.ts";
import * as virtio from "../../src/wire/virtio.ts";
import { hex } from "../frames.ts";
import { Random } from "../random.ts";
import { DrawnFrames } from "./drawn_frames.ts";
import { type Scene, SCENES } from "./scenes.ts";
import { MOST, PASSED_UP, prepared, REDIRECTED, TestRun } from "./test_run.ts";

/** So many the suite compares, within which every mistake must be found. */
export const FRAMES = 300_000;

/** For so many frames the table stays as it is. */
const TABLE = 4096;
/** Frames of one scene before it is another's turn. */
const TURN = 1024;

/** Where the path has the frame: a virtio header and a tag fit in before it. */
const AT = 64;

/** What came of the frames. */
export interface Tally {
  readonly frames: number;
  /** The program carried them out. */
  readonly dispatched: number;
  /** The path dispatched them, and the program did not: not plain, or not settled. */
  readonly left: number;
  /** By reason. */
  readonly passedUp: Float64Array;
}

/** So many frames, in all scenes in turn. Throws at the first difference. */
export function compare(count: number, seed: number): Tally {
  const random = new Random(seed);
  const scenes = Object.keys(SCENES).map((name) => new Comparison(name, random));
  try {
    for (const scene of scenes) scene.load();
    for (let frames = 0; frames < count; frames += TURN) {
      scenes[(frames / TURN) % scenes.length]!.compare(Math.min(TURN, count - frames));
    }
    return scenes.map((scene) => scene.settle()).reduce((sum, tally) => ({
      frames: sum.frames + tally.frames,
      dispatched: sum.dispatched + tally.dispatched,
      left: sum.left + tally.left,
      passedUp: sum.passedUp.map((count, reason) => count + tally.passedUp[reason]!),
    }));
  } finally {
    for (const scene of scenes) scene.close();
  }
}

/** One scene: its frames, the path, and a program that is to do the same. */
export class Comparison {
  readonly #name: string;
  readonly #scene: Scene;
  readonly #random: Random;
  readonly #run = new TestRun();
  readonly #frames: DrawnFrames;
  readonly #dispatcher: Dispatcher;
  readonly #lookup: ClientLookup;
  readonly #slot = new Uint8Array(new ArrayBuffer(AT + MOST));
  readonly #view = new DataView(this.#slot.buffer);
  // The same by words: the slot, the frame that came, and what the program has left of it.
  readonly #slotWords = new Int32Array(this.#slot.buffer);
  readonly #words = new Int32Array(this.#run.frame.buffer);
  readonly #left = new Int32Array(this.#run.left.buffer);
  #fastPath: FastPath | undefined;
  /** What the program is to have counted. */
  #counts: FastPathCounts;
  #compared = 0;
  #leftOver = 0;

  /** `name` is one of SCENES. */
  constructor(name: string, random: Random) {
    const scene = SCENES[name]!();
    const { plan, size, table, memory } = scene;
    this.#name = name;
    this.#scene = scene;
    this.#random = random;
    this.#frames = new DrawnFrames(random, scene, this.#run.frame);
    this.#dispatcher = new Dispatcher(plan, this.#slot, table, memory, () => 0);
    this.#lookup = new ClientLookup(plan, this.#slot);
    this.#counts = new FastPathCounts(size);
  }

  /** `walk` is the program, prepared for such runs (test_run.ts). */
  load(walk = prepared): void {
    this.close();
    const { plan, size, attachedTo } = this.#scene;
    this.#fastPath = new FastPath(plan, size, attachedTo, walk);
    this.#counts = new FastPathCounts(size);
    this.#compared = 0;
    this.#leftOver = 0;
  }

  /** So many frames more. Throws at the first difference. */
  compare(count: number): void {
    const fastPath = this.#fastPath!;
    for (const end = this.#compared + count; this.#compared < end; this.#compared++) {
      if (this.#compared % TABLE === 0) {
        this.#scene.draw(this.#random);
        fastPath.publish(this.#scene.table);
      }
      this.#compareNext(fastPath.program);
    }
  }

  #compareNext(program: number): void {
    const frames = this.#frames;
    frames.draw();
    const { length, tagType, tag, gsoSize } = frames;
    const result = this.#run.run(program, length, tagType, tag, gsoSize);
    const isTagged = tagType !== 0;
    const begin = isTagged ? AT - ethernet.TAG : AT;
    this.#fillSlot(length, begin);
    const became = this.#dispatcher.receive(begin, AT + length - begin);
    if (this.#run.leftLength !== length) this.#fail(`left ${this.#run.leftLength} octets`);
    if (result === REDIRECTED) {
      if (became !== verdict.DISPATCHED) this.#fail(`carried out; the path: ${verdict.NAMES[became]}`);
      // It would be cut before it comes to the path, which counts each packet.
      if (gsoSize > 0 && !this.#scene.plan.offloads) this.#fail("carried out a super-frame as one");
      const { neighbor, cluster } = this.#dispatcher;
      count(this.#counts.toNeighbor, neighbor, AT + length - begin);
      count(this.#counts.toCluster, cluster, AT + length - begin);
      if (isTagged) ethernet.removeTag(this.#view, begin);
      if (!isSame(this.#left, this.#slotWords, AT / 4, length)) this.#fail("another frame than the path");
    } else {
      if (result !== PASSED_UP) this.#fail(`result ${result}`);
      if (!isSame(this.#left, this.#words, 0, length)) this.#fail("not untouched");
      if (became === verdict.DISPATCHED) {
        this.#leftOver++;
        if (isTagged) ethernet.removeTag(this.#view, begin);
        if (this.#isPlain()) this.#fail("passed up, without a reason");
      }
    }
  }

  /** So far. Throws where the program has counted anything else than what it did. */
  settle(): Tally {
    const counted = new FastPathCounts(this.#scene.size);
    this.#fastPath!.count(counted);
    const { dispatched, passedUp } = counted;
    const isRight = isSameCount(counted.toNeighbor, this.#counts.toNeighbor) &&
      isSameCount(counted.toCluster, this.#counts.toCluster) &&
      passedUp.reduce((sum, count) => sum + count, dispatched) === this.#compared;
    if (!isRight) throw new Error(`${this.#name}: counted wrongly`);
    return { frames: this.#compared, dispatched, left: this.#leftOver, passedUp };
  }

  close(): void {
    this.#fastPath?.close();
    this.#fastPath = undefined;
  }

  /** The path's frame, its tag in it, and a virtio header before it where the plan says so. */
  #fillSlot(length: number, begin: number): void {
    const slot = this.#slotWords;
    for (let word = 0, end = (length + 3) >> 2; word < end; word++) slot[AT / 4 + word] = this.#words[word]!;
    const { tagType, tag, gsoSize } = this.#frames;
    if (begin !== AT) {
      ethernet.insertTag(this.#view, begin, tag);
      this.#view.setUint16(begin + 12, tagType);
    }
    if (!this.#scene.plan.offloads) return;
    const header = begin - virtio.HEADER;
    this.#slot.fill(0, header, begin);
    const isIpv6 = this.#view.getUint16(AT + 12) === ethernet.TYPE_IPV6;
    const upperProtocol = this.#slot[AT + (isIpv6 ? 20 : 23)]!;
    if (gsoSize === 0) return;
    // As the kernel says it of a super-frame of this protocol, include/linux/virtio_net.h.
    this.#slot[header + 1] = upperProtocol === 6 ? (isIpv6 ? 4 : 1) : upperProtocol === 17 ? 5 : 0;
    this.#view.setUint16(header + 4, gsoSize, true);
  }

  /** Of a frame that the path has dispatched, and that is in the slot: would the program have had to do it? */
  #isPlain(): boolean {
    const { length, gsoSize } = this.#frames;
    const { plan, table } = this.#scene;
    const view = this.#view;
    if (gsoSize > 0 && !plan.offloads) return false;
    const ip = AT + ethernet.HEADER;
    const isIpv6 = view.getUint8(ip) >>> 4 === 6;
    if (isIpv6) {
      const upperProtocol = view.getUint8(ip + ipv6.NEXT_HEADER);
      if (length < 58 || [0, 43, 44, 51, 58, 60].includes(upperProtocol)) return false;
      if (ipv6.totalLength(view, ip) === ipv6.HEADER || view.getBigUint64(ip + ipv6.SRC) === 0n) return false;
    } else {
      const isFragment = (view.getUint16(ip + 6) & 0x3fff) !== 0;
      if (length < 38 || view.getUint8(ip) !== 0x45 || isFragment || view.getUint8(ip + 9) === 1) {
        return false;
      }
    }
    if (view.getUint16(AT + 12) !== (isIpv6 ? ethernet.TYPE_IPV6 : ethernet.TYPE_IPV4)) return false;
    if (!this.#lookup.look(AT, length)) return true;
    const { cluster, bucket } = this.#lookup;
    return table.group(cluster) === NO_GROUP && table.soleOwner(bucket) < IN_TRANSITION;
  }

  #fail(what: string): never {
    const { length, tagType, tag, gsoSize } = this.#frames;
    const begin = (octets: Uint8Array) => hex(octets.subarray(0, Math.min(length, 90)));
    throw new Error(
      [
        `${this.#name}, frame ${this.#compared}: ${what}`,
        `${length} octets, tag ${tagType.toString(16)} ${tag}, GSO ${gsoSize}`,
        `came     ${begin(this.#run.frame)}`,
        `program  ${begin(this.#run.left)}`,
        `path     ${begin(this.#slot.subarray(AT))}`,
      ].join("\n  "),
    );
  }
}

/** The first `length` octets of one, and as many of the other from that word on. */
function isSame(one: Int32Array, other: Int32Array, from: number, length: number): boolean {
  const words = length >> 2;
  for (let word = 0; word < words; word++) {
    if (one[word] !== other[from + word]) return false;
  }
  const rest = length & 3;
  // Little-endian: the first octets of a word are its lower ones.
  return rest === 0 || (one[words]! ^ other[from + words]!) << (32 - 8 * rest) === 0;
}

function count({ frames, octets }: Dispatched, index: number, length: number): void {
  frames[index]!++;
  octets[index]! += length;
}

function isSameCount(one: Dispatched, other: Dispatched): boolean {
  return one.frames.every((count, index) => count === other.frames[index]) &&
    one.octets.every((count, index) => count === other.octets[index]);
}

/**
 * The connections of one cluster that are remembered while buckets of it are in transition, each with its owner. A stretch of
 * memory that threads share; its size is fixed.
 *
 *     tags      | set 0: 16 cells | set 1 | ...      EMPTY, TAKEN, or the hash of the connection that is there
 *     entries   | key (10 words), stamp, bucket and owner | ...                                        by cell
 *
 * A connection's hash says in which set it may stand, and the tags of a set are one cache line: who is not remembered is known
 * not to be after one look.
 *
 * No thread waits for another. Workers look, add and touch. An entry is written before its tag, and does not change its key as
 * long as it has one. The main thread alone takes away, in two steps: after `retire` nobody finds the entries any more; when every
 * worker has begun a new burst since, so that none still looks at one, `free` makes room of them.
 */

import { NO_BACKEND } from "./bucket_map.ts";

/** Words of a key: source and destination of four words each, ports, protocol. Path/flow.ts fills it. */
export const KEY = 10;

const STAMP = KEY;
const WHOSE = KEY + 1;
const ENTRY = KEY + 2;

/** Cells of a set: their tags are a cache line of 64 octets. */
const SET = 16;

const EMPTY = 0;
/** Not to be found: it is being written, or has been retired. */
const TAKEN = 1;
/** Set in every tag of a connection, so that it is neither of these. */
const PRESENT = 2;

/** No such connection is remembered. */
export const ABSENT = -1;

/** How far a connection is; a stamp's lower two bits. */
export const OPENING = 0;
export const OPEN = 1;
/** The client has ended its half, or reset it. */
export const CLOSING = 2;
/** No connection: frames without a beginning and an end, such as UDP's. */
export const FLOW = 3;

/** After so many ticks of silence it counts as gone. A connection that is open is never silent for too long. */
const LONGEST_SILENCE = Int32Array.of(60, 0x7fffffff, 60, 30);

/** In a flow's first ticks nobody knows yet whether it is new. */
export const YOUNG = LONGEST_SILENCE[FLOW]!;

/** A stamp says when a connection was last heard, in ticks, and how far it is. */
export function stampOf(tick: number, phase: number): number {
  return (tick << 2) | phase;
}

export function phaseOf(stamp: number): number {
  return stamp & 3;
}

export function isSilent(stamp: number, tick: number): boolean {
  return tick - (stamp >> 2) > LONGEST_SILENCE[phaseOf(stamp)]!;
}

const OWNER_BITS = 15;

/** What the main thread asks of an entry: is it to be retired? `bucket` counts within the cluster. */
export type IsGone = (owner: number, bucket: number, stamp: number) => boolean;

/** Of a connection that another one remembers: its owner here, or NO_BACKEND when it is to be forgotten. */
export type OwnerNow = (owner: number, bucket: number) => number;

/** Words of a connection in a record: its cell, its tag, its entry, of which the last two say when it was heard and whose it is. */
export const RECORDED = 2 + ENTRY;
export const RECORDED_STAMP = 2 + STAMP;
export const RECORDED_WHOSE = 2 + WHOSE;

export class Connections {
  readonly #tags: Int32Array;
  readonly #entries: Int32Array;
  readonly #shift: number;
  /** The main thread's: what it has retired and not freed yet. */
  readonly #retired: number[] = [];

  static byteLength(connections: number): number {
    return cellsFor(connections) * (1 + ENTRY) * 4;
  }

  /** With room for so many, or some more. `at` is a multiple of 64. */
  constructor(memory: ArrayBufferLike, at: number, connections: number) {
    const cells = cellsFor(connections);
    this.#tags = new Int32Array(memory, at, cells);
    this.#entries = new Int32Array(memory, at + cells * 4, cells * ENTRY);
    this.#shift = 32 - Math.log2(cells / SET);
  }

  /** The cell of the connection with this key, whose hash is `hash`; or ABSENT. */
  find(key: Int32Array, hash: number): number {
    const first = this.#set(hash);
    const tag = hash | PRESENT;
    const tags = this.#tags;
    for (let cell = first; cell < first + SET; cell++) {
      // Once more atomically, so that the entry is read after its tag.
      if (tags[cell] === tag && Atomics.load(tags, cell) === tag && this.#isAt(cell, key)) return cell;
    }
    return ABSENT;
  }

  owner(cell: number): number {
    return this.#entries[cell * ENTRY + WHOSE]! & OWNER_MASK;
  }

  stamp(cell: number): number {
    return this.#entries[cell * ENTRY + STAMP]!;
  }

  /** Remembers a connection that is not there. False when there is no room for it. `bucket` counts within the cluster. */
  add(key: Int32Array, hash: number, owner: number, bucket: number, stamp: number): boolean {
    const first = this.#set(hash);
    for (let cell = first; cell < first + SET; cell++) {
      if (this.#tags[cell] !== EMPTY) continue;
      if (Atomics.compareExchange(this.#tags, cell, EMPTY, TAKEN) !== EMPTY) continue;
      const entry = cell * ENTRY;
      for (let word = 0; word < KEY; word++) this.#entries[entry + word] = key[word]!;
      this.#entries[entry + STAMP] = stamp;
      this.#entries[entry + WHOSE] = (bucket << OWNER_BITS) | owner;
      Atomics.store(this.#tags, cell, hash | PRESENT);
      return true;
    }
    return false;
  }

  /** It was heard. False when it has been retired meanwhile. */
  touch(cell: number, hash: number, stamp: number): boolean {
    if (this.#entries[cell * ENTRY + STAMP] === stamp) return true;
    Atomics.store(this.#entries, cell * ENTRY + STAMP, stamp);
    return Atomics.load(this.#tags, cell) === (hash | PRESENT);
  }

  /** It begins anew, with another owner. False when it has been retired meanwhile. */
  give(cell: number, hash: number, owner: number, stamp: number): boolean {
    const entry = cell * ENTRY;
    const bucket = this.#entries[entry + WHOSE]! >>> OWNER_BITS;
    this.#entries[entry + WHOSE] = (bucket << OWNER_BITS) | owner;
    return this.touch(cell, hash, stamp);
  }

  /** Main's side: from now on nobody finds those that are gone. How many wait to be freed. */
  retire(isGone: IsGone): number {
    for (let cell = 0; cell < this.#tags.length; cell++) {
      const tag = Atomics.load(this.#tags, cell);
      if ((tag & PRESENT) === 0) continue;
      const stamp = this.stamp(cell);
      const whose = this.#entries[cell * ENTRY + WHOSE]!;
      if (!isGone(whose & OWNER_MASK, whose >>> OWNER_BITS, stamp)) continue;
      Atomics.store(this.#tags, cell, TAKEN);
      // Touched in this very moment: then it stays. If the worker has seen that it was retired, it is there twice, with one owner.
      if (Atomics.load(this.#entries, cell * ENTRY + STAMP) === stamp) this.#retired.push(cell);
      else Atomics.store(this.#tags, cell, tag);
    }
    return this.#retired.length;
  }

  /** Main's side: frees so many, those that were retired first. Every worker has begun a new burst since then. */
  free(count: number): void {
    for (const cell of this.#retired.splice(0, count)) Atomics.store(this.#tags, cell, EMPTY);
  }

  /** Main's side: those that are remembered now, RECORDED words each. Workers may use them meanwhile. */
  record(): Int32Array<ArrayBuffer> {
    const record = new Int32Array(this.count() * RECORDED);
    let at = 0;
    const tags = this.#tags;
    for (let cell = 0; cell < tags.length && at < record.length; cell++) {
      // Once more atomically, so that the entry is read after its tag.
      if ((tags[cell]! & PRESENT) === 0) continue;
      const tag = Atomics.load(tags, cell);
      if ((tag & PRESENT) === 0) continue;
      record[at] = cell;
      record[at + 1] = tag;
      for (let word = 0; word < ENTRY; word++) record[at + 2 + word] = this.#entries[cell * ENTRY + word]!;
      at += RECORDED;
    }
    return record.subarray(0, at);
  }

  /**
   * Main's side: takes over those that another one remembers, from which nobody takes any away; by a later `record` what has come
   * and what was heard there since `before`. Workers may use this one meanwhile. How many found no room.
   */
  adopt(record: Int32Array, ownerNow: OwnerNow, before: Int32Array = new Int32Array()): number {
    let refused = 0;
    // Both are in the order of their cells.
    let known = 0;
    for (let at = 0; at < record.length; at += RECORDED) {
      while (known < before.length && before[known]! < record[at]!) known += RECORDED;
      const was = before[known] === record[at] ? known + 2 : undefined;
      const stamp = record[at + 2 + STAMP]!;
      const whose = record[at + 2 + WHOSE]!;
      // One that began anew may have the same stamp.
      if (was !== undefined && stamp === before[was + STAMP] && whose === before[was + WHOSE]) continue;
      const bucket = whose >>> OWNER_BITS;
      const owner = ownerNow(whose & OWNER_MASK, bucket);
      if (owner === NO_BACKEND) continue;
      const tag = record[at + 1]!;
      const key = record.subarray(at + 2, at + 2 + KEY);
      const own = this.find(key, tag);
      if (own === ABSENT) refused += this.add(key, tag, owner, bucket, stamp) ? 0 : 1;
      // What was heard here since then is the latest.
      else if (was !== undefined && this.stamp(own) === before[was + STAMP]) {
        this.give(own, tag, owner, stamp);
      }
    }
    return refused;
  }

  /** How many are remembered now. */
  count(): number {
    const tags = this.#tags;
    let count = 0;
    for (let cell = 0; cell < tags.length; cell++) if ((tags[cell]! & PRESENT) !== 0) count++;
    return count;
  }

  #isAt(cell: number, key: Int32Array): boolean {
    const entry = cell * ENTRY;
    for (let word = 0; word < KEY; word++) if (this.#entries[entry + word] !== key[word]) return false;
    return true;
  }

  /** The first cell of the set. */
  #set(hash: number): number {
    return this.#shift === 32 ? 0 : (hash >>> this.#shift) * SET;
  }
}

const OWNER_MASK = 2 ** OWNER_BITS - 1;

/** A power of two of sets. */
function cellsFor(connections: number): number {
  return SET * 2 ** Math.ceil(Math.log2(Math.max(1, connections / SET)));
}

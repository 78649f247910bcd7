/**
 * What one dispatcher of a pair tells the other one: a mapping, and numbers where there are many. Parts of it are signed
 * (system/signed_parts.ts), and who reads them believes each once.
 *
 *     0               4
 *     +---------------+--------------------+-------------------
 *     | length of ... | a mapping as JSON  | octets of numbers
 *     +---------------+--------------------+-------------------
 */

import * as z from "zod";
import type { Random } from "../system/random.ts";
import { SignedParts } from "../system/signed_parts.ts";

const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * Another one with each change of what messages say or mean. Who has another one says nothing to the other. Numbers are as they are in the
 * machine, which has a version of its own where it is big-endian.
 */
export const VERSION = IS_LITTLE_ENDIAN ? 1 : -1;

/** Numbers by cluster that are told whole, in pieces, whenever they have changed; those behind `moving` are by bucket in transition. */
export const SERIES = {
  /** Of each bucket, by the index of the backend. */
  owners: Uint16Array,
  /** The buckets in transition. */
  moving: Uint16Array,
  former: Uint16Array,
  old: Uint16Array,
  /** Milliseconds ago. */
  moved: Int32Array,
  began: Int32Array,
  /** A bucket and one more former owner of it, again and again. */
  more: Uint16Array,
} as const;

export type SeriesName = keyof typeof SERIES;

const names = Object.keys(SERIES) as [SeriesName, ...SeriesName[]];
const count = z.int().min(0);

const administration = z.strictObject({
  cluster: z.string(),
  backend: z.string(),
  state: z.enum(["active", "draining", "down"]),
  weight: z.int().min(0).max(100),
});

/** Of all clusters, several times a second. */
const state = z.strictObject({
  kind: z.literal("state"),
  /** It serves the clients, in one family or both. */
  isActive: z.boolean(),
  /** Seconds by which transitions are timed. */
  tick: z.int(),
  /** What people have decided of backends. */
  administration: z.array(administration),
  techniques: z.array(z.strictObject({ cluster: z.string(), technique: z.enum(["route", "broadcast"]) })),
  /** By cluster: the version of what is told of it whole. */
  versions: z.record(z.string(), count),
  /** By cluster: how many connections of this version were told. */
  connections: z.record(z.string(), count),
});

/** The beginning of what is told of a cluster whole. */
const cluster = z.strictObject({
  kind: z.literal("cluster"),
  name: z.string(),
  version: count,
  buckets: count,
  seed: z.int(),
  mask: z.strictObject({ ipv4: z.int(), ipv6: z.int() }),
  backends: z.array(z.strictObject({ name: z.string(), address: z.string(), neighbor: count })),
  /** By backend: how long it has been leaving, and of how many buckets it has been a former owner. */
  leaving: z.array(
    z.tuple([count, z.strictObject({ forMs: z.number(), left: count, buckets: count, cut: count })]),
  ),
  /** How many numbers each series has. */
  lengths: z.record(z.enum(names), count),
});

/** A piece of a series; its numbers are the message's octets. */
const series = z.strictObject({
  kind: z.literal("series"),
  cluster: z.string(),
  version: count,
  name: z.enum(names),
  /** Where in the series it stands. */
  at: count,
});

/** Connections that have come, or become something else, since; the message's octets are as table/connections.ts records them. */
const connections = z.strictObject({ kind: z.literal("connections"), cluster: z.string(), version: count });

/** The sender lacks what there is of these clusters. */
const wanted = z.strictObject({ kind: z.literal("wanted"), clusters: z.array(z.string()) });

const said = z.discriminatedUnion("kind", [state, cluster, series, connections, wanted]);
const headed = z.strictObject({
  version: z.literal(VERSION),
  /** When the sender started, milliseconds since 1970: a later life has a larger one. */
  boot: z.number(),
  /** Grows with each message of that life. */
  seq: count,
  said,
});

export type Said = z.output<typeof said>;
export type StateSaid = z.output<typeof state>;
export type ClusterSaid = z.output<typeof cluster>;
export type SeriesSaid = z.output<typeof series>;
export type Administration = z.output<typeof administration>;

/** What came: who it is from is proved, and that it is new. */
export interface Message {
  readonly said: Said;
  readonly octets: Uint8Array<ArrayBuffer>;
}

const LENGTH = 4;

/** So many octets of numbers are told in one message. */
export const PIECE_OCTETS = 200_000;

export class PeerCodec {
  readonly #parts: SignedParts;
  readonly #boot: number;
  #seq = 0;
  /** The latest that came from the other one. */
  #heard = { boot: -Infinity, seq: -1 };

  /** `boot`: when this process started, milliseconds since 1970. */
  constructor(key: Uint8Array, boot: number, random: Random) {
    this.#parts = new SignedParts(key, random);
    this.#boot = boot;
  }

  encode(said: Said, octets: Uint8Array = new Uint8Array()): Uint8Array[] {
    const head = Buffer.from(JSON.stringify({ version: VERSION, boot: this.#boot, seq: this.#seq++, said }));
    const length = Buffer.alloc(LENGTH);
    length.writeUInt32BE(head.length);
    return this.#parts.split(Buffer.concat([length, head, octets]));
  }

  /**
   * The message that is whole with this datagram. `part` while others are missing; `forged` where the key is another; `stale` where it was
   * heard before; `foreign` where the key is right, and the words are another version's.
   */
  decode(datagram: Uint8Array): Message | "part" | "forged" | "stale" | "foreign" {
    const text = this.#parts.join(datagram);
    if (typeof text === "string") return text;
    const read = headIn(text);
    if (read === undefined) return "foreign";
    const { boot, seq, said } = read.head;
    // A message of several parts may be whole only after a later one of one part: those are not heard twice either, since parts come once.
    if (boot < this.#heard.boot || (boot === this.#heard.boot && seq <= this.#heard.seq - REORDERED)) {
      return "stale";
    }
    if (boot > this.#heard.boot) this.#recent.clear();
    if (this.#recent.has(seq)) return "stale";
    this.#recent.add(seq);
    if (boot > this.#heard.boot || seq > this.#heard.seq) this.#heard = { boot, seq };
    for (const old of this.#recent) if (old <= this.#heard.seq - REORDERED) this.#recent.delete(old);
    return { said, octets: read.octets };
  }

  /** Numbers of those that came of late. */
  readonly #recent = new Set<number>();
}

/** Messages may overtake each other by so many. */
const REORDERED = 256;

function headIn(
  text: Buffer,
): { head: z.output<typeof headed>; octets: Uint8Array<ArrayBuffer> } | undefined {
  if (text.length < LENGTH) return undefined;
  const end = LENGTH + text.readUInt32BE(0);
  if (end > text.length) return undefined;
  try {
    const head = headed.parse(JSON.parse(text.toString("utf8", LENGTH, end)));
    return { head, octets: Uint8Array.from(text.subarray(end)) };
  } catch {
    return undefined;
  }
}

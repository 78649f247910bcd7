/**
 * What the agents of a cluster's backends tell each other. A heartbeat to another agent is one UDP datagram, or several where a
 * backend holds so many buckets, just after a change, that it would not fit into a frame:
 *
 *     0                     32     36      40     41      42
 *     +---------------------+------+-------+------+-------+----------------
 *     | HMAC-SHA-256 of ... | life | count | part | parts | part of the text: JSON, UTF-8
 *     +---------------------+------+-------+------+-------+----------------
 *
 * Parts with the same life, a random number of the agent, and the same count belong together. Nothing of a datagram is looked at
 * before the HMAC is right.
 */

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import * as z from "zod";
import type { ClusterConfig } from "../../config/config.ts";

/** One heartbeat of an agent's life: agents count theirs. */
export interface Beat {
  /** When the agent started, milliseconds since 1970: a later life has a larger one. */
  readonly boot: number;
  /** Grows by one with each heartbeat of that life. */
  readonly seq: number;
}

export interface Heartbeat extends Beat {
  /** Of what in the configuration decides who owns what: `digestOf`. */
  readonly digest: string;
  /** The backend that speaks. */
  readonly name: string;
  /** The live set by which it chooses its buckets: `liveKey`. */
  readonly live: string;
  /** The backends that answer it. */
  readonly hears: readonly string[];
  /** The last heartbeat that it has had from each backend. A recorded heartbeat cannot name a later one. */
  readonly echo: Readonly<Record<string, Beat>>;
  /** The buckets whose frames its kernel takes, `BucketSet.toOctets`; undefined: all that are its own in `live`. */
  readonly held: Uint8Array | undefined;
  /** It holds nothing any more, and stops. */
  readonly isLeaving: boolean;
}

/** A live set as text: names in order, with commas. Two live sets are the same when their texts are. */
export function liveKey(names: Iterable<string>): string {
  return [...new Set(names)].sort().join(",");
}

/** What IPv6, whose header has 40 octets, leaves of an Ethernet frame's 1500, and UDP, whose header has 8, of that. */
export const MOST_OCTETS = 1500 - 40 - 8;
const HMAC_OCTETS = 32;
const HEADER_OCTETS = 10;
const PART_OCTETS = MOST_OCTETS - HMAC_OCTETS - HEADER_OCTETS;

/** Heartbeats of which parts are missing; when there are more the oldest is given up. */
const MOST_INCOMPLETE = 256;

const beatSchema = z.strictObject({ boot: z.number(), seq: z.int() });
const textSchema = beatSchema.extend({
  digest: z.string(),
  name: z.string(),
  /** Backends, each a 1 where it belongs to it: in the order of their names. */
  live: z.string(),
  hears: z.string(),
  /** The last heartbeat that the sender has had from the receiver: the others do not concern the receiver. */
  echo: beatSchema.optional(),
  held: z.base64().transform((text) => new Uint8Array(Buffer.from(text, "base64"))).optional(),
  isLeaving: z.boolean(),
});

export interface HeartbeatCodecOptions {
  /** The backend whose agent this is. */
  readonly self: string;
  /** All backends of the cluster. */
  readonly names: readonly string[];
  /** Of this agent's configuration. */
  readonly digest: string;
  readonly key: Uint8Array;
}

export class HeartbeatCodec {
  readonly #options: HeartbeatCodecOptions;
  readonly #names: readonly string[];
  readonly #life = crypto.getRandomValues(new Int32Array(1))[0]!;
  #count = 0;
  /** By life and count; what is missing of one is undefined. */
  readonly #incomplete = new Map<string, (Uint8Array | undefined)[]>();

  constructor(options: HeartbeatCodecOptions) {
    this.#options = options;
    this.#names = options.names.toSorted();
  }

  /** Gives the datagrams of a heartbeat to one other agent after another. */
  encoder({ live, hears, echo, held, ...rest }: Heartbeat): (to: string) => Uint8Array[] {
    const common = {
      ...rest,
      live: this.#bitsOf(live.split(",")),
      hears: this.#bitsOf(hears),
      held: held && Buffer.from(held).toString("base64"),
    };
    return (to) => this.#partsOf(Buffer.from(JSON.stringify({ ...common, echo: echo[to] })));
  }

  /**
   * The heartbeat that is whole with this datagram; `part` while others are missing, `forged` where the key is another, or the octets
   * are no heartbeat.
   */
  decode(datagram: Uint8Array): Heartbeat | "part" | "forged" {
    if (datagram.length < HMAC_OCTETS + HEADER_OCTETS) return "forged";
    const body = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length).subarray(HMAC_OCTETS);
    if (!timingSafeEqual(this.#hmacOf(body), datagram.subarray(0, HMAC_OCTETS))) return "forged";
    const text = this.#wholeWith(body);
    return text === undefined ? "part" : this.#read(text) ?? "forged";
  }

  #partsOf(text: Buffer): Uint8Array[] {
    const count = this.#count++;
    const parts = Math.ceil(text.length / PART_OCTETS);
    return Array.from({ length: parts }, (_, part) => {
      const header = Buffer.alloc(HEADER_OCTETS);
      header.writeInt32BE(this.#life, 0);
      header.writeUInt32BE(count >>> 0, 4);
      header.writeUInt8(part, 8);
      header.writeUInt8(parts, 9);
      const body = Buffer.concat([header, text.subarray(part * PART_OCTETS, (part + 1) * PART_OCTETS)]);
      return Buffer.concat([this.#hmacOf(body), body]);
    });
  }

  /** The text that this part completes. */
  #wholeWith(body: Buffer): Buffer | undefined {
    const [part, parts] = [body.readUInt8(8), body.readUInt8(9)];
    const octets = body.subarray(HEADER_OCTETS);
    if (parts === 1) return octets;
    const id = body.toString("hex", 0, 8);
    const known = this.#incomplete.get(id) ?? new Array<Uint8Array | undefined>(parts).fill(undefined);
    this.#incomplete.set(id, known);
    if (this.#incomplete.size > MOST_INCOMPLETE) {
      this.#incomplete.delete(this.#incomplete.keys().next().value!);
    }
    if (part < known.length) known[part] = Uint8Array.from(octets);
    const whole = known.filter((one) => one !== undefined);
    if (whole.length < known.length) return undefined;
    this.#incomplete.delete(id);
    return Buffer.concat(whole);
  }

  #read(text: Buffer): Heartbeat | undefined {
    try {
      const { live, hears, echo, held, ...rest } = textSchema.parse(JSON.parse(text.toString("utf8")));
      // With another configuration the backends are others: nothing can be said of them.
      const isForeign = rest.digest !== this.#options.digest;
      return {
        ...rest,
        live: isForeign ? "" : this.#namesIn(live).join(),
        hears: isForeign ? [] : this.#namesIn(hears),
        echo: echo === undefined ? {} : { [this.#options.self]: echo },
        held,
      };
    } catch {
      return undefined; // The key is right, but this is no such JSON: it comes from another version.
    }
  }

  #bitsOf(some: readonly string[]): string {
    const set = new Set(some);
    return this.#names.map((name) => set.has(name) ? "1" : "0").join("");
  }

  /** In order, as `liveKey` has them. */
  #namesIn(bits: string): string[] {
    return this.#names.filter((_, index) => bits[index] === "1");
  }

  #hmacOf(octets: Uint8Array): Buffer {
    return createHmac("sha256", this.#options.key).update(octets).digest();
  }
}

/** A digest of the configuration, 16 hexadecimal digits. Two with the same give every client the same backend. */
export function digestOf(cluster: ClusterConfig): string {
  const { name, addresses, buckets, seed, algorithm, mask, backends } = cluster;
  const members = backends.map(({ name, weight, backup }) => ({ name, weight, ...(backup && { backup }) }))
    .sort((a, b) => a.name < b.name ? -1 : 1);
  const text = JSON.stringify([
    name,
    [...addresses].sort(),
    buckets,
    seed,
    algorithm,
    mask.ipv4,
    mask.ipv6,
    members,
  ]);
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/**
 * What the agents of a cluster's backends tell each other: JSON, in UTF-8. A heartbeat to another agent is one UDP datagram, or
 * several where a backend holds so many buckets, just after a change, that it would not fit into a frame (system/signed_parts.ts).
 */

import { createHash } from "node:crypto";
import * as z from "zod";
import type { ClusterConfig } from "../../config/config.ts";
import type { Random } from "../../system/random.ts";
import { SignedParts } from "../../system/signed_parts.ts";

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
  readonly random: Random;
}

export class HeartbeatCodec {
  readonly #options: HeartbeatCodecOptions;
  readonly #names: readonly string[];
  readonly #parts: SignedParts;

  constructor(options: HeartbeatCodecOptions) {
    this.#options = options;
    this.#names = options.names.toSorted();
    this.#parts = new SignedParts(options.key, options.random);
  }

  /** Gives the datagrams of a heartbeat to one other agent after another. */
  encoder({ live, hears, echo, held, ...rest }: Heartbeat): (to: string) => Uint8Array[] {
    const common = {
      ...rest,
      live: this.#bitsOf(live.split(",")),
      hears: this.#bitsOf(hears),
      held: held && Buffer.from(held).toString("base64"),
    };
    return (to) => this.#parts.split(Buffer.from(JSON.stringify({ ...common, echo: echo[to] })));
  }

  /**
   * The heartbeat that is whole with this datagram; `part` while others are missing, `forged` where the key is another, or the octets
   * are no heartbeat.
   */
  decode(datagram: Uint8Array): Heartbeat | "part" | "forged" {
    const text = this.#parts.join(datagram);
    return typeof text === "string" ? text : this.#read(text) ?? "forged";
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

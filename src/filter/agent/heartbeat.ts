/**
 * What the agents of a cluster's backends tell each other, one UDP datagram each:
 *
 *     0                     32
 *     +---------------------+----------------------------
 *     | HMAC-SHA-256 of ... | the rest: JSON, UTF-8
 *     +---------------------+----------------------------
 *
 * Nothing of a datagram is looked at before the HMAC is right.
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

const HMAC_OCTETS = 32;

const beatSchema = z.strictObject({ boot: z.number(), seq: z.int() });
const heartbeatSchema = beatSchema.extend({
  digest: z.string(),
  name: z.string(),
  live: z.string(),
  hears: z.array(z.string()),
  echo: z.record(z.string(), beatSchema),
  held: z.base64().transform((text) => new Uint8Array(Buffer.from(text, "base64"))).optional(),
  isLeaving: z.boolean(),
});

/** The datagram of a heartbeat. */
export function encodeHeartbeat(heartbeat: Heartbeat, key: Uint8Array): Uint8Array {
  const { held, ...rest } = heartbeat;
  const text = JSON.stringify({ ...rest, held: held && Buffer.from(held).toString("base64") });
  const body = Buffer.from(text, "utf8");
  return Buffer.concat([createHmac("sha256", key).update(body).digest(), body]);
}

/** Undefined where the key is another, or the octets are no heartbeat. */
export function decodeHeartbeat(datagram: Uint8Array, key: Uint8Array): Heartbeat | undefined {
  if (datagram.length < HMAC_OCTETS) return undefined;
  const body = datagram.subarray(HMAC_OCTETS);
  const right = createHmac("sha256", key).update(body).digest();
  if (!timingSafeEqual(right, datagram.subarray(0, HMAC_OCTETS))) return undefined;
  try {
    const parsed = heartbeatSchema.safeParse(JSON.parse(Buffer.from(body).toString("utf8")));
    return parsed.success ? { ...parsed.data, held: parsed.data.held } : undefined;
  } catch {
    return undefined; // The key is right, but this is no JSON: it comes from another version.
  }
}

/** A digest of the configuration, 16 hexadecimal digits. Two with the same give every client the same backend. */
export function digestOf(cluster: ClusterConfig): string {
  const { name, addresses, buckets, seed, algorithm, mask, backends } = cluster;
  const members = backends.map(({ name, weight }) => ({ name, weight })).sort((a, b) =>
    a.name < b.name ? -1 : 1
  );
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

/** How many ICMP errors a machine sends, as Linux has it: so many in all (icmp_msgs_per_sec), and to each address (icmp_ratelimit). */

import { TokenBucket } from "../../table/token_bucket.ts";
import { AddressMap } from "./address_map.ts";
import { ipOf } from "../../wire/address.ts";

const PER_SECOND = 1000;
const BURST = 50;
/** To one address: one a second, and six at once. */
const EACH_PER_SECOND = 1;
const EACH_BURST = 6;
/** Addresses; the oldest one gives way. */
const MOST = 1024;

export class IcmpLimits {
  /** Errors that were not sent. */
  dropped = 0;
  /** Addresses that gave way to others: each may have six at once again. */
  forgotten = 0;
  readonly #all = new TokenBucket(PER_SECOND, BURST);
  readonly #each = new AddressMap<{ readonly address: string; readonly bucket: TokenBucket }>();

  /** To the address at an offset. */
  allow(frame: DataView, at: number, isV6: boolean, nowMs: number): boolean {
    const isAllowed = this.#all.take(nowMs) && this.#bucketOf(frame, at, isV6).take(nowMs);
    if (!isAllowed) this.dropped++;
    return isAllowed;
  }

  #bucketOf(frame: DataView, at: number, isV6: boolean): TokenBucket {
    const known = this.#each.at(frame, at, isV6);
    if (known !== undefined) return known.bucket;
    if (this.#each.size === MOST) {
      this.#each.delete(this.#each.values().next().value!.address);
      this.forgotten++;
    }
    const address = ipOf(new Uint8Array(frame.buffer, frame.byteOffset + at, isV6 ? 16 : 4));
    const bucket = new TokenBucket(EACH_PER_SECOND, EACH_BURST);
    this.#each.set(address, { address, bucket });
    return bucket;
  }
}

/** What has moved from one bucket map to the next: which buckets, and as a sentence. */

import { whole } from "./words.js";

/** Pairs of backends that a sentence names. */
const MOST_PAIRS = 6;

/**
 * @typedef {import("./answers.d.ts").Buckets} Buckets
 */

/**
 * The numbers of the buckets that have another owner; none when they are of different clusters, or of different numbers of buckets.
 * @param {Buckets | undefined} before
 * @param {Buckets} now
 * @returns {number[]}
 */
export function movedBuckets(before, now) {
  if (before === undefined || before.cluster !== now.cluster || before.owners.length !== now.owners.length) {
    return [];
  }
  const moved = [];
  for (let bucket = 0; bucket < now.owners.length; bucket++) {
    if (ownerOf(before, bucket) !== ownerOf(now, bucket)) moved.push(bucket);
  }
  return moved;
}

/**
 * `1,024 of 4,096 buckets moved: web3 → web1 512, web3 → web2 512`
 * @param {Buckets} before
 * @param {Buckets} now
 * @param {readonly number[]} moved
 */
export function describeMoves(before, now, moved) {
  /** @type {Map<string, number>} */
  const pairs = new Map();
  for (const bucket of moved) {
    const pair = `${ownerOf(before, bucket)} → ${ownerOf(now, bucket)}`;
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  const sorted = [...pairs].sort(([, a], [, b]) => b - a);
  const named = sorted.slice(0, MOST_PAIRS).map(([pair, count]) => `${pair} ${whole(count)}`);
  const others = sorted.length > MOST_PAIRS ? `, and ${whole(sorted.length - MOST_PAIRS)} other pairs` : "";
  return `${whole(moved.length)} of ${whole(now.owners.length)} buckets moved: ${named.join(", ")}${others}`;
}

/** @param {Buckets} buckets @param {number} bucket */
export function ownerOf({ owners, backends }, bucket) {
  return backends[owners[bucket] ?? -1] ?? "none";
}

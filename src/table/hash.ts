/**
 * Jenkins' hash as the Linux kernel computes it (include/linux/jhash.h), so that nftables' `jhash ip saddr mod B seed S`
 * names the same bucket as we do. All arithmetic is modulo 2^32 and stays int32.
 */

/** Where every hash begins (JHASH_INITVAL), before length and seed. */
export const INITIAL = 0xdeadbeef | 0;

/** The hash of an IPv4 address, int32: jhash over its four octets. */
export function ofIpv4(address: number, seed: number): number {
  const initial = (INITIAL + 4 + seed) | 0;
  return final((initial + swap(address)) | 0, initial, initial);
}

/**
 * The hash of an IPv6 address, int32: jhash over its sixteen octets, given as the four words of network order. Word by word,
 * so that a mask can be laid over each before.
 */
export function ofIpv6(w0: number, w1: number, w2: number, w3: number, seed: number): number {
  const initial = (INITIAL + 16 + seed) | 0;
  let a = (initial + swap(w0)) | 0;
  let b = (initial + swap(w1)) | 0;
  let c = (initial + swap(w2)) | 0;
  // __jhash_mix
  a = ((a - c) ^ ((c << 4) | (c >>> 28))) | 0;
  c = (c + b) | 0;
  b = ((b - a) ^ ((a << 6) | (a >>> 26))) | 0;
  a = (a + c) | 0;
  c = ((c - b) ^ ((b << 8) | (b >>> 24))) | 0;
  b = (b + a) | 0;
  a = ((a - c) ^ ((c << 16) | (c >>> 16))) | 0;
  c = (c + b) | 0;
  b = ((b - a) ^ ((a << 19) | (a >>> 13))) | 0;
  a = (a + c) | 0;
  c = ((c - b) ^ ((b << 4) | (b >>> 28))) | 0;
  b = (b + a) | 0;
  return final((a + swap(w3)) | 0, b, c);
}

/** The kernel reads the octets, which are in network order, as little-endian words. */
function swap(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** The hash of two words (jhash_2words), with which the bucket maps choose. Int32. */
export function ofWords(a: number, b: number, seed: number): number {
  const initial = (INITIAL + 8 + seed) | 0;
  return final((initial + a) | 0, (initial + b) | 0, initial);
}

/** The hash of a name: FNV-1a over its UTF-8 octets. Int32. */
export function ofName(name: string): number {
  let hash = 0x811c9dc5 | 0;
  for (const octet of new TextEncoder().encode(name)) hash = Math.imul(hash ^ octet, 0x01000193);
  return hash;
}

/** __jhash_final */
function final(a: number, b: number, c: number): number {
  c = ((c ^ b) - ((b << 14) | (b >>> 18))) | 0;
  a = ((a ^ c) - ((c << 11) | (c >>> 21))) | 0;
  b = ((b ^ a) - ((a << 25) | (a >>> 7))) | 0;
  c = ((c ^ b) - ((b << 16) | (b >>> 16))) | 0;
  a = ((a ^ c) - ((c << 4) | (c >>> 28))) | 0;
  b = ((b ^ a) - ((a << 14) | (a >>> 18))) | 0;
  c = ((c ^ b) - ((b << 24) | (b >>> 8))) | 0;
  return c;
}

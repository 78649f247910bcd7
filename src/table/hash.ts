/**
 * Jenkins' hash as the Linux kernel computes it (include/linux/jhash.h), so that nftables' `jhash ip saddr mod B seed S`
 * names the same bucket as we do. All arithmetic is modulo 2^32 and stays int32.
 */

const INITIAL = 0xdeadbeef | 0;

/** The hash of an IPv4 address, int32: jhash over its four octets. */
export function ofIpv4(address: number, seed: number): number {
  // The kernel reads the octets, which are in network order, as one little-endian word.
  const word = (address << 24) | ((address & 0xff00) << 8) | ((address >>> 8) & 0xff00) | (address >>> 24);
  const initial = (INITIAL + 4 + seed) | 0;
  return final((initial + word) | 0, initial, initial);
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

/**
 * The Internet checksum: the ones' complement of the ones' complement sum of all 16-bit words,
 * RFC 1071, and its incremental update, RFC 1624.
 */

/**
 * The folded sum, 0..0xffff, of `length` octets; an odd last octet counts as the high half of a word.
 * `initial` is what was summed before, a pseudo-header for instance. A packet whose checksum is right sums to
 * 0xffff; the checksum to write is the complement. Exact for up to 64 KiB.
 */
export function sum(frame: DataView, at: number, length: number, initial = 0): number {
  let total = initial;
  const end = at + (length & ~1);
  for (let word = at; word < end; word += 2) total += frame.getUint16(word);
  if ((length & 1) !== 0) total += frame.getUint8(end) << 8;
  return fold(total);
}

/** Carries what is above 16 bits around. */
function fold(total: number): number {
  const once = (total >>> 16) + (total & 0xffff);
  return (once >>> 16) + (once & 0xffff);
}

/** The checksum after one word changed from `was` to `becomes`: HC' = ~(~HC + ~m + m'), RFC 1624 equation 3. */
export function update(checksum: number, was: number, becomes: number): number {
  return ~fold((~checksum & 0xffff) + (~was & 0xffff) + becomes) & 0xffff;
}

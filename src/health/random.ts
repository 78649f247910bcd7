/** Numbers that a forger would have to guess. */

/** 0 to 65535. */
export function random16(): number {
  return crypto.getRandomValues(new Uint16Array(1))[0]!;
}

/** Int32. */
export function random32(): number {
  return crypto.getRandomValues(new Int32Array(1))[0]!;
}

/** Random numbers, as whatever draws some is given them: the machine's, which a forger cannot guess, or those of a seed, which come again. */

export interface Random {
  /** From 0 up to 1, evenly. */
  share(): number;
  /** Any 32 bits, as Int32. */
  int32(): number;
}

/** The machine's. */
export const MACHINE_RANDOM: Random = {
  share: () => Math.random(),
  int32: () => crypto.getRandomValues(new Int32Array(1))[0]!,
};

/** 0 to 65535. */
export function uint16(random: Random): number {
  return random.int32() & 0xffff;
}

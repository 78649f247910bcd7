/** What several values of one figure come to. */

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Of at least one value; undefined without any. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  return { median: percentile(sorted, 50), least: sorted[0]!, most: sorted.at(-1)! };
}

/**
 * The ratios pair by pair, so that a mood of the machine, which meets both of a pair, falls out. A pair of which one half is
 * missing is left out.
 */
export function ratios(
  values: readonly (number | null)[],
  reference: readonly (number | null)[],
): number[] {
  return values.flatMap((value, pair) => {
    const other = reference[pair];
    return value === null || other === null || other === undefined || other === 0 ? [] : [value / other];
  });
}

/** Of values that are sorted already, between neighbours where it falls between two; `percent` from 0 to 100. */
export function percentile(sorted: readonly number[], percent: number): number {
  const at = (sorted.length - 1) * percent / 100;
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return low + (high - low) * (at - Math.floor(at));
}

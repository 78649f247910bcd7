/** A number as people say it. */

const UNITS = ["", " k", " M", " G", " T"] as const;

/** `1.23 M`: three digits, by powers of 1,000. */
export function formatQuantity(count: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, count)) / 3)));
  if (power === 0) return String(Math.round(count));
  const mantissa = count / 1000 ** power;
  return `${mantissa.toFixed(mantissa < 10 ? 2 : mantissa < 100 ? 1 : 0)}${UNITS[power]}`;
}

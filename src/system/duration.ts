/** A length of time as a configuration and the options of commands give it: exact, and read back. */

const UNITS = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Text such as `500ms`, `1s`, `2m` or `1h` to milliseconds; undefined where it is none. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,6})(ms|s|m|h)$/.exec(text) ?? [];
  return unit === undefined ? undefined : Number(digits) * UNITS[unit as keyof typeof UNITS];
}

/** In the largest unit that gives a whole number. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  const [unit, size] = Object.entries(UNITS).find(([, size]) => ms % size === 0)!;
  return `${ms / size}${unit}`;
}

/** Times, shares and rates as a topology and a command give them, and as they are shown: each is read back as it was written. */

const TIMES = { s: 1_000_000, ms: 1000, us: 1 };
const RATES = { gbit: 1_000_000_000, mbit: 1_000_000, kbit: 1000, bit: 1 };

const LONGEST_US = 60_000_000;
const SLOWEST = 1000;
const FASTEST = 100_000_000_000;

export const TIME_REMEDY = "use a time such as 20ms, in us, ms or s, 60s at most";
export const SHARE_REMEDY = "use a share such as 1% or 0.01%, from 0% to 100%";
export const RATE_REMEDY =
  "use a rate such as 10mbit, in kbit, mbit or gbit, from 1kbit to 100gbit, or 0 for none";

/** Text such as `20ms` or `1.5ms` to microseconds; undefined where it is none. A time of 0 needs no unit. */
export function parseTime(text: string): number | undefined {
  const us = parseIn(TIMES, text);
  return us === undefined || us > LONGEST_US ? undefined : us;
}

export function formatTime(us: number): string {
  return formatIn(TIMES, us);
}

/** Text such as `1%` to a number from 0 to 1; undefined where it is none. A share of 0 needs no sign. */
export function parseShare(text: string): number | undefined {
  if (text === "0") return 0;
  const [, number] = /^(\d{1,3}(?:\.\d+)?) ?%$/.exec(text) ?? [];
  // Rounded to what can be written: 0.07 % is 7e-4, and not 7.000000000000001e-4.
  return number === undefined || Number(number) > 100
    ? undefined
    : Number((Number(number) / 100).toPrecision(12));
}

export function formatShare(share: number): string {
  return `${Number((share * 100).toPrecision(12))}%`;
}

/** Text such as `10mbit` to bits a second; 0 for no limit; undefined where it is none. */
export function parseRate(text: string): number | undefined {
  const rate = parseIn(RATES, text);
  return rate === 0 || (rate !== undefined && rate >= SLOWEST && rate <= FASTEST) ? rate : undefined;
}

export function formatRate(rate: number): string {
  return formatIn(RATES, rate);
}

function parseIn(units: Readonly<Record<string, number>>, text: string): number | undefined {
  if (text === "0") return 0;
  const [, number, unit = ""] = /^(\d{1,12}(?:\.\d{1,9})?) ?([a-z]+)$/.exec(text) ?? [];
  const size = Object.hasOwn(units, unit) ? units[unit] : undefined;
  return size === undefined ? undefined : Math.round(Number(number) * size);
}

/** In the largest unit that is not larger than the value, with as many decimals as it takes. */
function formatIn(units: Readonly<Record<string, number>>, value: number): string {
  if (value === 0) return "0";
  const [unit, size] = Object.entries(units).find(([, size]) => value >= size) ??
    Object.entries(units).at(-1)!;
  return `${Number((value / size).toPrecision(12))}${unit}`;
}

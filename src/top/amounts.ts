/** Amounts in few characters. */

const UNITS = [["G", 1e9], ["M", 1e6], ["k", 1e3]] as const;

/** `12.3k`: three digits and a letter; below 1000 as it is, without a fraction from 10 on. */
export function formatRate(rate: number | null): string {
  if (rate === null) return "-";
  const rounded = Number(rate.toPrecision(3));
  if (rounded >= 1e12) return rounded.toExponential(1);
  const [letter, size] = UNITS.find(([, size]) => rounded >= size) ?? ["", 1];
  const number = rounded / size;
  if (letter === "") return number >= 10 || Number.isInteger(number) ? number.toFixed(0) : number.toFixed(1);
  return `${number.toPrecision(3)}${letter}`;
}

/** `1,234,567` */
export function formatCount(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

export function formatProbe(ms: number | null): string {
  if (ms === null) return "-";
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms.toFixed(ms < 9.95 ? 1 : 0)} ms`;
}

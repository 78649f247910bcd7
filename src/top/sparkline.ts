/** Numbers as a row of bars, one character each. */

const BARS = { unicode: "▁▂▃▄▅▆▇█", ascii: "_.:-=+*#" };

export type Characters = keyof typeof BARS;

/** The last ones for which there is room, to the right. The highest bar is `most`; 0 is a gap. */
export function sparkline(
  numbers: readonly number[],
  most: number,
  width: number,
  characters: Characters,
): string {
  const bars = BARS[characters];
  return numbers.slice(-width || numbers.length).map((number) =>
    number === 0 ? " " : bars[Math.min(bars.length - 1, Math.floor(bars.length * number / most))]
  ).join("").padStart(width);
}

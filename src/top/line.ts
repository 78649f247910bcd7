/** A line of the screen, never wider than that. */

/** Codes of SGR (ECMA-48 section 8.3.117). */
const CODES = { bold: "1", red: "31", green: "32", yellow: "33", selected: "1;7" };

export type Paint = keyof typeof CODES;

/** Text as it is, or painted where colours are wanted. */
export type Segment = string | readonly [text: string, paint: Paint];

/**
 * What may not be one column wide on every terminal: control characters, which would even command it, and what lies beyond ASCII, the
 * Latin letters and the bars of a sparkline. Names have none of these; what other machines say may.
 */
const UNUSUAL = /[^ -~\u00a1-\u00ac\u00ae-\u017f\u2581-\u2588]/g;

/** One column for each character. */
export function plain(text: string): string {
  return text.replaceAll(UNUSUAL, "?");
}

export function lineOf(width: number, isPainted: boolean, ...segments: readonly Segment[]): string {
  let left = width;
  return segments.map((segment) => {
    const [text, paint] = typeof segment === "string" ? [segment, undefined] : segment;
    const shown = plain(text).slice(0, left);
    left -= shown.length;
    if (paint === undefined || !isPainted || shown === "") return shown;
    return `\x1b[${CODES[paint]}m${shown}\x1b[0m`;
  }).join("");
}

/** At its begin and its end names differ most. */
export function shorten(text: string, width: number): string {
  if (text.length <= width) return text;
  const tail = Math.floor((width - 1) / 2);
  return `${text.slice(0, width - 1 - tail)}~${text.slice(text.length - tail)}`;
}

/** Text within the width of a terminal. */

export const WIDTH = 80;

/** Breaks text where a line would be too wide, and begins each further line with `by`. The first one begins as far right. */
export function wrap(text: string, by: string, between = / /): string {
  const lines = [""];
  for (const piece of text.split(new RegExp(`(?<=${between.source})`))) {
    if (by.length + lines.at(-1)!.length + piece.trimEnd().length > WIDTH && lines.at(-1) !== "") {
      lines.push("");
    }
    lines.push(lines.pop()! + piece);
  }
  return lines.map((line) => line.trimEnd()).join(`\n${by}`);
}

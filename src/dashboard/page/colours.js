/** A colour for each backend of a cluster, by its place in the configuration. Lines have a pattern as well, for who sees no colours. */

/** Red, green and blue, to 255. @typedef {readonly [number, number, number]} Colour */

/** At least 3:1 on the page's light and dark ground. @type {readonly Colour[]} */
const FIRST = [
  [0x3b, 0x82, 0xc4],
  [0xc4, 0x75, 0x1c],
  [0x3f, 0x98, 0x55],
  [0xb8, 0x54, 0x9a],
  [0x8a, 0x86, 0x2a],
  [0x7d, 0x6b, 0xc8],
  [0xc9, 0x57, 0x57],
  [0x2a, 0x97, 0x97],
];

/** Degrees between two hues that follow each other, so that neighbors are far from each other. */
const GOLDEN = 137.508;

const LIGHTNESSES = [0.5, 0.42, 0.58];
const SATURATION = 0.45;

/** @param {number} index @returns {Colour} */
export function colourOf(index) {
  const first = FIRST[index];
  if (first !== undefined) return first;
  const lightness = LIGHTNESSES[index % LIGHTNESSES.length] ?? 0.5;
  const reach = SATURATION * Math.min(lightness, 1 - lightness);
  // From hue, saturation and lightness: CSS Color 4, section 7.1.
  const channel = (/** @type {number} */ shift) => {
    const k = (shift + (index * GOLDEN) / 30) % 12;
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

/** @param {number} index */
export function cssColourOf(index) {
  return `rgb(${colourOf(index).join(" ")})`;
}

/** Of a line: lengths of its strokes and gaps. */
const PATTERNS = [[], [8, 4], [2, 3], [10, 3, 2, 3]];

/** @param {number} index */
export function patternOf(index) {
  return PATTERNS[index % PATTERNS.length] ?? [];
}

/** @param {Colour} colour @param {Colour} other @param {number} part that the other has @returns {Colour} */
export function mix([red, green, blue], other, part) {
  return [
    red + (other[0] - red) * part,
    green + (other[1] - green) * part,
    blue + (other[2] - blue) * part,
  ];
}

/** A colour of the theme (style.css), which is `#rrggbb`. @param {Element} element @param {string} name @returns {Colour} */
export function colourIn(element, name) {
  const digits = Number.parseInt(getComputedStyle(element).getPropertyValue(name).trim().slice(1), 16);
  return [digits >> 16, digits >> 8 & 255, digits & 255];
}

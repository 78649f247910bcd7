/**
 * The bucket map as a picture: one pixel for each bucket, row by row, which the style makes larger. A bucket has the colour of its owner;
 * one that has just moved flashes; one in transition is paler, because older connections in it are still another backend's.
 */

import { colourIn, colourOf, mix } from "./colours.js";
import { movedBuckets } from "./moves.js";

/** So long one sees that a bucket has moved. */
const FLASH_MS = 2500;

/** How much of the ground shines through. */
const TRANSITION = 0.5;
const NOT_MEANT = 0.88;

/**
 * @typedef {import("./answers.d.ts").Buckets} Buckets
 * @typedef {import("./colours.js").Colour} Colour
 */

export class BucketMap {
  #canvas;
  #mark;
  #isStill = matchMedia("(prefers-reduced-motion: reduce)");
  /** @type {Buckets | undefined} */
  #buckets;
  /** @type {string | undefined} */
  #only;
  /** As they are without flashes. @type {readonly Colour[]} */
  #colours = [];
  /** Buckets that moved, and when. @type {readonly { readonly moved: readonly number[], readonly sinceMs: number }[]} */
  #flashes = [];
  /** @type {ImageData | undefined} */
  #image;
  #isFlashing = false;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {HTMLElement} mark the frame around one bucket
   */
  constructor(canvas, mark) {
    this.#canvas = canvas;
    this.#mark = mark;
  }

  /**
   * @param {Buckets | undefined} buckets
   * @param {string | undefined} only the backend whose buckets are shown; all without
   */
  show(buckets, only) {
    if (buckets === this.#buckets && only === this.#only) return;
    const moved = buckets === undefined ? [] : movedBuckets(this.#buckets, buckets);
    if (this.#buckets?.cluster !== buckets?.cluster) this.#flashes = [];
    this.#buckets = buckets;
    this.#only = only;
    if (moved.length > 0) this.#flashes = [...this.#flashes, { moved, sinceMs: performance.now() }];
    this.draw();
  }

  /** Puts the frame around this bucket; none takes it away. @param {number | undefined} bucket */
  mark(bucket) {
    this.#mark.hidden = bucket === undefined || this.#buckets === undefined;
    if (bucket === undefined || this.#buckets === undefined) return;
    const { columns, rows } = sidesOf(this.#buckets.owners.length);
    this.#mark.style.left = `${100 * (bucket % columns + 0.5) / columns}%`;
    this.#mark.style.top = `${100 * (Math.floor(bucket / columns) + 0.5) / rows}%`;
  }

  /** The bucket at this place of the page. @param {MouseEvent} place @returns {number | undefined} */
  bucketAt({ clientX, clientY }) {
    if (this.#buckets === undefined) return undefined;
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    const { columns, rows } = sidesOf(this.#buckets.owners.length);
    const column = Math.floor((clientX - left) / width * columns);
    const row = Math.floor((clientY - top) / height * rows);
    const isInside = column >= 0 && column < columns && row >= 0 && row < rows;
    return isInside ? row * columns + column : undefined;
  }

  /** All of it, in the colours of the theme. */
  draw() {
    const context = this.#canvas.getContext("2d");
    if (this.#buckets === undefined || context === null) return;
    const { owners, backends, inTransition } = this.#buckets;
    const { columns, rows } = sidesOf(owners.length);
    if (this.#image?.width !== columns || this.#image.height !== rows) {
      this.#canvas.width = columns;
      this.#canvas.height = rows;
      this.#image = context.createImageData(columns, rows);
    }
    const ground = colourIn(this.#canvas, "--ground");
    const nobody = colourIn(this.#canvas, "--nobody");
    const ofBackend = backends.map((name, index) =>
      this.#only === undefined || this.#only === name
        ? colourOf(index)
        : mix(colourOf(index), ground, NOT_MEANT)
    );
    const colours = owners.map((owner) => ofBackend[owner] ?? nobody);
    for (const bucket of inTransition) colours[bucket] = mix(colours[bucket] ?? nobody, ground, TRANSITION);
    this.#colours = colours;
    colours.forEach((colour, bucket) => this.#paint(bucket, colour));
    this.#put();
    this.#flash();
  }

  /** Draws the flashes until they have faded. */
  #flash() {
    if (this.#isFlashing || this.#flashes.length === 0) return;
    this.#isFlashing = true;
    requestAnimationFrame((now) => {
      this.#isFlashing = false;
      const bright = colourIn(this.#canvas, "--flash");
      for (const { moved, sinceMs } of this.#flashes) {
        const age = Math.min(1, Math.max(0, (now - sinceMs) / FLASH_MS));
        const part = age === 1 ? 0 : this.#isStill.matches ? 1 : 1 - age;
        for (const bucket of moved) this.#paint(bucket, mix(this.#colours[bucket] ?? bright, bright, part));
      }
      this.#put();
      this.#flashes = this.#flashes.filter(({ sinceMs }) => now - sinceMs < FLASH_MS);
      this.#flash();
    });
  }

  /** @param {number} bucket @param {Colour} colour */
  #paint(bucket, [red, green, blue]) {
    const { data } = /** @type {ImageData} */ (this.#image);
    data[4 * bucket] = red;
    data[4 * bucket + 1] = green;
    data[4 * bucket + 2] = blue;
    data[4 * bucket + 3] = 255;
  }

  #put() {
    this.#canvas.getContext("2d")?.putImageData(/** @type {ImageData} */ (this.#image), 0, 0);
  }
}

/** Of the picture, in pixels: as near to a square as a power of two gets. @param {number} buckets */
function sidesOf(buckets) {
  const columns = 2 ** Math.ceil(Math.log2(buckets) / 2);
  return { columns, rows: Math.ceil(buckets / columns) };
}

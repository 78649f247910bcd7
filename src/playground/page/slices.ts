/** Long work in slices, so that the page answers meanwhile. */

/** Of a picture's 16 ms. */
const SLICE_MS = 10;

/** Whoever has long work asks it again and again. */
export class Slices {
  #endMs = performance.now() + SLICE_MS;
  readonly #isWanted: () => boolean;

  /** `isWanted`: does anybody still want what comes of it? */
  constructor(isWanted: () => boolean) {
    this.#isWanted = isWanted;
  }

  get isOver(): boolean {
    return performance.now() >= this.#endMs;
  }

  /** Lets the page draw and hear. False when the work is to end. */
  async next(): Promise<boolean> {
    await new Promise((resolve) => setTimeout(resolve));
    this.#endMs = performance.now() + SLICE_MS;
    return this.#isWanted();
  }
}

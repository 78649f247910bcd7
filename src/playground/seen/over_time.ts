/**
 * How often things happened in each stretch of a world's time, from its beginning: what plots draw. When there are too many stretches,
 * each two become one, so that the whole course of things stays in view and the memory has a bound.
 */

/** Of each stretch, at first. */
const FIRST_US = 500_000;
/** Stretches; an even number. */
const MOST = 240;

export class OverTime {
  #widthUs = FIRST_US;
  readonly #counts = new Map<string, number[]>();

  count(what: string, atUs: number): void {
    let stretch = Math.floor(atUs / this.#widthUs);
    for (; stretch >= MOST; stretch = Math.floor(atUs / this.#widthUs)) this.#widen();
    const counts = this.#counts.get(what) ?? new Array<number>(MOST).fill(0);
    counts[stretch]! += 1;
    this.#counts.set(what, counts);
  }

  /** The ends of all stretches that are over by then, in seconds. */
  times(atUs: number): number[] {
    return Array.from({ length: this.#over(atUs) }, (_, stretch) => (stretch + 1) * this.#widthUs / 1e6);
  }

  /** In each of these stretches, a second. */
  rates(what: string, atUs: number): number[] {
    const counts = this.#counts.get(what);
    return Array.from(
      { length: this.#over(atUs) },
      (_, stretch) => (counts?.[stretch] ?? 0) * 1e6 / this.#widthUs,
    );
  }

  #over(atUs: number): number {
    while (atUs >= (MOST + 1) * this.#widthUs) this.#widen();
    return Math.min(MOST, Math.floor(atUs / this.#widthUs));
  }

  #widen(): void {
    this.#widthUs *= 2;
    for (const [what, counts] of this.#counts) {
      this.#counts.set(
        what,
        counts.map((_, stretch) => (counts[2 * stretch] ?? 0) + (counts[2 * stretch + 1] ?? 0)),
      );
    }
  }
}

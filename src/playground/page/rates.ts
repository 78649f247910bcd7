/** How much each machine had to do lately: frames a second in the time of the world, as small lines. */

import { html, svg, type TemplateResult } from "lit-html";

/** Moments that are remembered. */
const MOST = 60;
const WIDTH = 120;
const HEIGHT = 20;

interface Moment {
  readonly atUs: number;
  readonly counts: ReadonlyMap<string, number>;
}

export class Rates {
  #moments: Moment[] = [];

  /** What was counted until now. Where time has gone back, what came later is forgotten. */
  add(atUs: number, counts: ReadonlyMap<string, number>): void {
    this.#moments = this.#moments.filter((moment) => moment.atUs < atUs).slice(1 - MOST);
    this.#moments.push({ atUs, counts: new Map(counts) });
  }

  clear(): void {
    this.#moments = [];
  }

  /** Frames a second, between each two moments. */
  of(name: string): number[] {
    return this.#moments.slice(1).map(({ atUs, counts }, index) => {
      const before = this.#moments[index]!;
      return 1e6 * ((counts.get(name) ?? 0) - (before.counts.get(name) ?? 0)) / (atUs - before.atUs);
    });
  }

  /** All lines of a table have one scale. */
  most(names: readonly string[]): number {
    return Math.max(1, ...names.flatMap((name) => this.of(name)));
  }
}

export function line(rates: readonly number[], most: number, colour: string): TemplateResult {
  const points = rates.map((rate, index) =>
    `${(index + MOST - rates.length) * WIDTH / MOST},${(HEIGHT - 1) * (1 - rate / most) + 0.5}`
  );
  return html`<svg class="rate" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">${svg`<polyline points=${
    points.join(" ")
  } fill="none" stroke=${colour} stroke-width="1.5" />`}</svg>`;
}

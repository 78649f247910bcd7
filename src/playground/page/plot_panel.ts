/** Over the time of the world: how often each backend answers clients, and what is dropped. */

import { html, render } from "lit-html";
import { type Line, Plot } from "../../dashboard/page/plots.js";
import { cssColourOf } from "../../dashboard/page/colours.js";
import { DROPPED, LOST } from "../seen/chronicle.ts";
import type { OverTime } from "../seen/over_time.ts";
import type { View } from "../seen/view.ts";

const TIMES = { ofDay: false, words: (seconds: number) => `${seconds} s` };

export interface PlotElements {
  readonly answers: HTMLElement;
  readonly drops: HTMLElement;
  /** Which line is whose. */
  readonly backends: HTMLElement;
}

export class PlotPanel {
  readonly #backends: HTMLElement;
  readonly #answers: Plot;
  readonly #drops: Plot;
  /** What is drawn, as a word: the same is not drawn again. */
  #drawn = "";

  constructor({ answers, drops, backends }: PlotElements) {
    this.#backends = backends;
    this.#answers = new Plot(answers, TIMES);
    this.#drops = new Plot(drops, TIMES);
  }

  drawAnew(): void {
    this.#drawn = "";
    this.#answers.drawAnew();
    this.#drops.drawAnew();
  }

  show({ machines }: View, overTime: OverTime, shownUs: number): void {
    const times = overTime.times(shownUs);
    const backends = machines.flatMap(({ name, backend }) =>
      backend === undefined ? [] : [{ name, ...backend }]
    );
    const answers = backends.map(({ name, index }): Line => ({
      ...{ name, index, points: overTime.rates(name, shownUs) },
    }));
    const drops = [[DROPPED, "--warn"], [LOST, "--bad"]].map(([name, colour], index): Line => ({
      ...{ name: name!, colour: colour!, index, points: overTime.rates(name!, shownUs) },
    }));
    const drawn = JSON.stringify([times.length, times.at(-1), backends.map(({ name }) => name)]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#answers.show(times, answers);
    this.#drops.show(times, drops);
    render(
      backends.map(({ name, index }) =>
        html`<span><i .style=${`background: ${cssColourOf(index)}`}></i>${name}</span>`
      ),
      this.#backends,
    );
  }
}

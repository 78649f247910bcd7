/** Lines over time, one for each of some backends. */

// @ts-expect-error: its types stand beside another of its files.
import uPlot from "../../../node_modules/uplot/dist/uPlot.esm.js";
import { cssColourOf, patternOf } from "./colours.js";
import { short } from "./words.js";

/** Of a plot, and of its letters and margins, in the unit of the style: it grows with the page. */
const HEIGHT = 15;
const LETTERS = 1.1;
const BELOW = 2.4;
const BESIDE = 4.4;

/**
 * `index`: of the backend, for its colour and pattern. `colour`: of the theme, for what is no backend's.
 * @typedef {{ readonly name: string, readonly index: number, readonly colour?: string, readonly points: readonly (number | null)[] }} Line
 */

export class Plot {
  #element;
  #output;
  #times;
  /** @type {any} */
  #plot;
  /** What the plot was made for. */
  #made = "";
  /** @type {readonly Line[]} */
  #lines = [];

  /**
   * @param {HTMLElement} element
   * @param {{ readonly ofDay: boolean, readonly words: (seconds: number) => string }} times of a day, or from the beginning
   */
  constructor(element, times) {
    this.#element = element;
    this.#times = times;
    this.#output = /** @type {HTMLElement} */ (element.closest("figure")?.querySelector("output"));
    new ResizeObserver(() => this.#plot?.setSize(this.#size)).observe(element);
  }

  /** @param {readonly number[]} times seconds @param {readonly Line[]} lines */
  show(times, lines) {
    this.#lines = lines;
    const data = [times, ...lines.map(({ points }) => points)];
    const made = JSON.stringify([this.#rem, ...lines.map(({ name, index }) => [name, index])]);
    if (this.#plot !== undefined && made === this.#made) return this.#plot.setData(data);
    this.#made = made;
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#options(), data, this.#element);
  }

  /** In the colours of the theme, which has changed. */
  drawAnew() {
    this.#made = "";
  }

  get #rem() {
    return Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  }

  get #size() {
    return { width: Math.max(120, this.#element.clientWidth), height: HEIGHT * this.#rem };
  }

  #options() {
    const style = getComputedStyle(this.#element);
    const rem = this.#rem;
    const [words, line] = ["--quiet", "--line"].map((name) => style.getPropertyValue(name).trim());
    const axis = {
      stroke: words,
      font: `${LETTERS * rem}px ${style.fontFamily}`,
      grid: { stroke: line, width: 1 },
      ticks: { show: false },
    };
    return {
      ...this.#size,
      padding: [0.8 * rem, 0.8 * rem, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: "plots" }, y: false, drag: { x: false, y: false }, points: { size: 5 } },
      scales: {
        x: { time: this.#times.ofDay },
        y: {
          range: (
            /** @type {unknown} */ _,
            /** @type {number} */ __,
            /** @type {number | null} */ most,
          ) => [0, most || 1],
        },
      },
      axes: [
        {
          ...axis,
          size: BELOW * rem,
          space: 7 * rem,
          values: (/** @type {unknown} */ _, /** @type {number[]} */ ticks) => ticks.map(this.#times.words),
        },
        {
          ...axis,
          size: BESIDE * rem,
          space: 2.8 * rem,
          values: (/** @type {unknown} */ _, /** @type {number[]} */ ticks) => ticks.map(short),
        },
      ],
      series: [
        {},
        ...this.#lines.map(({ name, index, colour }) => ({
          label: name,
          stroke: colour === undefined ? cssColourOf(index) : style.getPropertyValue(colour).trim(),
          dash: patternOf(index),
          width: 1.5,
          points: { show: false },
        })),
      ],
      hooks: {
        setCursor: [(/** @type {{ cursor: { idx: number | null } }} */ { cursor }) => this.#read(cursor.idx)],
      },
    };
  }

  /** Says the values at the cursor. @param {number | null | undefined} at */
  #read(at) {
    const values = at === null || at === undefined
      ? []
      : this.#lines.map(({ name, points }) => `${name} ${short(points[at])}`);
    this.#output.textContent = values.join("  ");
  }
}

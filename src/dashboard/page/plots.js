/** Lines over the last minutes, one for each of the backends that the table shows first. */

// @ts-expect-error: its types stand beside another of its files.
import uPlot from "../../../node_modules/uplot/dist/uPlot.esm.js";
import { cssColourOf, patternOf } from "./colours.js";
import { clock, short } from "./words.js";

const HEIGHT = 150;

/**
 * @typedef {{ readonly name: string, readonly index: number, readonly points: readonly (number | null)[] }} Line
 */

export class Plot {
  #element;
  #output;
  /** @type {any} */
  #plot;
  /** What the plot was made for. */
  #made = "";
  /** @type {readonly Line[]} */
  #lines = [];

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
    this.#output = /** @type {HTMLElement} */ (element.closest("figure")?.querySelector("output"));
    new ResizeObserver(() => this.#plot?.setSize(this.#size)).observe(element);
  }

  /** @param {readonly number[]} times seconds since 1970 @param {readonly Line[]} lines */
  show(times, lines) {
    this.#lines = lines;
    const data = [times, ...lines.map(({ points }) => points)];
    const made = JSON.stringify(lines.map(({ name, index }) => [name, index]));
    if (this.#plot !== undefined && made === this.#made) return this.#plot.setData(data);
    this.#made = made;
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#options(), data, this.#element);
  }

  /** In the colours of the theme, which has changed. */
  drawAnew() {
    this.#made = "";
  }

  get #size() {
    return { width: Math.max(120, this.#element.clientWidth), height: HEIGHT };
  }

  #options() {
    const style = getComputedStyle(this.#element);
    const [words, line] = ["--quiet", "--line"].map((name) => style.getPropertyValue(name).trim());
    const axis = {
      stroke: words,
      font: `11px ${style.fontFamily}`,
      grid: { stroke: line, width: 1 },
      ticks: { show: false },
    };
    return {
      ...this.#size,
      padding: [8, 8, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: "plots" }, y: false, drag: { x: false, y: false }, points: { size: 5 } },
      scales: {
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
          size: 24,
          space: 70,
          values: (/** @type {unknown} */ _, /** @type {number[]} */ ticks) =>
            ticks.map((tick) => clock(1000 * tick)),
        },
        {
          ...axis,
          size: 44,
          space: 28,
          values: (/** @type {unknown} */ _, /** @type {number[]} */ ticks) => ticks.map(short),
        },
      ],
      series: [
        {},
        ...this.#lines.map(({ name, index }) => ({
          label: name,
          stroke: cssColourOf(index),
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

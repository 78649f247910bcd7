/** The network: machines as buttons over the drawing of their links and of the frames on these. */

import { html, render } from "lit-html";
import type { View } from "../seen/view.ts";
import type { Scene } from "../../sim/scene.ts";
import type { Chosen } from "./chosen.ts";
import { machines } from "./machines.ts";
import type { Session } from "./session.ts";
import { Drawing } from "./topology/drawing.ts";
import { layOut, type Place } from "./topology/layout.ts";
import { macKey } from "./topology/look.ts";

/** Frames that are drawn at once. */
const MOST_DRAWN = 1500;
/** A narrower drawing runs from top to bottom. */
const NARROW = 620;

export interface NetworkElements {
  readonly links: HTMLCanvasElement;
  readonly machines: HTMLElement;
  readonly legend: HTMLElement;
}

export interface Choosing {
  choose(chosen: Chosen): void;
  chooseFrame(number: number): void;
}

export class NetworkPanel {
  readonly #elements: NetworkElements;
  readonly #drawing: Drawing;
  readonly #choosing: Choosing;
  #places: ReadonlyMap<string, Place> = new Map();
  #isNarrow = false;
  /** By MAC: whose colour a frame has. */
  #backends: ReadonlyMap<string, number> = new Map();
  #drawnUs = 0;

  constructor(elements: NetworkElements, choosing: Choosing) {
    this.#elements = elements;
    this.#drawing = new Drawing(elements.links);
    this.#choosing = choosing;
    render(LEGEND, elements.legend);
    this.#listen();
  }

  /** Another world, or another size. */
  arrange(scene: Scene): void {
    this.drawAnew();
    this.#isNarrow = this.#drawing.width < NARROW;
    this.#places = layOut(scene, this.#isNarrow);
    this.#drawing.arrange(this.#places, this.#isNarrow);
  }

  /** In the colours and the size of now. */
  drawAnew(): void {
    this.#drawing.renew();
  }

  /** The machines. */
  show({ machines: all }: View, chosen: string | undefined): void {
    this.#backends = new Map(
      all.flatMap(({ mac, backend }) => backend === undefined ? [] : [[macKey(mac), backend.index]]),
    );
    render(
      machines(all, this.#places, this.#isNarrow, chosen, (machine) => this.#choosing.choose({ machine })),
      this.#elements.machines,
    );
  }

  /** What is drawn would be another picture. */
  isPast(shownUs: number): boolean {
    return shownUs !== this.#drawnUs || this.#drawing.isGlowing;
  }

  /** Links, and the frames on them. Returns how many these are. */
  draw(
    { shownUs, chronicle: { recording } }: Session,
    { links }: View,
    chosen: { readonly link: string | undefined; readonly frame: number | undefined },
    nowMs: number,
  ): number {
    const passed = recording.between(Math.min(this.#drawnUs, shownUs), shownUs);
    this.#drawnUs = shownUs;
    const frames = recording.underWay(shownUs, MOST_DRAWN);
    this.#drawing.draw({
      ...{ atUs: shownUs, links, frames, backends: this.#backends },
      busy: new Set(passed.map(({ link }) => link)),
      chosenLink: chosen.link,
      chosenFrame: chosen.frame,
    }, nowMs);
    return frames.length;
  }

  #listen(): void {
    const { links } = this.#elements;
    links.addEventListener("click", (event) => {
      const { frame, link } = this.#drawing.at(event);
      if (frame !== undefined) this.#choosing.chooseFrame(frame.number);
      else if (link !== undefined) this.#choosing.choose({ link });
    });
    links.addEventListener("pointermove", (event) => {
      const { frame, link } = this.#drawing.at(event);
      links.style.cursor = frame === undefined && link === undefined ? "" : "pointer";
    });
  }
}

const sign = (path: string) =>
  html`
    <svg viewBox="0 0 12 12" aria-hidden="true">
      <path d=${path} />
    </svg>
  `;

const LEGEND = html`
  <span>${sign(
    "M6 1.500a4.500 4.500 0 1 0 .01 0z",
  )} of clients and backends, in the colour of the backend it is for</span>
  <span>${sign("M2 2h8v8H2z")} who has this address?</span>
  <span>${sign("M6 .5L11.500 6 6 11.500.5 6z")} ICMP</span>
  <span>${sign("M6 4a2 2 0 1 0 .01 0z")} told between machines</span>
`;

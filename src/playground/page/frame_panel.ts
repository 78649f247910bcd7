/** The latest frames of what is chosen, and below them the one that is chosen, octet by octet. */

import { html, nothing, render } from "lit-html";
import type { Crossing } from "../seen/recording.ts";
import { belongingOf } from "./belonging.ts";
import type { Chosen } from "./chosen.ts";
import type { ChosenField } from "./frame_figure.ts";
import { frameDetail, frameList } from "./frames.ts";
import type { Session } from "./session.ts";

export interface FrameElements {
  readonly list: HTMLElement;
  readonly detail: HTMLElement;
}

export class FramePanel {
  readonly #elements: FrameElements;
  readonly #changed: () => void;
  #frame: Crossing | undefined;
  #field: ChosenField | undefined;
  #hasBackground = false;

  /** `changed`: something else is to be shown. */
  constructor(elements: FrameElements, changed: () => void) {
    this.#elements = elements;
    this.#changed = changed;
  }

  get chosen(): number | undefined {
    return this.#frame?.number;
  }

  choose(frame: Crossing | undefined): void {
    this.#frame = frame;
    this.#field = undefined;
    this.#changed();
  }

  show(session: Session, chosen: Chosen | undefined): void {
    const { chronicle: { recording }, shownUs, world } = session;
    const wanted = {
      link: chosen !== undefined && "link" in chosen ? chosen.link : undefined,
      node: chosen !== undefined && "machine" in chosen ? chosen.machine : undefined,
      hasBackground: this.#hasBackground,
    };
    render(
      html`
        <label class="choice"><span><input type="checkbox" .checked=${this.#hasBackground}
          @change=${(event: Event) => {
            this.#hasBackground = (event.target as HTMLInputElement).checked;
            this.#changed();
          }}>also questions for addresses, and what machines tell each other</span></label>
        ${frameList(
          recording,
          shownUs,
          wanted,
          this.#frame?.number,
          (number) => this.choose(recording.find(number)),
        )}
      `,
      this.#elements.list,
    );
    render(
      this.#frame === undefined
        ? nothing
        : frameDetail(this.#frame, belongingOf(world, this.#frame), this.#field, (field) => {
          this.#field = field;
          this.#changed();
        }),
      this.#elements.detail,
    );
  }
}

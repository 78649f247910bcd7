/** The machines, as buttons over the drawing of their links. */

import { html, nothing, svg, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { cssColourOf } from "../../dashboard/page/colours.js";
import type { MachineView } from "../seen/view.ts";
import { MOST_LARGE, type Place } from "./topology/layout.ts";

export function machines(
  all: readonly MachineView[],
  places: ReadonlyMap<string, Place>,
  isNarrow: boolean,
  chosen: string | undefined,
  choose: (name: string) => void,
): TemplateResult {
  const dense = all.length > MOST_LARGE ? "dense" : "";
  return html`${
    repeat(all, ({ name }) => name, (machine) => {
      const { name, kind, state, note, isWrong } = machine;
      const place = places.get(name);
      if (place === undefined) return nothing;
      const [x, y] = isNarrow ? [place.across, place.along] : [place.along, place.across];
      return html`
        <button type="button" data-machine=${name}
          class=${`machine ${kind} ${state} ${isWrong ? "wrong" : ""} ${dense}`}
          .style=${`left: ${100 * x}%; top: ${100 * y}%; --own: ${colourOf(machine)}`}
          aria-pressed=${name === chosen ? "true" : "false"}
          @click=${() => choose(name)}>${GLYPHS[kind]}<span class="name">${name}</span>${note === ""
            ? nothing
            : html`<small>${note}</small>`}</button>
      `;
    })
  }`;
}

/** A backend has the colour of its buckets. */
function colourOf({ backend }: MachineView): string {
  return backend === undefined ? "currentColor" : cssColourOf(backend.index);
}

const glyph = (content: TemplateResult) => html`<svg viewBox="0 0 22 22" aria-hidden="true">${content}</svg>`;

const CLIENT = glyph(svg`
  <rect x="3" y="4" width="16" height="11" rx="1.5" />
  <path d="M8 19h6M11 15v4" />
`);

const GLYPHS: Readonly<Record<MachineView["kind"], TemplateResult>> = {
  client: CLIENT,
  host: CLIENT,
  router: glyph(svg`
    <circle cx="11" cy="11" r="8" />
    <path d="M7 9h8M13 7l2 2-2 2M15 13H7M9 11l-2 2 2 2" />
  `),
  switch: glyph(svg`
    <rect x="2.5" y="6" width="17" height="10" rx="1.5" />
    <path d="M6 12.500v-3M10 12.500v-3M14 12.500v-3M17 12.500v-3" />
  `),
  backend: glyph(
    svg`
      <rect x="3" y="3.500" width="16" height="6" rx="1.500" />
      <rect x="3" y="12.500" width="16" height="6" rx="1.500" />
      <path d="M6.500 6.500h.01M6.500 15.500h.01" />
    `,
  ),
  dispatcher: glyph(svg`
    <path d="M2.500 11h6l5-6h6M8.500 11h11M8.500 11l5 6h6" />
  `),
};

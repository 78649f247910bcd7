/** The latest frames as rows, and the one that is chosen, octet by octet. */

import { html, nothing, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { WHY } from "../../path/why.ts";
import { dissect } from "../seen/dissect.ts";
import { type ChosenField, frameFigure } from "./frame_figure.ts";
import type { Crossing, Recording } from "../seen/recording.ts";
import { clockOf } from "./time_bar.ts";
import { shapeOf } from "./topology/look.ts";

/** Rows. */
const MOST = 40;

/** Which frames are listed. */
export interface Wanted {
  readonly link: string | undefined;
  readonly node: string | undefined;
  /** Also what agents and pairs say by themselves, and questions for addresses. */
  readonly hasBackground: boolean;
}

/** Summaries of frames that are kept: the same frame is asked for in each picture. */
const summaries = new WeakMap<Crossing, string>();

export function summaryOf(crossing: Crossing): string {
  let summary = summaries.get(crossing);
  if (summary === undefined) summaries.set(crossing, summary = dissect(crossing.octets).summary);
  return summary;
}

export function isMeant({ link, node, hasBackground }: Wanted): (crossing: Crossing) => boolean {
  return (crossing) =>
    (link === undefined || crossing.link === link) &&
    (node === undefined || crossing.from === node || crossing.to === node) &&
    (hasBackground || ["circle", "diamond"].includes(shapeOf(crossing.octets)));
}

export function frameList(
  recording: Recording,
  atUs: number,
  wanted: Wanted,
  chosen: number | undefined,
  choose: (number: number) => void,
): TemplateResult {
  const rows = recording.latest(atUs, MOST, isMeant(wanted));
  const { link, node } = wanted;
  const whose = link !== undefined ? ` on ${link}` : node !== undefined ? ` to or from ${node}` : "";
  if (rows.length === 0) return html`<p class="quiet">No frame was sent${whose} so far.</p>`;
  return html`
    <p class="quiet">The latest${whose}:</p>
    <div class="long" tabindex="0" role="region" aria-label="Latest frames">
      <table class="frames">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col">Frame</th>
          </tr>
        </thead>
        <tbody>${repeat(rows, ({ number }) => number, (crossing) =>
          html`
            <tr class=${crossing.number === chosen ? "chosen" : ""}>
              <td class="number">${clockOf(crossing.sentUs).replace(" s", "")}</td>
              <td>${crossing.from}</td>
              <td>${crossing.to}</td>
              <td><button type="button" class="row" aria-pressed=${crossing.number === chosen
                ? "true"
                : "false"}
                        @click=${() => choose(crossing.number)}>${summaryOf(
                          crossing,
                        )}</button>${crossing.fate === "passed" ? nothing : html`
                          <span class="bad">${crossing.fate}</span>
                        `}${crossing.verdict === undefined ? nothing : html`
                          <code>${crossing.verdict}</code>
                        `}</td>
            </tr>
          `)}</tbody>
      </table>
    </div>
  `;
}

/** All about one frame. `next`: where it went on as another one, as far as one can see. */
export function frameDetail(
  crossing: Crossing,
  belongs: string | undefined,
  chosen: ChosenField | undefined,
  choose: (field: ChosenField) => void,
): TemplateResult {
  const dissection = dissect(crossing.octets);
  const { from, to, sentUs, fate, verdict, length, octets } = crossing;
  return html`
    <h3>${dissection.summary}</h3>
    <p
      class="summary">${from} → ${to}, sent at ${clockOf(sentUs)}, ${length} octets${octets.length < length
        ? `, of which the first ${octets.length} are shown`
        : ""}${fate === "passed" ? nothing : html`. <b class="bad">${FATES[fate] ?? fate}</b>`}</p>
    ${verdict === undefined
      ? nothing
      : html`<p class="verdict"><code>${verdict}</code> ${WHY[verdict as keyof typeof WHY]}${
        belongs === undefined ? nothing : html`
          ${belongs}
        `
      }</p>`}
    ${frameFigure(octets, dissection, chosen, choose)}
  `;
}

/** What may become of a frame on a link, as impairment/decision.ts has it. */
const FATES: Readonly<Record<string, string>> = {
  lost: "It was lost on the link.",
  down: "The link is down: it went nowhere.",
  queue: "Too many frames waited for their turn on this link.",
  overflow: "Too much was under way on this link.",
};

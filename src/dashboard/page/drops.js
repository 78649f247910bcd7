/** What was dropped, by verdict. */

import { html } from "../../../node_modules/lit-html/lit-html.js";
import { known } from "./known.js";
import { short, whole } from "./words.js";

export function drops() {
  const { counters, history } = known;
  if (counters === undefined) return html`<p class="quiet">Nothing is known yet.</p>`;
  const rows = Object.entries(counters.verdicts)
    .filter(([name, count]) => name.startsWith("drop_") && count > 0)
    .map(([name, count]) => ({ name, count, rate: short(history.verdicts.get(name) ?? 0) }))
    .sort((one, other) => other.count - one.count);
  if (counters.tapDropped > 0) {
    rows.push({ name: "full queue of the TAP", count: counters.tapDropped, rate: "" });
  }
  if (rows.length === 0) return html`<p class="quiet">No frame was dropped.</p>`;
  return html`
    <table class="drops">
      <thead>
        <tr>
          <th scope="col">Verdict</th>
          <th scope="col" class="number">Now, /s</th>
          <th scope="col" class="number">In all</th>
        </tr>
      </thead>
      <tbody>${rows.map(({ name, count, rate }) =>
        html`
          <tr>
            <th scope="row"><code>${name}</code></th>
            <td class="number">${rate}</td>
            <td class="number">${whole(count)}</td>
          </tr>
        `
      )}</tbody>
    </table>
  `;
}

/** The backends of the cluster: how each one is, what it does, and what one can do with it. */

import { html, nothing, svg } from "../../../node_modules/lit-html/lit-html.js";
import { repeat } from "../../../node_modules/lit-html/directives/repeat.js";
import { cssColourOf, patternOf } from "./colours.js";
import { known, nowMs, shownCluster } from "./known.js";
import { milliseconds, percent, short, span, whole } from "./words.js";

/** Rows. Who has more filters them. */
const MOST = 100;

/** With more, the table scrolls by itself, so that what is below stays near. */
const MANY = 8;

/** A shape for each state, because colours are not the only sign. @type {Record<string, string>} */
const SHAPES = { up: "●", down: "✕", flapping: "≈", draining: "◐", unknown: "?" };

/** @typedef {import("./answers.d.ts").Backend} Backend */

/**
 * @param {readonly { readonly backend: Backend, readonly index: number }[]} chosen
 * @param {{
 *   administer(backend: Backend, command: "drain" | "undrain"): void,
 *   setWeight(backend: Backend, weight: number): void,
 *   showOnly(name: string | undefined): void,
 * }} steering
 */
export function backends(chosen, steering) {
  if (shownCluster() === undefined) return nothing;
  const isLong = chosen.length > MANY;
  return html`
    <div class=${isLong ? "long" : nothing} role=${isLong ? "region" : nothing} tabindex=${isLong
      ? "0"
      : nothing}
      aria-label=${isLong ? "Backends" : nothing}>
      <table class="backends" role="table">
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">Backend</th>
            <th role="columnheader" scope="col">State</th>
            <th role="columnheader" scope="col" class="number">Buckets</th>
            <th role="columnheader" scope="col" class="number">Frames/s</th>
            <th role="columnheader" scope="col" class="number">Bit/s</th>
            <th role="columnheader" scope="col" class="number">Probe, ms</th>
            <th role="columnheader" scope="col">Weight</th>
            <th role="columnheader" scope="col"><span class="unseen">Drain</span></th>
          </tr>
        </thead>
        <tbody role="rowgroup">${repeat(
          chosen.slice(0, MOST),
          ({ backend: { cluster, name } }) => `${cluster}/${name}`,
          ({ backend, index }) => row(backend, index, steering),
        )}</tbody>
      </table>
    </div>
    ${chosen.length === 0
      ? html`<p class="quiet">No backend has “${known.filter}” in its name, address or state.</p>`
      : nothing}
    ${chosen.length > MOST
      ? html`<p class="quiet">${whole(chosen.length - MOST)} more: filter them, or change the order.</p>`
      : nothing}
  `;
}

/** @param {Backend} backend @param {number} index @param {Parameters<typeof backends>[1]} steering */
function row(backend, index, steering) {
  const { cluster, name, address, state, why, since, weight, backup, portion, buckets, probeMs } = backend;
  const share = buckets / (shownCluster()?.buckets ?? 1);
  const isOnly = known.only === name;
  const latest = (/** @type {"frames" | "bits"} */ quantity) =>
    short(known.history.latest(cluster, name, quantity));
  const isDraining = backend.administration.state !== "active";
  return html`
    <tr role="row" data-backend=${name}>
      <th role="rowheader" scope="row">
          ${swatch(index)}
          <button type="button" class="name" aria-pressed=${String(isOnly)} title="Show only its buckets"
            @click=${() => steering.showOnly(isOnly ? undefined : name)}>${name}</button>
          <small>${address}${backup ? ", backup" : nothing}</small>
        </th>
      <td role="cell" data-label="State" class="state ${state}">
          <span><i aria-hidden="true">${SHAPES[state]}</i> ${state}</span> <small>${span(
            nowMs() - Date.parse(since),
          )}</small>
          <small class="why">${why}${state === "up" && portion < 1
            ? `, starts slowly: ${percent(portion)}`
            : nothing}</small>
        </td>
      <td role="cell" data-label="Buckets" class="number">
          ${whole(buckets)} <small>${percent(share)}</small> ${bar(share, index)}
      </td>
      <td role="cell" data-label="Frames/s" class="number">${latest("frames")}</td>
      <td role="cell" data-label="Bit/s" class="number">${latest("bits")}</td>
      <td role="cell" data-label="Probe, ms" class="number">${milliseconds(probeMs)}</td>
      <td role="cell" data-label="Weight" class="weight">
        <form @submit=${(/** @type {SubmitEvent} */ event) => weigh(event, backend, steering)}>
          <input type="number" min="0" max="100" required .value=${String(
            weight,
          )} aria-label="Weight of ${name}">
          <button aria-label="Set the weight of ${name}">Set</button>
        </form>
      </td>
      <td role="cell" class="drain">${isDraining
        ? html`<button type="button" @click=${() =>
          steering.administer(backend, "undrain")} aria-label="Undrain ${name}">Undrain</button>`
        : html`<button type="button" @click=${() =>
          steering.administer(backend, "drain")} aria-label="Drain ${name}">Drain</button>`}</td>
    </tr>
  `;
}

/** @param {SubmitEvent} event @param {Backend} backend @param {Parameters<typeof backends>[1]} steering */
function weigh(event, backend, steering) {
  event.preventDefault();
  const [field] = /** @type {HTMLFormElement} */ (event.target).elements;
  steering.setWeight(backend, /** @type {HTMLInputElement} */ (field).valueAsNumber);
}

/** Its colour in the grid, and its line in the plots. @param {number} index */
function swatch(index) {
  return html`<svg class="swatch" viewBox="0 0 24 12" aria-hidden="true">${svg`
    <rect width="10" height="12" rx="2" fill=${cssColourOf(index)} />
    <line x1="12" x2="24" y1="6" y2="6" stroke=${cssColourOf(index)} stroke-width="2"
      stroke-dasharray=${patternOf(index).map((length) => length / 2).join(" ")} />
  `}</svg>`;
}

/** @param {number} share of 1 @param {number} index */
function bar(share, index) {
  return html`<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">${svg`
    <rect width=${100 * share} height="6" fill=${cssColourOf(index)} />
  `}</svg>`;
}

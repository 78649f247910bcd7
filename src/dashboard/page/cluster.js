/** Which cluster is shown, and which of its backends. */

import { html, nothing } from "../../../node_modules/lit-html/lit-html.js";
import { known, shownCluster } from "./known.js";
import { whole } from "./words.js";

/** With so many backends one wants to choose. */
const MANY = 8;

const ORDERS = /** @type {const} */ ({
  configuration: "configuration",
  state: "state, not up first",
  rate: "frames/s",
  share: "buckets",
  probe: "probe time",
});

/** @param {() => void} changed what is to be shown */
export function cluster(changed) {
  const shown = shownCluster();
  if (shown === undefined) {
    return html`
      <h2 id="cluster-name">Backends</h2>
      <p class="quiet">Nothing is known yet.</p>
    `;
  }
  const { name, technique, buckets, live, minimum, healthIgnored, backends } = shown;
  const transition = known.counters?.clusters.find((one) => one.name === name);
  const moving = transition?.bucketsInTransition ?? 0;
  return html`
    <h2 id="cluster-name">Cluster ${name}</h2>
    ${clusters(changed)}
    <p class="summary">
      <b class=${live === 0 ? "bad" : nothing}>${whole(live)} of ${whole(
        backends.length,
      )} live</b>, technique ${technique},
      ${whole(buckets)} buckets${minimum === null ? nothing : `, at least ${whole(minimum)} live wanted`}
      ${healthIgnored
        ? html`<b class="bad">Fewer are live than wanted, so health does not count.</b>`
        : nothing}
      ${moving > 0
        ? html`<b>${whole(moving)} buckets in transition</b>, ${
          whole(transition?.connectionsRemembered ?? 0)
        } new connections
        remembered`
        : nothing}
    </p>
    ${backends.length > MANY || known.filter !== "" ? choice(changed) : nothing}
  `;
}

/** @param {() => void} changed */
function clusters(changed) {
  const all = known.status?.clusters ?? [];
  if (all.length < 2) return nothing;
  const show = (/** @type {string} */ name) => () => {
    known.shown = name;
    known.only = undefined;
    changed();
  };
  return html`<div class="clusters" role="group" aria-label="Cluster">${
    all.map(({ name, live, backends }) =>
      html`<button type="button" aria-pressed=${String(name === shownCluster()?.name)} @click=${
        show(name)
      }>${name}
        <small class=${live === 0 ? "bad" : nothing}>${live}/${backends.length} live</small></button>`
    )
  }</div>`;
}

/** @param {() => void} changed */
function choice(changed) {
  const filter = (/** @type {Event} */ { target }) => {
    known.filter = /** @type {HTMLInputElement} */ (target).value;
    changed();
  };
  const order = (/** @type {Event} */ { target }) => {
    known.order = /** @type {keyof typeof ORDERS} */ (/** @type {HTMLSelectElement} */ (target).value);
    changed();
  };
  return html`
    <form class="choice" @submit=${(/** @type {Event} */ event) => event.preventDefault()}>
      <label>Only with <input type="search" placeholder="name, address, state" .value=${known
        .filter} @input=${filter}></label>
      <label>Order <select @change=${order}>${Object.entries(ORDERS).map(([value, words]) =>
        html`<option value=${value} ?selected=${value === known.order}>${words}</option>`
      )}</select></label>
    </form>
  `;
}

/** @type {Record<string, number>} */
const WORST_FIRST = { down: 0, flapping: 1, unknown: 2, draining: 3, up: 4 };

/** Those of the shown cluster that are wanted, in the order that is wanted, each with its place in the configuration. */
export function chosenBackends() {
  const all = (shownCluster()?.backends ?? []).map((backend, index) => ({ backend, index }));
  const wanted = known.filter.trim().toLowerCase();
  const chosen = all.filter(({ backend: { name, address, state, why } }) =>
    [name, address, state, why].some((text) => text.toLowerCase().includes(wanted))
  );
  const value = VALUES[known.order];
  return value === undefined
    ? chosen
    : chosen.sort((one, other) => value(one.backend) - value(other.backend));
}

/** The least first. @type {Partial<Record<typeof known.order, (backend: import("./answers.d.ts").Backend) => number>>} */
const VALUES = {
  state: ({ state }) => WORST_FIRST[state] ?? 0,
  rate: ({ cluster, name }) => -(known.history.latest(cluster, name, "frames") ?? 0),
  share: ({ buckets }) => -buckets,
  probe: ({ probeMs }) => -(probeMs ?? 0),
};

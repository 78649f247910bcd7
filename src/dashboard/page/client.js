/** Where a client goes: hash, bucket, backend, and the way. */

import { html, nothing } from "../../../node_modules/lit-html/lit-html.js";
import { known, shownCluster } from "./known.js";
import { whole } from "./words.js";

/** @param {(client: string) => void} askFor */
export function client(askFor) {
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const [field] = /** @type {HTMLFormElement} */ (event.target).elements;
    askFor(/** @type {HTMLInputElement} */ (field).value.trim());
  };
  return html`
    <form class="client" role="search" aria-label="A client" @submit=${submit}>
      <label for="address">Client's address</label>
      <input id="address" type="text" inputmode="url" autocapitalize="off" autocomplete="off" spellcheck="false"
        placeholder="198.51.100.7">
      <button>Find</button>
    </form>
    <div role="status">
      ${known.clientError === "" ? nothing : html`<p class="bad">${known.clientError}</p>`}
      ${known.explanations.map((one) =>
        html`<div class="way">
        ${known.explanations.length > 1 ? html`<b>${one.cluster}</b>` : nothing}
        <ol aria-label="The way of ${one.client} in cluster ${one.cluster}">
          <li>${one.client}</li>
          <li>hash <code>${one.hash}</code></li>
          <li>bucket <code>${whole(one.bucket)}</code></li>
          <li class="end">${
          one.backend === null ? "nobody" : html`<b>${one.backend}</b> ${addressOf(one.cluster, one.backend)}`
        }</li>
        </ol>
        <p class="quiet">${one.why}${
          one.keeps === null ? nothing : `. Connections from before the bucket moved stay with ${one.keeps}`
        }${one.backend === null ? nothing : ". The reply goes straight to the client."}</p>
      </div>`
      )}
    </div>
  `;
}

/** @param {string} cluster @param {string} backend */
function addressOf(cluster, backend) {
  const { backends = [] } = known.status?.clusters.find(({ name }) => name === cluster) ?? {};
  return backends.find(({ name }) => name === backend)?.address ?? "";
}

/** Of the client, in the cluster that is shown. @returns {number | undefined} */
export function markedBucket() {
  return known.explanations.find(({ cluster }) => cluster === shownCluster()?.name)?.bucket;
}

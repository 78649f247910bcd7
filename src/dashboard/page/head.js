/** The line at the top: which dispatcher this is, and whether the page is connected to it; below it what must not be overlooked. */

import { html, nothing } from "../../../node_modules/lit-html/lit-html.js";
import { hasToken } from "./ask.js";
import { known, nowMs } from "./known.js";
import { clock, short, span, whole } from "./words.js";

export function facts() {
  const { status, counters, history } = known;
  if (status === undefined || counters === undefined) return nothing;
  const rates = [...history.verdicts];
  const dropped = rates.filter(([name]) => name.startsWith("drop_")).reduce((sum, [, rate]) => sum + rate, 0);
  const read = rates.reduce((sum, [, rate]) => sum + rate, 0);
  const { asked, failed } = counters.probes;
  return html`<dl>
    ${fact("Interface", status.interface)} ${fact("Runs on", status.runtime)}
    ${fact("Up", span(nowMs() - Date.parse(status.startedAt)))} ${fact("Epoch", whole(status.epoch))}
    ${fact("Frames/s", short(read))} ${fact("Drops/s", short(dropped))}
    ${fact("Fast path", status.fastPath.interface === null ? "off" : `on ${status.fastPath.interface}`)}
    ${fact("Probes failed", `${short(failed)} of ${short(asked)}`)}
  </dl>`;
}

/** @param {string} name @param {string} value */
function fact(name, value) {
  return html`
    <div>
      <dt>${name}</dt>
      <dd>${value}</dd>
    </div>
  `;
}

export function connection() {
  const { connection: { state }, isFollowing } = known;
  if (state === "connected" && isFollowing) {
    return html`<span class="good"><i aria-hidden="true">●</i> Connected</span>`;
  }
  if (state === "connected" || state === "connecting") {
    return html`<span><i aria-hidden="true">○</i> Connecting</span>`;
  }
  return html`<span class="bad"><i aria-hidden="true">✕</i> Not connected</span>`;
}

/** @param {(token: string) => void} useToken @param {() => void} dismiss */
export function notice(useToken, dismiss) {
  const { connection: { state, why, sinceMs }, told } = known;
  return [
    state === "lost"
      ? html`
        <p
          class="notice bad"><b>Not connected since ${clock(
            sinceMs,
          )}:</b> ${why}. What is shown is from before; the page tries again by
                itself.</p>
      `
      : nothing,
    state === "refused" ? html`<p class="notice bad"><b>Not allowed:</b> ${why}</p>` : nothing,
    told.text === ""
      ? nothing
      : html`<p class=${told.isError ? "notice bad" : "notice good"} role=${told.isError ? "alert" : nothing}>
          ${told.text} <button type="button" class="plain" @click=${dismiss} aria-label="Dismiss">✕</button>
        </p>`,
    hasToken() ? nothing : tokenField(useToken),
  ];
}

/** @param {(token: string) => void} useToken */
function tokenField(useToken) {
  const use = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const [field] = /** @type {HTMLFormElement} */ (event.target).elements;
    useToken(/** @type {HTMLInputElement} */ (field).value.trim());
  };
  return html`
    <form class="notice token" @submit=${use}>
      <label for="token">To drain, undrain and weigh, give the token of the API</label>
      <span><input id="token" type="password" autocomplete="off" required> <button>Use it</button></span>
      <small>It stays in this tab.</small>
    </form>
  `;
}

/** What has happened, the latest first. */

import { html, nothing } from "../../../node_modules/lit-html/lit-html.js";
import { repeat } from "../../../node_modules/lit-html/directives/repeat.js";
import { known } from "./known.js";
import { clock } from "./words.js";

export function events() {
  if (known.events.length === 0) return html`<p class="quiet">Nothing has happened yet.</p>`;
  return html`<ol class="events" tabindex="0" aria-label="Events, the latest first">${
    repeat(known.events, ({ time, number }) => `${time} ${number}`, (event) =>
      html`
        <li>
          <time datetime=${event.time} title=${event.time}>${clock(event.time)}</time>
          <code>${event.name}</code>
          <span>${event.message}${details(event)}</span>
        </li>
      `)
  }</ol>`;
}

/** @param {import("./answers.d.ts").DispatcherEvent} event */
function details({ data }) {
  const entries = Object.entries(data);
  if (entries.length === 0) return nothing;
  return html`
    <small>${entries.map(([key, value]) =>
      `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`
    ).join("  ")}</small>
  `;
}

/** What the picture of the bucket map says, in words. */

import { html, nothing } from "../../../node_modules/lit-html/lit-html.js";
import { known } from "./known.js";
import { clock, percent, whole } from "./words.js";

/** Backends that a sentence names. */
const MOST = 8;

/** @param {string} pointed at */
export function mapWords(pointed) {
  const { buckets, moved, only } = known;
  if (buckets === undefined) return nothing;
  const moving = buckets.inTransition.length;
  return html`
    <p class="quiet">${pointed === ""
      ? `One cell for each of ${whole(buckets.owners.length)} buckets, coloured by backend`
      : pointed}${moving > 0
      ? `; the ${whole(moving)} paler ones are in transition`
      : nothing}.${only === undefined ? nothing : html`
      Only those of <b>${only}</b> are shown.
    `}</p>
    <p role="status" class="moved">${moved === undefined
      ? nothing
      : html`<time datetime=${new Date(moved.timeMs).toISOString()}>${
        clock(moved.timeMs)
      }</time> ${moved.text}`}</p>
  `;
}

/** For who does not see the picture. */
export function mapLabel() {
  const { buckets } = known;
  if (buckets === undefined) return "Bucket map";
  const { owners, backends } = buckets;
  const counts = new Map();
  for (const owner of owners) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  const shares = [...counts].sort(([, one], [, other]) => other - one).slice(0, MOST)
    .map(([owner, count]) => `${backends[owner] ?? "nobody"} ${percent(count / owners.length)}`);
  const others = counts.size > MOST ? `, and ${counts.size - MOST} others` : "";
  return `Bucket map of ${whole(owners.length)} buckets: ${shares.join(", ")}${others}`;
}

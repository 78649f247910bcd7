/** What the world's machines know, as tables: backends, neighbors, connections, counters, and what was said. */

import { html, nothing, svg, type TemplateResult } from "lit-html";
import { cssColourOf } from "../../dashboard/page/colours.js";
import { short, whole } from "../../dashboard/page/words.js";
import type { Chronicle, Said } from "../seen/chronicle.ts";
import type { ConnectionView, DispatcherView, View } from "../seen/view.ts";
import { clockOf } from "./time_bar.ts";

/** Rows of connections and of what was said. */
const MOST = 30;

export function tables(view: View, chronicle: Chronicle, shownUs: number): TemplateResult {
  const { dispatcher, connections } = view;
  return html`
    ${backends(view, chronicle, shownUs)}
    ${dispatcher === undefined ? nothing : neighbors(dispatcher)}
    ${connectionTable(connections, dispatcher)}
    ${dispatcher === undefined ? nothing : counters(dispatcher)}
    ${events(chronicle.said)}
  `;
}

function table(
  name: string,
  head: readonly string[],
  rows: readonly (readonly (string | TemplateResult)[])[],
  none: string,
): TemplateResult {
  return html`
    <div>
      <h3>${name}</h3>
      ${rows.length === 0 ? html`<p class="quiet">${none}</p>` : html`
        <div class="long" tabindex="0" role="region" aria-label=${name}>
          <table>
            <thead>
              <tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr>
            </thead>
            <tbody>${rows.map(([first, ...cells]) =>
              html`<tr><th scope="row">${first}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`
            )}</tbody>
          </table>
        </div>
      `}
    </div>
  `;
}

function backends({ machines, buckets }: View, { overTime }: Chronicle, shownUs: number): TemplateResult {
  const owned = new Map<string, number>();
  for (const owner of buckets?.owners ?? []) {
    const name = buckets!.backends[owner];
    if (name !== undefined) owned.set(name, (owned.get(name) ?? 0) + 1);
  }
  const rows = machines.flatMap(({ name, state, note, backend }) => {
    if (backend === undefined) return [];
    const { index, status } = backend;
    const says = status === undefined ? state : status.state;
    return [[
      html`<svg class="swatch" viewBox="0 0 12 12" aria-hidden="true">${svg`<rect width="12" height="12" rx="2" fill=${
        cssColourOf(index)
      } />`}</svg> ${name}`,
      html`<span class=${`state ${says}`}><span>${says}</span></span> <small>${status?.why ?? note}</small>`,
      whole(owned.get(status?.name ?? name) ?? 0),
      short(overTime.rates(name, shownUs).at(-1) ?? 0),
    ]];
  });
  return table("Backends", ["Backend", "State", "Buckets", "Answers a second"], rows, "There is none.");
}

function neighbors({ neighbors }: DispatcherView): TemplateResult {
  const rows = neighbors.map(({ address, mac, state }) => [
    address,
    html`<code>${mac ?? "none"}</code>`,
    html`<span class=${`state ${state}`}><span>${state}</span></span>`,
  ]);
  return table("Neighbors of the dispatcher", ["Address", "MAC", "State"], rows, "It has none.");
}

function connectionTable(
  connections: readonly ConnectionView[],
  dispatcher: DispatcherView | undefined,
): TemplateResult {
  const moving = dispatcher?.bucketsInTransition ?? 0;
  const rows = connections.slice(-MOST).reverse().map(({ client, from, by, state }) => [
    client,
    from,
    by ?? "nobody yet",
    html`<span class=${!["connecting", "open", "closed"].includes(state) ? "bad" : ""}>${state}</span>`,
  ]);
  return html`<div>
    ${table("Connections", ["Client", "From", "Backend", "State"], rows, "No client has asked yet.")}
    ${
    moving === 0
      ? nothing
      : html`<p class="quiet">${whole(moving)} buckets are in transition, and ${
        whole(dispatcher!.connectionsRemembered)
      } connections are remembered.</p>`
  }
  </div>`;
}

function counters({ verdicts, connectionsRemembered, bucketsInTransition }: DispatcherView): TemplateResult {
  const rows = [
    ...Object.entries(verdicts).filter(([, count]) => count > 0).sort(([, one], [, other]) => other - one)
      .map(([name, count]) => [html`<code>${name}</code>`, whole(count)]),
    ["connections remembered", whole(connectionsRemembered)],
    ["buckets in transition", whole(bucketsInTransition)],
  ];
  return table("Counters of the dispatcher", ["Frames by verdict", "So far"], rows, "");
}

function events(said: readonly Said[]): TemplateResult {
  const rows = said.slice(0, MOST).map(({ atUs, node, text, level }) => [
    clockOf(atUs).replace(" s", ""),
    node,
    html`<span class=${level >= 40 ? "bad" : ""}>${text}</span>`,
  ]);
  return table("Said", ["Time", "Who", "What"], rows, "Nothing was said yet.");
}

/** The machine or the link that is chosen: what is known of it, and all that one can do to it. Each deed is an action of the world. */

import { html, nothing, type TemplateResult } from "lit-html";
import type { Action } from "../../sim/action.ts";
import type { ConnectionView, LinkView, MachineView, View } from "../seen/view.ts";
import { KEPT } from "../seen/view_of.ts";
import { withKey } from "./config_key.ts";
import { button, choice, number, row } from "./deeds.ts";

export type Chosen = { readonly machine: string } | { readonly link: string };
/** Several are done at once. */
export type Do = (...actions: readonly Action[]) => void;

/** What a client asks for, where one asks for much. */
const LARGE = 20_000;
/** Larger than a link takes at once. */
const LARGE_DATAGRAM = 3000;
const USUAL_PING = 56;
const USUAL_EVERY_MS = 200;
const MOST_MTU = 9000;
const LEAST_MTU = 576;
/** The health check that is offered: often, so that one need not wait long. */
const HEALTH = "[{type: tcp, interval: 1s, timeout: 500ms}]";

const KINDS: Readonly<Record<MachineView["kind"], string>> = {
  client: "Client",
  host: "Machine",
  router: "Router",
  switch: "Switch",
  backend: "Backend",
  dispatcher: "Dispatcher",
};

export function chosenPanel(
  view: View,
  chosen: Chosen | undefined,
  choose: (chosen: Chosen) => void,
  act: Do,
): TemplateResult {
  if (chosen !== undefined && "link" in chosen) {
    const link = view.links.find(({ name }) => name === chosen.link);
    if (link !== undefined) return linkPanel(link, choose, act);
  }
  const machine = chosen !== undefined && "machine" in chosen
    ? view.machines.find(({ name }) => name === chosen.machine)
    : undefined;
  if (machine !== undefined) return machinePanel(view, machine, choose, act);
  return html`
    <h2 id="chosen-name">Choose something</h2>
    <p
      class="quiet">Click a machine, a link or a frame in the network: here stands what it is, and what you can do to it.</p>
  `;
}

function machinePanel(
  view: View,
  machine: MachineView,
  choose: (chosen: Chosen) => void,
  act: Do,
): TemplateResult {
  const { name, kind, addresses, mac, links, knows } = machine;
  return html`
    <h2 id="chosen-name"><span class="kind">${KINDS[kind]}</span> ${name}</h2>
    <dl>
      ${addresses.length === 0 ? nothing : html`
        <dt>Address</dt>
        <dd>${addresses.join(", ")}</dd>
      `}
      ${mac === "" ? nothing : html`
        <dt>MAC</dt>
        <dd><code>${mac}</code></dd>
      `}
      ${knows.length === 0 ? nothing : html`
        <dt>Believes</dt>
        <dd>${knows.map(({ address, who }) => html`${address} is ${who}<br>`)}</dd>
      `}
    </dl>
    <div class="deeds">${deedsOf(view, machine, act)}</div>
    <h3>Links</h3>
    <div class="joined">${links.map((link) => button(link, () => choose({ link })))}</div>
  `;
}

function deedsOf(view: View, machine: MachineView, act: Do): TemplateResult {
  switch (machine.kind) {
    case "client":
      return html`${power(machine, act)}${clientDeeds(view, machine, act)}`;
    case "backend":
      return html`${power(machine, act)}${backendDeeds(view, machine, act)}`;
    case "dispatcher":
      return html`${power(machine, act)}${dispatcherDeeds(view, machine, act)}`;
    case "router":
    case "host":
      return power(machine, act);
    default:
      return html`<p class="quiet">A switch learns by itself behind which port each MAC is.</p>`;
  }
}

function power({ name, kind, state }: MachineView, act: Do): TemplateResult {
  const canFreeze = kind === "dispatcher" || kind === "backend";
  return row(
    "Power",
    state === "off"
      ? button("Heal", () => act({ do: "heal", node: name }))
      : button("Kill", () => act({ do: "kill", node: name })),
    !canFreeze || state === "off"
      ? nothing
      : state === "frozen"
      ? button("Thaw", () => act({ do: "thaw", node: name }))
      : button("Freeze", () => act({ do: "freeze", node: name })),
  );
}

function clientDeeds(
  { targets, port, connections, asking }: View,
  { name: client }: MachineView,
  act: Do,
): TemplateResult {
  const to = targets[0];
  if (to === undefined) return html``;
  const own = connections.filter((one) => one.client === client && one.isKept && isOpen(one));
  const numbers = connections.filter((one) => one.client === client && one.isKept).map(({ name }) =>
    Number(name.slice(KEPT.length))
  );
  const name = `${KEPT}${Math.max(0, ...numbers) + 1}`;
  return html`
    ${row(
      `Ask ${to}`,
      button("Once", () => act({ do: "request", client, to, port })),
      button(
        `Every ${USUAL_EVERY_MS} ms`,
        () => act({ do: "ask", client, to, port, everyMs: USUAL_EVERY_MS }),
      ),
      asking.has(client) ? button("Stop", () => act({ do: "ask", client, to, port, everyMs: 0 })) : nothing,
    )}
    ${row("Connection", button("Open one", () => act({ do: "connect", client, name, to, port })))}
    ${own.map(({ name, by }) =>
      row(
        `${name}, ${by ?? "…"}`,
        button(`Send over ${name}`, () => act({ do: "send", client, name })),
        button(`Close ${name}`, () => act({ do: "close", client, name })),
      )
    )}
    ${number({
      about: "Ask for",
      unit: "octets",
      value: LARGE,
      least: 1,
      most: 1_000_000,
      name: "Ask",
      act: (answer) => act({ do: "request", client, to, port, answer }),
    })}
    ${number({
      about: "Datagram of",
      unit: "octets",
      value: LARGE_DATAGRAM,
      least: 0,
      most: 60_000,
      name: "Send",
      act: (octets) => act({ do: "datagram", client, to, port, octets }),
    })}
    ${number({
      about: "Ping with",
      unit: "octets",
      value: USUAL_PING,
      least: 0,
      most: 60_000,
      name: "Ping",
      act: (octets) => act({ do: "ping", client, to, octets }),
    })}
  `;
}

function isOpen({ state }: ConnectionView): boolean {
  return state === "open" || state === "connecting";
}

function backendDeeds({ dispatcher }: View, { name: node, backend }: MachineView, act: Do): TemplateResult {
  if (backend === undefined) return html``;
  const { loopback, usualLoopback, isSilent, servers, status, agent } = backend;
  const hasAddress = loopback.length > 0;
  return html`
    ${dispatcher === undefined || status === undefined ? nothing : html`${
      row(
        "Work",
        status.administration.state === "draining"
          ? button("Undrain", () => act({ do: "undrain", backend: status.name }))
          : button("Drain", () => act({ do: "drain", backend: status.name })),
      )
    }${
      number({
        about: "Weight",
        unit: "",
        value: status.weight,
        least: 0,
        most: 100,
        name: "Set",
        act: (weight) => act({ do: "weight", backend: status.name, weight }),
      })
    }`}
    ${row(
      "ARP",
      isSilent
        ? button("Spoil: answer for the cluster", () => act({ do: "silence", node, isSilent: false }))
        : button("Make silent", () => act({ do: "silence", node, isSilent: true })),
    )}
    ${row(
      "Cluster address",
      hasAddress
        ? button("Take away", () => act({ do: "loopback", node, addresses: [] }))
        : button("Give back", () => act({ do: "loopback", node, addresses: usualLoopback })),
    )}
    ${row(
      "Service",
      ...servers.filter(({ protocol }) => protocol === "tcp").map(({ port, isOpen }) =>
        button(
          `${isOpen ? "Stop" : "Start"} port ${port}`,
          () => act({ do: "server", node, port, isOpen: !isOpen }),
        )
      ),
    )}
    ${agent === undefined ? nothing : row(
      "Agent",
      agent.isRunning
        ? button("Kill the agent", () => act({ do: "kill-agent", node }))
        : button("Start the agent", () => act({ do: "start-agent", node })),
    )}
  `;
}

function dispatcherDeeds({ dispatcher }: View, { name: node, state }: MachineView, act: Do): TemplateResult {
  if (dispatcher === undefined || dispatcher.name !== node || state === "off") return html``;
  const { config, algorithm, hasHealth, cluster } = dispatcher;
  const reload = (key: string, value: string) =>
    act({ do: "reload", node, config: withKey(config, key, value) });
  return html`
    ${choice("Algorithm", algorithm, [["maglev", "maglev"], ["rendezvous", "rendezvous"], [
      "modulo",
      "modulo",
    ]], (value) => reload("algorithm", value))}
    ${choice(
      "Technique",
      cluster?.technique ?? "route",
      [["route", "route"], ["broadcast", "broadcast"]],
      (technique) => act({ do: "technique", technique: technique as "route" | "broadcast" }),
    )}
    ${choice("Health check", hasHealth ? "tcp" : "none", [["none", "none"], [
      "tcp",
      "TCP to the cluster",
    ]], (value) => reload("health", value === "none" ? "[]" : HEALTH))}
    ${row(
      "Process",
      button("Restart", () => act({ do: "restart", node })),
      button("Upgrade", () => act({ do: "upgrade", node })),
    )}
  `;
}

function linkPanel(
  { name, ends, ports, settings, mtu, state }: LinkView,
  choose: (chosen: Chosen) => void,
  act: Do,
): TemplateResult {
  const [one, other] = ends;
  const isDown = (index: 0 | 1) => settings[index].down === true;
  const cut = (from: string, index: 0 | 1) =>
    isDown(index)
      ? button(`Restore from ${from}`, () => act({ do: "restore", link: name, from }))
      : button(`Cut from ${from} only`, () => act({ do: "cut", link: name, from }));
  const percent = (about: string, key: "loss" | "reorder") =>
    number({
      about,
      unit: "%",
      value: Math.round(100 * Math.max(settings[0][key], settings[1][key])),
      least: 0,
      most: 100,
      name: "Set",
      act: (value) => act({ do: "link", link: name, settings: { [key]: value / 100 } }),
    });
  return html`
    <h2 id="chosen-name"><span class="kind">Link</span> ${name}</h2>
    <dl>
      <dt>State</dt>
      <dd>${STATES[state]}</dd>
      <dt>Takes</dt>
      <dd>${settings[0].delayUs} µs</dd>
    </dl>
    <div class="deeds">
      ${row(
        "Cable",
        state === "down"
          ? button("Restore", () => act({ do: "restore", link: name }))
          : button("Cut", () => act({ do: "cut", link: name })),
        state === "down" ? nothing : cut(one, 0),
        state === "down" ? nothing : cut(other, 1),
      )}
      ${percent("Lost", "loss")}
      ${percent("Overtaken", "reorder")}
      ${number({
        about: "Delay",
        unit: "µs",
        value: settings[0].delayUs,
        least: 1,
        most: 1_000_000,
        name: "Set",
        act: (delayUs) => act({ do: "link", link: name, settings: { delayUs } }),
      })}
      ${ports.length === 0 ? nothing : number({
        about: "MTU",
        unit: "octets",
        value: mtu,
        least: LEAST_MTU,
        most: MOST_MTU,
        name: "Set",
        act: (value) =>
          act(...ports.map(({ node, port }): Action => ({ do: "mtu", node, port, mtu: value }))),
      })}
    </div>
    <h3>Ends</h3>
    <div class="joined">${ends.map((machine) => button(machine, () => choose({ machine })))}</div>
  `;
}

const STATES: Readonly<Record<LinkView["state"], string>> = {
  fine: "good",
  bad: "not good",
  down: "cut: nothing gets through",
};

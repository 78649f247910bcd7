/** How each action is done. First all that it names is found, and nothing is changed: that is what `check` of a world asks for. */

import { UsageError } from "../input/errors.ts";
import type { Action } from "./action.ts";
import type { Client, Way } from "./client.ts";
import { DispatcherNode } from "./dispatcher_node.ts";
import { HostNode } from "./host_node.ts";
import { RouterNode } from "./router_node.ts";
import { MOST_OCTETS } from "./server.ts";
import type { Link } from "./net/link.ts";
import type { Port } from "./net/port.ts";
import type { WorldNode } from "./node.ts";
import { requireAddress, requireMac, requireMtu, requireWithin } from "./values.ts";

/** Where it is done. Both throw UsageError for a name that there is not. */
export interface Place {
  node(name: string): WorldNode;
  link(name: string): Link;
  readonly dispatchers: readonly DispatcherNode[];
}

/** Octets of the longest IP packet, but for the headers. */
const MOST_PACKET = 65_535 - 20 - 8;
/** How late a machine's timers, or a word to etcd, can be: ten minutes. */
const MOST_LATE_MS = 600_000;
/** How far a wall clock can be set at once: ten years. */
const MOST_WALL_MS = 10 * 365 * 86_400_000;

/** Does an action. What it says of names and numbers has been found right. */
export type Work = () => Promise<unknown> | void;

type Handlers = { readonly [Kind in Action["do"]]: (place: Place, action: ActionOf<Kind>) => Work };

type ActionOf<Kind extends Action["do"]> = Extract<Action, { readonly do: Kind }>;

/** What does it. Throws UsageError when the action names what there is not, or what cannot do this. */
export function preparedAction(place: Place, action: Action): Work {
  const handler = Object.hasOwn(HANDLERS, action.do) ? HANDLERS[action.do] : undefined;
  if (handler === undefined) {
    throw new UsageError(
      `There is no action "${action.do}"; there are ${Object.keys(HANDLERS).sort().join(", ")}`,
    );
  }
  return (handler as (place: Place, action: Action) => Work)(place, action);
}

const HANDLERS: Handlers = {
  kill: (place, { node }) => {
    const found = place.node(node);
    return () => found.kill();
  },
  heal: (place, { node, mac }) => {
    if (mac === undefined) {
      const found = place.node(node);
      return () => found.heal();
    }
    const [found, card] = [host(place, node), requireMac(mac)];
    return () => found.heal(card);
  },
  freeze: (place, { node }) => {
    const found = machine(place, node);
    return () => found.freeze();
  },
  thaw: (place, { node }) => {
    const found = machine(place, node);
    return () => found.thaw();
  },
  slow: (place, { node, ms }) => {
    const found = machine(place, node);
    requireWithin("ms", ms, 0, MOST_LATE_MS);
    return () => found.slow(ms);
  },
  rate: (place, { node, rate }) => {
    const found = machine(place, node);
    if (!(rate >= 0.5 && rate <= 2)) throw new UsageError(`rate is ${rate}; use a number from 0.5 to 2`);
    return () => found.setRate(rate);
  },
  clock: (place, { node, ms }) => {
    const found = machine(place, node);
    requireWithin("ms", ms, -MOST_WALL_MS, MOST_WALL_MS);
    return () => found.setWall(ms);
  },
  mtu: (place, { node, port, mtu }) => {
    const found = place.node(node);
    if (!(found instanceof HostNode || found instanceof RouterNode)) throw other(found, "a host or a router");
    requireMtu("mtu", mtu);
    const name = portOf(found, port);
    return () => found.setMtu(name, mtu);
  },

  "kill-agent": ofAgent((node) => node.killAgent()),
  "stop-agent": ofAgent((node) => node.stopAgent()),
  "start-agent": ofAgent((node) => node.startAgent()),
  "freeze-agent": ofAgent((node) => node.freezeAgent()),
  "thaw-agent": ofAgent((node) => node.thawAgent()),

  server: (place, { node, port, isOpen }) => {
    const found = host(place, node);
    requireWithin("port", port, 1, 65_535);
    return () => found.setServer(port, isOpen);
  },
  silence: (place, { node, isSilent }) => {
    const found = host(place, node);
    return () => found.setSilent(isSilent);
  },
  loopback: (place, { node, addresses }) => {
    const [found, all] = [host(place, node), addresses.map(requireAddress)];
    return () => found.setLoopback(all);
  },

  cut: (place, { link, from }) => {
    const [found, port] = directionOf(place, link, from);
    return () => found.cut(port);
  },
  restore: (place, { link, from }) => {
    const [found, port] = directionOf(place, link, from);
    return () => found.heal(port);
  },
  link: (place, { link, from, settings }) => {
    const [found, port] = directionOf(place, link, from);
    return () => found.set(port, settings);
  },

  drain: ofBackend((node, { backend }) => node.decide(backend, { state: "draining" })),
  undrain: ofBackend((node, { backend }) => node.decide(backend, { state: "active" })),
  down: ofBackend((node, { backend }) => node.decide(backend, { state: "down" })),
  weight: (place, { node, backend, weight }) => {
    requireWithin("weight", weight, 0, 100);
    return everywhere(place, node, (one) => one.decide(backend, { weight }));
  },
  technique: (place, { node, technique, cluster }) => {
    if (technique !== "route" && technique !== "broadcast") {
      throw new UsageError(`There is no technique "${technique}"; use route or broadcast`);
    }
    return everywhere(place, node, (one) => one.setTechnique(technique, cluster));
  },
  reload: (place, { node, config }) => everywhere(place, node, (one) => one.reload(config)),
  stop: (place, { node }) => {
    const found = dispatcher(place, node);
    return () => found.stop();
  },
  restart: (place, { node }) => {
    const found = dispatcher(place, node);
    return () => found.restart();
  },
  upgrade: (place, { node }) => {
    const found = dispatcher(place, node);
    return () => found.upgrade();
  },

  connect: ofClient<ActionOf<"connect">>((client, way, { name }) => client.connect(way, name)),
  send: (place, { client, name, octets, answer, heldBack }) => {
    const found = host(place, client);
    sizeIn("octets", octets);
    sizeIn("answer", answer);
    sizeIn("heldBack", heldBack);
    return () => found.client.send(name, octets, answer, heldBack);
  },
  pause: ofConnection((client, name) => client.pause(name)),
  resume: ofConnection((client, name) => client.resume(name)),
  close: ofConnection((client, name) => client.close(name)),
  request: ofClient<ActionOf<"request">>((client, way, { octets, answer }) =>
    client.request(way, octets, answer)
  ),
  ask: ofClient<ActionOf<"ask">>((client, way, { everyMs, answer }) => client.ask(way, everyMs, answer)),
  datagram: ofClient<ActionOf<"datagram">>((client, way, { octets }) => client.datagram(way, octets)),
  ping: ofClient<ActionOf<"ping">>((client, way, { octets, ttl, isWhole }) =>
    client.ping(way, octets, ttl, isWhole)
  ),

  etcd: (place, { from, isCut, slowMs }) => {
    const found = dispatcher(place, from);
    found.requireEtcd();
    if (slowMs !== undefined) requireWithin("slowMs", slowMs, 0, MOST_LATE_MS);
    return () =>
      found.setEtcd({
        ...(isCut === undefined ? {} : { isCut }),
        ...(slowMs === undefined ? {} : { slowMs }),
      });
  },
};

type Machine = DispatcherNode | HostNode;

function machine(place: Place, name: string): Machine {
  const node = place.node(name);
  if (node instanceof DispatcherNode || node instanceof HostNode) return node;
  throw other(node, "a dispatcher or a host");
}

function dispatcher(place: Place, name: string): DispatcherNode {
  const node = place.node(name);
  if (node instanceof DispatcherNode) return node;
  throw other(node, "a dispatcher");
}

function host(place: Place, name: string): HostNode {
  const node = place.node(name);
  if (node instanceof HostNode) return node;
  throw other(node, "a client, a host or a backend");
}

function other({ name, kind }: WorldNode, wanted: string): UsageError {
  return new UsageError(`This is done at ${wanted}, and "${name}" is a ${kind}`);
}

function ofAgent(
  work: (node: HostNode) => Promise<unknown> | void,
): (place: Place, action: { readonly node: string }) => Work {
  return (place, { node }) => {
    const found = host(place, node);
    found.requireAgent();
    return () => work(found);
  };
}

type OfBackend = ActionOf<"drain" | "undrain" | "down">;

function ofBackend(work: (node: DispatcherNode, action: OfBackend) => Promise<unknown>) {
  return (place: Place, action: OfBackend): Work =>
    everywhere(place, action.node, (one) => work(one, action));
}

/** At the dispatcher of this name, or at each that runs. Of a pair one decides, and the other one refuses: it is enough that one does it. */
function everywhere(
  place: Place,
  name: string | undefined,
  work: (node: DispatcherNode) => Promise<unknown>,
): Work {
  if (name !== undefined) {
    const node = dispatcher(place, name);
    return () => work(node);
  }
  if (place.dispatchers.length === 0) throw new UsageError("There is no dispatcher in this scene");
  return async () => {
    const running = place.dispatchers.filter(({ isRunning }) => isRunning);
    if (running.length === 0) throw new UsageError("No dispatcher runs");
    const done = await Promise.allSettled(running.map(work));
    const refused = done.filter(({ status }) => status === "rejected");
    if (refused.length === done.length) throw (refused[0] as PromiseRejectedResult).reason;
  };
}

type WayAction = ActionOf<"connect" | "request" | "ask" | "datagram" | "ping">;

function ofClient<A extends WayAction>(work: (client: Client, way: Way, action: A) => void) {
  return (place: Place, action: A): Work => {
    const client = host(place, action.client);
    const to = requireAddress(action.to);
    const from = action.from === undefined ? undefined : requireAddress(action.from);
    client.requireWay(from, to);
    const port = "port" in action ? action.port : 0;
    if ("port" in action) requireWithin("port", port, 1, 65_535);
    if ("octets" in action) {
      sizeIn("octets", action.octets, action.do === "request" ? MOST_OCTETS : MOST_PACKET);
    }
    if ("answer" in action) sizeIn("answer", action.answer);
    if ("everyMs" in action) requireWithin("everyMs", action.everyMs, 0, 3_600_000);
    if ("ttl" in action && action.ttl !== undefined) requireWithin("ttl", action.ttl, 1, 255);
    return () => work(client.client, { from, to, port }, action);
  };
}

function ofConnection(work: (client: Client, name: string) => void) {
  return (place: Place, { client, name }: { readonly client: string; readonly name: string }): Work => {
    const found = host(place, client);
    return () => work(found.client, name);
  };
}

function sizeIn(what: string, octets: number | undefined, most = MOST_OCTETS): void {
  if (octets !== undefined) requireWithin(what, octets, 0, most);
}

function directionOf(place: Place, name: string, from: string | undefined): [Link, Port | undefined] {
  const link = place.link(name);
  if (from === undefined) return [link, undefined];
  const port = link.ends.find(({ node }) => node === from);
  if (port !== undefined) return [link, port];
  throw new UsageError(
    `Link "${name}" does not begin at "${from}"; name ${
      link.ends.map(({ node }) => `"${node}"`).join(" or ")
    }`,
  );
}

function portOf({ name, ports }: WorldNode, wanted: string | undefined): string {
  const names = [...ports.keys()];
  if (wanted === undefined && names.length === 1) return names[0]!;
  if (wanted !== undefined && ports.has(wanted)) return wanted;
  throw new UsageError(`"${name}" has the ports ${names.join(", ")}; name one of them as the action's port`);
}

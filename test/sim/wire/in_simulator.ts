/** The network of wire.yaml in virtual time. */

import type { Technique } from "../../../src/cluster/techniques.ts";
import type { Observation } from "../../../src/observe/protocol.ts";
import { packetOf } from "../../../src/observe/packet.ts";
import type { Action } from "../../../src/sim/action.ts";
import type { ConnectionEvent } from "../../../src/sim/client.ts";
import type { DispatcherNode } from "../../../src/sim/dispatcher_node.ts";
import type { HostNode } from "../../../src/sim/host_node.ts";
import type { Lane } from "../../../src/sim/net/lane.ts";
import type { Port } from "../../../src/sim/net/port.ts";
import type { RouterNode } from "../../../src/sim/router_node.ts";
import { World } from "../../../src/sim/world.ts";
import { formatMac, isIpv6 } from "../../../src/wire/address.ts";
import { CLUSTER, CLUSTER6, configOf } from "./config.ts";
import type { Dispatcher, Event, Network, Ping, Server, ServerState, Watched } from "./network.ts";
import { sceneOfWire } from "./scene.ts";

const DISPATCHERS: readonly Dispatcher[] = ["lb1", "lb2"];
const KINDS = ["idle", "keep-alive", "download", "upload"] as const;
type HeldKind = (typeof KINDS)[number];
const SERVERS: readonly Server[] = ["web1", "web2", "web3"];

/** As in namespaces. */
const DOWNLOAD = 300_000;
/** Two windows and more, of which one is sent before the rest is held back. */
const HELD = 140_000;
const BEGINNING = 65_000;

/** Between two looks at what is waited for. */
const LOOK_MS = 5;
/** Only what never comes takes longer. */
const LONGEST_MS = 120_000;
/** What comes late is seen, too. */
const QUIET_MS = 30;

/** A connection. */
interface Talk {
  readonly name: string;
  state: Exclude<ConnectionEvent["what"], "answered">;
  /** Who has answered what was asked last. */
  by: string | undefined;
}

export class InSimulator implements Network {
  readonly #world: World;
  readonly #texts = new Map(DISPATCHERS.map((name) => [name, configOf(name)]));
  readonly #told = new Map<string, Event[]>();
  readonly #talks = new Map<string, Talk>();
  /** Of the echo request under way. */
  #echoed: boolean | undefined;
  readonly #held: Talk[] = [];
  #number = 0;

  static async up(clients: readonly string[]): Promise<InSimulator> {
    const self = new InSimulator(await World.start(sceneOfWire(clients)));
    // The scenarios start them.
    for (const name of SERVERS) self.#host(name).killAgent();
    return self;
  }

  private constructor(world: World) {
    this.#world = world;
    world.watch({
      logged: ({ node, atUs: _, ...record }) => {
        // As it would be written down.
        if (record.event !== undefined) {
          this.#told.get(node)?.push(JSON.parse(JSON.stringify(record)) as Event);
        }
      },
      connection: ({ name, what, by }) => {
        const talk = this.#talks.get(name);
        if (talk === undefined) return;
        if (what === "answered") talk.by = by;
        else talk.state = what;
      },
      echo: ({ what }) => this.#echoed ??= what === "answered",
    });
  }

  async down(): Promise<void> {
    await this.#world.stop();
  }

  async request(clients: readonly string[], port = 80): Promise<Record<string, string>> {
    const talks = clients.map((from) => this.#connect(from, port));
    await this.#answers(talks, ({ name }) => this.#client.send(name));
    return Object.fromEntries(clients.map((client, index) => [client, talks[index]!.by ?? "nobody"]));
  }

  async hold(clients: readonly string[]): Promise<void> {
    const talks = clients.flatMap((from) => KINDS.map((kind) => this.#connect(from, 80, `${from} ${kind}`)));
    await this.#opened(talks);
    for (const { name } of talks) this.#begin(name);
    await this.until(
      "those of keep-alive are answered",
      () => Promise.resolve(talks.every(({ name, by }) => !name.endsWith("keep-alive") || by !== undefined)),
    );
    this.#held.push(...talks);
  }

  /** Into its middle. */
  #begin(name: string): void {
    switch (name.split(" ")[1] as HeldKind) {
      case "idle":
        return;
      case "keep-alive":
        return this.#client.send(name);
      case "download":
        this.#client.pause(name);
        return this.#client.send(name, undefined, HELD);
      case "upload":
        return this.#client.send(name, HELD, undefined, HELD - BEGINNING);
    }
  }

  async goOn(): Promise<Record<string, string>> {
    const talks = this.#held.splice(0);
    for (const talk of talks) talk.by = undefined;
    await this.#answers(talks, ({ name }) => {
      if (/idle|keep-alive/.test(name)) this.#client.send(name);
      else this.#client.resume(name);
    });
    return Object.fromEntries(talks.map(({ name, state, by }) => [name, by ?? wordOf(state)]));
  }

  async ping(from: string, { ttl, size, mayFragment = false }: Ping = {}): Promise<boolean> {
    this.#echoed = undefined;
    this.#client.ping({ from, to: clusterOf(from) }, size, ttl, !mayFragment);
    await this.until("anything comes back", () => Promise.resolve(this.#echoed !== undefined));
    return this.#echoed!;
  }

  async download(from: string): Promise<number> {
    const talk = this.#connect(from, 80);
    await this.#answers([talk], ({ name }) => this.#client.send(name, undefined, DOWNLOAD));
    return talk.by === undefined ? 0 : DOWNLOAD;
  }

  async start(dispatcher: Dispatcher): Promise<void> {
    this.#told.set(dispatcher, []);
    await this.#do({ do: "heal", node: dispatcher });
  }

  async stop(dispatcher: Dispatcher, how: "asked" | "killed"): Promise<void> {
    await this.#do({ do: how === "asked" ? "stop" : "kill", node: dispatcher });
  }

  async drain(node: Dispatcher, backend: Server): Promise<void> {
    await this.#do({ do: "drain", node, backend });
  }

  async undrain(node: Dispatcher, backend: Server): Promise<void> {
    await this.#do({ do: "undrain", node, backend });
  }

  async technique(node: Dispatcher, technique: Technique): Promise<void> {
    await this.#do({ do: "technique", node, technique });
  }

  async reload(dispatcher: Dispatcher, change: (text: string) => string): Promise<string> {
    const config = change(this.#texts.get(dispatcher)!);
    this.#texts.set(dispatcher, config);
    return await this.#do({ do: "reload", node: dispatcher, config }).then(
      () => "reloaded",
      (error: Error) => error.message,
    );
  }

  stateOf(dispatcher: Dispatcher, server: Server): Promise<ServerState> {
    const { clusters: [web] } = this.#dispatcher(dispatcher).engine!.status();
    const { state, why, buckets, live } = web!.backends.find(({ name }) => name === server)!;
    return Promise.resolve({ state, why, buckets, live });
  }

  verdicts(dispatcher: Dispatcher): Promise<Readonly<Record<string, number>>> {
    return Promise.resolve(this.#dispatcher(dispatcher).engine!.report().verdicts);
  }

  isInformed(dispatcher: Dispatcher): Promise<boolean> {
    return Promise.resolve(this.#dispatcher(dispatcher).engine!.status().peer!.clusters > 0);
  }

  events(dispatcher: Dispatcher): Promise<readonly Event[]> {
    return Promise.resolve([...this.#told.get(dispatcher)!]);
  }

  async kill(server: Server): Promise<void> {
    for (const port of [80, 53]) await this.#do({ do: "server", node: server, port, isOpen: false });
  }

  async revive(server: Server): Promise<void> {
    for (const port of [80, 53]) await this.#do({ do: "server", node: server, port, isOpen: true });
  }

  async unplug(server: Server): Promise<void> {
    await this.#do({ do: "cut", link: `${server}-lan` });
  }

  async plugIn(server: Server): Promise<void> {
    await this.#do({ do: "restore", link: `${server}-lan` });
  }

  async startAgents(): Promise<void> {
    for (const node of SERVERS) await this.#do({ do: "start-agent", node });
    await this.until(
      "each has its share",
      () => Promise.resolve(SERVERS.every((name) => this.#host(name).taken !== undefined)),
    );
  }

  async stopAgents(): Promise<void> {
    await Promise.all(SERVERS.map((node) => this.#do({ do: "stop-agent", node })));
  }

  async narrow(mtu: number): Promise<void> {
    await this.#do({ do: "mtu", node: "router", port: "eth1", mtu });
  }

  routerForgets(): Promise<void> {
    this.#inner.neighbors.clear();
    return Promise.resolve();
  }

  routerKnows(address: string): Promise<string | undefined> {
    const known = this.#inner.neighbors.get(address);
    return Promise.resolve(known && formatMac(known.macHigh, known.macLow));
  }

  async watch<T>(action: () => Promise<T>): Promise<Watched<T>> {
    const observations: Observation[] = [];
    const see = ({ node, name }: Port, isOutgoing: boolean, octets: Uint8Array, length: number) => {
      const packet = packetOf(octets.subarray(0, length));
      if (packet === undefined) return;
      observations.push({ ms: this.#world.nowUs / 1000, node, interface: name, isOutgoing, ...packet });
    };
    const end = this.#world.watch({
      sent: (lane: Lane, _number, octets, length) => see(lane.from, true, octets, length),
      arrived: (lane: Lane, _number, octets, length) => see(lane.to, false, octets, length),
    });
    const result = await action();
    await this.#pass(QUIET_MS);
    end();
    return { result, observations };
  }

  async until<T>(what: string, condition: () => Promise<T | false | undefined>): Promise<T> {
    for (let ms = 0; ms < LONGEST_MS; ms += LOOK_MS) {
      const value = await condition();
      if (value !== false && value !== undefined) return value;
      await this.#pass(LOOK_MS);
    }
    throw new Error(`Waited ${LONGEST_MS} ms of virtual time in vain until ${what}`);
  }

  get #client() {
    return this.#host("client").client;
  }

  get #inner() {
    const router = this.#world.node("router") as RouterNode;
    return router.host.ip.interfaces[1]!;
  }

  #host(name: string): HostNode {
    return this.#world.node(name) as HostNode;
  }

  #dispatcher(name: Dispatcher): DispatcherNode {
    return this.#world.node(name) as DispatcherNode;
  }

  #connect(from: string, port: number, name = `request ${this.#number++}`): Talk {
    const talk: Talk = { name, state: "connecting", by: undefined };
    this.#talks.set(name, talk);
    this.#client.connect({ from, to: clusterOf(from), port }, name);
    return talk;
  }

  async #opened(talks: readonly Talk[]): Promise<void> {
    await this.until(
      "all are open, or are not",
      () => Promise.resolve(talks.every(({ state }) => state !== "connecting")),
    );
  }

  /** Asks over those that are open, waits until each is answered or over, and closes them. */
  async #answers(talks: readonly Talk[], ask: (talk: Talk) => void): Promise<void> {
    await this.#opened(talks);
    for (const talk of talks) if (talk.state === "established") ask(talk);
    await this.until(
      "all are answered, or are over",
      () => Promise.resolve(talks.every(({ state, by }) => by !== undefined || state !== "established")),
    );
    for (const { name, state } of talks) if (state === "established") this.#client.close(name);
    await this.#pass(QUIET_MS);
  }

  async #pass(ms: number): Promise<void> {
    await this.#world.run(this.#world.nowUs + ms * 1000);
  }

  /** Time goes on until it is done. */
  async #do(action: Action): Promise<void> {
    let isDone = false;
    const done = this.#world.perform(action).finally(() => isDone = true);
    done.catch(() => {});
    await this.until(`${action.do} is done`, () => Promise.resolve(isDone));
    await done;
  }
}

function clusterOf(client: string): string {
  return isIpv6(client) ? CLUSTER6 : CLUSTER;
}

/** In the words of the other one. */
function wordOf(state: Talk["state"]): string {
  if (state === "reset" || state === "closed") return "cut";
  return state === "timed-out" ? "timed out" : state;
}

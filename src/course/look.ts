/** One look at the network of the course: what clients get, what the link sees of it, and how the kernels route. */

import { extraRoutes } from "../backend/routes/routes.ts";
import { parseIpRoutes } from "../backend/routes/ip_routes.ts";
import { explain } from "../cluster/explain.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import type { Lab } from "../lab/lab.ts";
import { call } from "../lab/traffic.ts";
import { type Sighting, Witness } from "../lab/witness.ts";
import { formatMac } from "../wire/address.ts";
import { CLIENT, CLIENTS, CONFIG, LINK, ON_THE_LINK, TUNNEL } from "./network.ts";

/** Of each backend. */
const CLIENTS_EACH = 6;

/** What became of a client's request. */
export interface Served {
  readonly client: string;
  /** The backend that its hash names. */
  readonly owner: string;
  /** The one that answered; undefined when none did in time. */
  readonly backend: string | undefined;
}

export class Look {
  /** The cluster's address. */
  readonly cluster: string;
  readonly backends: readonly string[];
  /** So long a client waits. */
  readonly patienceS: number;
  readonly #lab: Lab;
  readonly #config: Config;
  readonly #witness: Witness;
  /** By path. */
  readonly #served = new Map<string, Promise<Served[]>>();

  /** From now on the link is watched. */
  static async at(lab: Lab, patienceS: number): Promise<Look> {
    return new Look(lab, patienceS, loadConfig(CONFIG), await Witness.at(lab.node(LINK)));
  }

  private constructor(lab: Lab, patienceS: number, config: Config, witness: Witness) {
    const [{ addresses, backends }] = config.clusters as [Config["clusters"][number]];
    this.cluster = addresses[0]!;
    this.backends = backends.map(({ name }) => name);
    this.patienceS = patienceS;
    this.#lab = lab;
    this.#config = config;
    this.#witness = witness;
  }

  /** Ends the watch. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#witness[Symbol.asyncDispose]();
  }

  /** Clients of each backend ask for a page, all at once, and only in the first call. */
  served(path = "/"): Promise<Served[]> {
    const known = this.#served.get(path) ?? this.#ask(path);
    this.#served.set(path, known);
    return known;
  }

  async #ask(path: string): Promise<Served[]> {
    const rows = explain(this.#config, CLIENTS, []);
    const chosen = this.backends.flatMap((name) =>
      rows.filter(({ backend }) => backend === name).slice(0, CLIENTS_EACH)
    );
    const owners = new Map(chosen.map(({ client, backend }) => [client, backend!]));
    const options = { atOnce: owners.size, withinS: this.patienceS };
    const url = `http://${this.cluster}${path}`;
    const replies = await call(this.#lab.node(CLIENT), [...owners.keys()], url, options);
    const whole = replies.filter(({ failure }) => failure === undefined);
    const backends = new Map(whole.map(({ client, backend }) => [client, backend]));
    return [...owners].map(([client, owner]) => ({ client, owner, backend: backends.get(client) }));
  }

  /** Frames of these requests that came from the router, */
  async requestFrames(): Promise<Sighting[]> {
    await this.served();
    const seen = await this.#witness.sightings();
    return seen.filter(({ port, dst }) => port === "router" && dst === this.cluster);
  }

  /** and of their answers. */
  async replyFrames(): Promise<Sighting[]> {
    await this.served();
    const seen = await this.#witness.sightings();
    return seen.filter(({ src }) => src === this.cluster);
  }

  /** The machines that say on the link that this address is theirs, when one asks for it there: see nameOf. */
  async ownersOnLink(address: string): Promise<string[]> {
    // Whoever knows the answer does not ask.
    const script = `ip neigh flush to ${address} dev ${ON_THE_LINK.interface}; ping -qc1 -W1 ${address}`;
    await this.#lab.node(ON_THE_LINK.node).run(["sh", "-c", script]);
    const answers = await this.#witness.arpAnswers();
    return answers.filter((answer) => answer.address === address).map(({ mac }) => this.nameOf(mac));
  }

  /** The networks that a backend takes for itself because of the cluster address. */
  async extraRoutesOf(backend: string): Promise<string[]> {
    const printed = await this.#lab.node(backend).exec("ip", "-4", "route", "show", "table", "all");
    return extraRoutes(parseIpRoutes(printed), [this.cluster]).map(({ route }) => route.text);
  }

  /** The ends of the tunnel that carry something else than it was made for. */
  async changedTunnelEnds(): Promise<{ node: string; mtu: number; was: number }[]> {
    const ends = await Promise.all(TUNNEL.map(async ({ node, interface: name }) => {
      const printed = await this.#lab.node(node).exec("ip", "-j", "link", "show", "dev", name);
      const [{ mtu }] = JSON.parse(printed) as [{ mtu: number }];
      const plan = this.#lab.node(node).plan.interfaces.find((one) => one.name === name);
      return { node, mtu, was: plan!.mtu! };
    }));
    return ends.filter(({ mtu, was }) => mtu !== was);
  }

  /** The machine with this MAC. */
  nameOf(mac: string): string {
    const { high, low } = this.#config.dispatcher.mac;
    if (mac === formatMac(high, low)) return "the dispatcher";
    if (mac === "ff:ff:ff:ff:ff:ff") return "all machines";
    const node = this.#lab.topology.nodes.find((one) => one.interfaces.some((at) => at.mac === mac));
    return node?.name ?? `a machine with the MAC ${mac}`;
  }
}

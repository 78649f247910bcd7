/**
 * Ten scenarios, each written once and played twice (network.ts). What each gives is what a user would notice. They follow each other in
 * one network, and each leaves it as it found it: lb1 serves alone until the take-over, then lb2, and all servers do.
 */

import { CLUSTER, CLUSTER6, NEXT_HOP, NEXT_HOP6 } from "./config.ts";
import type { Dispatcher, Event, Network, Server } from "./network.ts";
import { acceptsIn, claimsIn, echoesIn, errorsIn, passersIn } from "./seen.ts";
import { grown, toldOf } from "./told.ts";

export type Outcome = Readonly<Record<string, unknown>>;

export interface Scenario {
  readonly name: string;
  play(network: Network): Promise<Outcome>;
}

const CLUSTERS = [CLUSTER, CLUSTER6];
const SHARED = [...CLUSTERS, NEXT_HOP, NEXT_HOP6];

/** Clients of each family, among them some of every server. */
const CLIENTS4 = Array.from({ length: 8 }, (_, index) => `198.51.100.${index + 1}`);
const CLIENTS6 = Array.from({ length: 6 }, (_, index) => `2001:db8:51::${index + 1}`);
export const CLIENTS = [...CLIENTS4, ...CLIENTS6];
/** Some of every server, and of each family. */
const HELD = ["198.51.100.1", "198.51.100.3", "2001:db8:51::2", "2001:db8:51::6"];
/** The cluster's traffic is between these. */
const CONCERNED = [...CLUSTERS, ...CLIENTS];
const [ONE, ONE6] = [CLIENTS4[0]!, CLIENTS6[0]!];

const SERVERS: readonly Server[] = ["web1", "web2", "web3"];

const START: Scenario = {
  name: "start",
  async play(network) {
    const { result, observations } = await network.watch(async () => {
      await network.start("lb1");
      await ready(network, "lb1");
      await network.routerForgets();
      const owners = await network.request(CLIENTS);
      const closed = await network.request([ONE, ONE6], 81);
      const pings = [];
      for (const client of [ONE, ONE6]) {
        for (const ttl of [1, 2, 3]) pings.push(await network.ping(client, { ttl }));
      }
      return { owners, closed, pings };
    });
    return {
      ...result,
      accepts: acceptsIn(observations, CLUSTERS, CLIENTS),
      passReplies: passersIn(observations, CLUSTERS, CLIENTS),
      echoes: echoesIn(observations),
      errors: errorsIn(observations, CONCERNED),
      claims: claimsIn(observations, SHARED),
      told: toldOf(await network.events("lb1")),
      verdicts: grown({}, await network.verdicts("lb1")),
      nextHop: [await network.routerKnows(NEXT_HOP), await network.routerKnows(NEXT_HOP6)],
    };
  },
};

const SERVER_DIES: Scenario = {
  name: "a server dies",
  async play(network) {
    const story = await Story.of(network, "lb1");
    await network.hold(HELD);
    await network.kill("web1");
    await story.tells("backend.down", "web1");
    const held = await network.goOn();
    const without = await network.request(CLIENTS);
    await network.revive("web1");
    await story.tells("backend.up", "web1");
    return { held, without, again: await network.request(CLIENTS), told: await story.told() };
  },
};

const HOST_DIES: Scenario = {
  name: "a host dies",
  async play(network) {
    const story = await Story.of(network, "lb1");
    await network.hold(HELD);
    await network.unplug("web2");
    await story.tells("backend.down", "web2");
    const { result: held, observations } = await network.watch(() => network.goOn());
    const without = await network.request(CLIENTS);
    await network.hold(HELD);
    await network.plugIn("web2");
    await story.tells("backend.up", "web2");
    const again = await network.request(CLIENTS);
    const standIns = await network.goOn();
    return {
      held,
      errors: errorsIn(observations, CONCERNED),
      without,
      again,
      standIns,
      told: await story.told(),
    };
  },
};

const DRAIN: Scenario = {
  name: "drain",
  async play(network) {
    const story = await Story.of(network, "lb1");
    await network.hold(HELD);
    await network.drain("lb1", "web3");
    const drained = await network.stateOf("lb1", "web3");
    const without = await network.request(CLIENTS);
    const held = await network.goOn();
    await network.drain("lb1", "web1");
    await network.drain("lb1", "web2");
    const { result: nobody, observations } = await network.watch(() => network.request([ONE, ONE6]));
    for (const server of SERVERS) await network.undrain("lb1", server);
    return {
      drained,
      without,
      held,
      nobody,
      errors: errorsIn(observations, CONCERNED),
      again: await network.request(CLIENTS),
      told: await story.told(),
    };
  },
};

const RELOAD: Scenario = {
  name: "reload",
  async play(network) {
    const story = await Story.of(network, "lb1");
    let [was, changed] = ["", ""];
    await network.hold(HELD);
    const right = await network.reload("lb1", (text) => {
      was = text;
      return changed = text.replace(/^.*name: web3.*\n/m, "")
        .replace("address: 10.0.0.12", "address: 10.0.0.12, weight: 3");
    });
    const weighted = await network.request(CLIENTS);
    const held = await network.goOn();
    const wrong = await network.reload("lb1", () => changed.replace("name: web2", "name: web1"));
    const same = await network.request(CLIENTS);
    const back = await network.reload("lb1", () => was);
    await story.tells("backend.up", "web3");
    const again = await network.request(CLIENTS);
    return { right, weighted, held, wrong, same, back, again, told: await story.told() };
  },
};

const TECHNIQUE: Scenario = {
  name: "technique switch",
  async play(network) {
    const story = await Story.of(network, "lb1");
    await network.startAgents();
    await network.hold(HELD);
    const before = await network.verdicts("lb1");
    const { result, observations } = await network.watch(async () => {
      await network.technique("lb1", "broadcast");
      return { broadcast: await network.request(CLIENTS), ping: await network.ping(ONE) };
    });
    const held = await network.goOn();
    await network.hold(HELD);
    await network.technique("lb1", "route");
    const route = await network.request(CLIENTS);
    const heldAgain = await network.goOn();
    await network.stopAgents();
    return {
      ...result,
      accepts: acceptsIn(observations, CLUSTERS, CLIENTS),
      echoes: echoesIn(observations),
      held,
      route,
      heldAgain,
      verdicts: grown(before, await network.verdicts("lb1")),
      told: await story.told(),
    };
  },
};

const RESTART: Scenario = {
  name: "dispatcher restart",
  async play(network) {
    await network.hold(HELD);
    const { result, observations } = await network.watch(async () => {
      await network.stop("lb1", "killed");
      await network.start("lb1");
      await ready(network, "lb1");
      const held = await network.goOn();
      await network.routerForgets();
      return { held, owners: await network.request(CLIENTS) };
    });
    return { ...result, claims: claimsIn(observations, SHARED), told: toldOf(await network.events("lb1")) };
  },
};

const TAKE_OVER: Scenario = {
  name: "VRRP take-over",
  async play(network) {
    await network.start("lb2");
    await becomes(network, "lb2", "backup");
    await serversFound(network, "lb2");
    await network.until("lb2 knows what lb1 has", () => network.isInformed("lb2"));
    await network.hold(HELD);
    const { result, observations } = await network.watch(async () => {
      await network.stop("lb1", "killed");
      await becomes(network, "lb2", "active");
      const held = await network.goOn();
      await network.routerForgets();
      const owners = await network.request(CLIENTS);
      const pings = [await network.ping(ONE, { ttl: 2 }), await network.ping(ONE6, { ttl: 2 })];
      return { held, owners, pings };
    });
    return {
      ...result,
      errors: errorsIn(observations, CONCERNED),
      claims: claimsIn(observations, SHARED),
      nextHop: [await network.routerKnows(NEXT_HOP), await network.routerKnows(NEXT_HOP6)],
      told: toldOf(await network.events("lb2")),
    };
  },
};

const PATH_MTU: Scenario = {
  name: "path MTU",
  async play(network) {
    await network.narrow(1300);
    const { result, observations } = await network.watch(async () => ({
      octets: [await network.download(ONE), await network.download(ONE6)],
    }));
    await network.narrow(1500);
    return { ...result, errors: errorsIn(observations, CONCERNED) };
  },
};

const FRAGMENTS: Scenario = {
  name: "fragments",
  async play(network) {
    const before = await network.verdicts("lb2");
    const { result, observations } = await network.watch(async () => {
      const pings = [];
      for (const client of HELD) pings.push(await network.ping(client, { size: 4000, mayFragment: true }));
      return { pings };
    });
    const after = await network.verdicts("lb2");
    return {
      ...result,
      echoes: echoesIn(observations),
      errors: errorsIn(observations, CONCERNED),
      // Whole ones: a last word of an earlier connection may be among them.
      framesEach: Math.floor((after["dispatched"]! - before["dispatched"]!) / HELD.length),
      verdicts: grown(before, after),
    };
  },
};

export const SCENARIOS: readonly Scenario[] = [
  START,
  SERVER_DIES,
  HOST_DIES,
  DRAIN,
  RELOAD,
  TECHNIQUE,
  RESTART,
  TAKE_OVER,
  PATH_MTU,
  FRAGMENTS,
];

/** What a dispatcher tells from now on. */
class Story {
  readonly #network: Network;
  readonly #dispatcher: Dispatcher;
  #from: number;

  static async of(network: Network, dispatcher: Dispatcher): Promise<Story> {
    return new Story(network, dispatcher, (await network.events(dispatcher)).length);
  }

  private constructor(network: Network, dispatcher: Dispatcher, from: number) {
    this.#network = network;
    this.#dispatcher = dispatcher;
    this.#from = from;
  }

  async tells(event: string, backend: Server): Promise<void> {
    await this.#network.until(
      `${this.#dispatcher} tells ${event} of ${backend}`,
      async () => (await this.#events()).some((one) => one.event === event && one["backend"] === backend),
    );
  }

  async told(): Promise<Record<string, string[]>> {
    return toldOf(await this.#events());
  }

  async #events(): Promise<readonly Event[]> {
    return (await this.#network.events(this.#dispatcher)).slice(this.#from);
  }
}

/** It is active, and has found all servers. */
async function ready(network: Network, dispatcher: Dispatcher): Promise<void> {
  await becomes(network, dispatcher, "active");
  await serversFound(network, dispatcher);
}

async function serversFound(network: Network, dispatcher: Dispatcher): Promise<void> {
  await network.until(`${dispatcher} has found its servers`, async () => {
    const up = (await network.events(dispatcher)).filter(({ event }) => event === "backend.up");
    return up.length >= SERVERS.length;
  });
}

/** In both families. */
async function becomes(network: Network, dispatcher: Dispatcher, state: "active" | "backup"): Promise<void> {
  await network.until(`${dispatcher} is ${state}`, async () => {
    const events = await network.events(dispatcher);
    return ["IPv4", "IPv6"].every((family) =>
      events.findLast((one) => one["family"] === family)?.event === `pair.${state}`
    );
  });
}

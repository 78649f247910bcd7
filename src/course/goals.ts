/** What a stage of an exercise asks for, and what is said while it does not hold. Only packets and the kernels' tables count. */

import type { Look, Served } from "./look.ts";
import { ROUTER } from "./network.ts";

export interface Goal {
  /** A sentence that is true when the goal is reached. */
  readonly reached: string;
  /** A sentence that says what is still wrong; undefined when nothing is. */
  wrong(look: Look): Promise<string | undefined>;
}

/** Does not fit into one packet, nor into some ten. */
const LARGE = 100_000;

/** Clients that a sentence names. */
const MOST_CLIENTS = 3;

export const GOALS = {
  "requests-reach-dispatcher": {
    reached: "The router sends requests for 10.0.0.100 to the dispatcher.",
    wrong: (look) => wrongReceiver(look, "the dispatcher"),
  },
  "requests-reach-all": {
    reached: "The router sends requests for 10.0.0.100 to all machines of the link.",
    wrong: (look) => wrongReceiver(look, "all machines"),
  },
  "answered": {
    reached: "Every client gets an answer.",
    wrong: async (look) => unanswered(look, await look.served(), "no answer"),
  },
  "large-pages": {
    reached: "Large pages arrive as well.",
    wrong: async (look) => unanswered(look, await look.served(`/bytes/${LARGE}`), "no whole large page"),
  },
  "own-backend": {
    reached: "Each client meets the backend that its hash names.",
    async wrong(look) {
      const served = await look.served();
      const astray = served.filter(({ owner, backend }) => owner !== backend);
      if (astray.length === 0) return undefined;
      const told = astray.map(({ client, owner, backend }) =>
        `${client} (${backend ?? "no answer"} in place of ${owner})`
      );
      return `${astray.length} of ${served.length} clients do not meet their backend: ${some(told)}.`;
    },
  },
  "one-owner": {
    reached: "No client is answered by two backends.",
    async wrong(look) {
      const byClient = Map.groupBy(await look.replyFrames(), ({ dst }) => dst);
      const torn = [...byClient].map(([client, frames]) => ({
        client,
        owners: [...new Set(frames.map(({ srcMac }) => look.nameOf(srcMac)))],
      })).filter(({ owners }) => owners.length > 1);
      if (torn.length === 0) return undefined;
      const told = torn.map(({ client, owners }) => `${client} (${listed(owners.sort())})`);
      return `${torn.length} clients are answered by two backends at once: ${some(told)}.`;
    },
  },
  "only-dispatcher-answers": {
    reached: "Only the dispatcher answers when a machine of the link asks who has 10.0.0.100.",
    wrong: (look) => wrongOwner(look, look.cluster, "the dispatcher"),
  },
  "only-router-answers": {
    reached: `Only the router answers when a machine of the link asks who has ${ROUTER.address}.`,
    wrong: (look) => wrongOwner(look, ROUTER.address, ROUTER.node),
  },
  "no-extra-route": {
    reached: "No backend takes addresses of other machines for its own.",
    async wrong(look) {
      const found = await Promise.all(look.backends.map(async (backend) => {
        const networks = await look.extraRoutesOf(backend);
        return networks.length === 0 ? [] : [`${backend} takes all of ${listed(networks)} for itself`];
      }));
      const told = found.flat();
      return told.length === 0 ? undefined : `${listed(told)}.`;
    },
  },
  "tunnel-unchanged": {
    reached: "The tunnel is as the provider has made it.",
    async wrong(look) {
      const ends = await look.changedTunnelEnds();
      if (ends.length === 0) return undefined;
      const told = ends.map(({ node, mtu, was }) => `${mtu} at ${node}, where it was ${was}`);
      return `The tunnel's MTU is ${listed(told)}, and what the provider carries has not changed.`;
    },
  },
} as const satisfies Readonly<Record<string, Goal>>;

export type GoalName = keyof typeof GOALS;

async function wrongReceiver(look: Look, wanted: string): Promise<string | undefined> {
  const frames = await look.requestFrames();
  if (frames.length === 0) return `No request for ${look.cluster} comes out of the router.`;
  const others = [...new Set(frames.map(({ dstMac }) => look.nameOf(dstMac)))].filter((name) =>
    name !== wanted
  );
  return others.length === 0
    ? undefined
    : `The router sends requests for ${look.cluster} to ${listed(others)}, not to ${wanted}.`;
}

async function wrongOwner(look: Look, address: string, wanted: string): Promise<string | undefined> {
  const others = (await look.ownersOnLink(address)).filter((name) => name !== wanted);
  return others.length === 0
    ? undefined
    : `When a machine of the link asks who has ${address}, ${listed(others)} ${
      others.length === 1 ? "answers" : "answer"
    }, too.`;
}

function unanswered(look: Look, served: readonly Served[], what: string): string | undefined {
  const lost = served.filter(({ backend }) => backend === undefined);
  if (lost.length === 0) return undefined;
  const owners = [...new Set(lost.map(({ owner }) => owner))];
  const whose = owners.length === look.backends.length ? "" : `, all of them clients of ${listed(owners)}`;
  return `${lost.length} of ${served.length} clients get ${what} within ${look.patienceS} s${whose}: ` +
    `${some(lost.map(({ client }) => client))}.`;
}

/** The first ones, and how many more there are. */
function some(all: readonly string[]): string {
  const more = all.length - MOST_CLIENTS;
  return listed(more > 0 ? [...all.slice(0, MOST_CLIENTS), `${more} more`] : all);
}

function listed(words: readonly string[]): string {
  return new Intl.ListFormat("en-GB").format(words);
}

/** The demonstration: real requests through a lab, and an account of what every machine saw of them. */

import type { Report } from "../engine/report.ts";
import { explain } from "../cluster/explain.ts";
import { loadConfig } from "../config/load.ts";
import { ClusterMap } from "../cluster/cluster_map.ts";
import { formatMac } from "../wire/address.ts";
import { Lab } from "../lab/lab.ts";
import { request } from "../lab/traffic.ts";
import { type Sighting, Witness } from "../lab/witness.ts";
import { ownFile } from "../system/installation.ts";
import { type Check, checksOf } from "./checks.ts";
import { type Hop, hopsOf } from "./hops.ts";

const TOPOLOGY = ownFile("netns/routing.yaml");
const CONFIG = ownFile("netns/routing.oneip.yaml");

/** Client addresses by node: the first of each client's network. */
const CLIENTS = { client1: "198.51.100", client2: "203.0.113" } as const;
const CLIENTS_EACH = 48;
const REQUESTS_EACH = 4;

/** What came of it. */
export interface Story {
  readonly clusterAddress: string;
  readonly clients: number;
  readonly requests: number;
  readonly backends: readonly {
    readonly name: string;
    readonly address: string;
    readonly buckets: number;
    readonly clients: number;
    readonly requests: number;
  }[];
  /** One client's request and its reply, as the LAN's bridge saw them. */
  readonly request: readonly Hop[];
  readonly reply: readonly Hop[];
  /** Frames of the cluster by direction, on the LAN and in the dispatcher. */
  readonly frames: {
    readonly toDispatcher: number;
    readonly dispatched: number;
    readonly replies: number;
    readonly repliesThroughDispatcher: number;
  };
  readonly checks: readonly Check[];
}

/** Brings a lab up, sends the requests and removes the lab again. */
export async function demonstrate(progress: (step: string) => void): Promise<Story> {
  const config = loadConfig(CONFIG);
  const lab = await Lab.up(TOPOLOGY, { name: `demo-${process.pid}`, progress });
  try {
    const witness = await Witness.at(lab.node("lan"));
    const clients = Object.values(CLIENTS).flatMap((network) => addressesOf(network));
    const cluster = config.clusters[0]!;
    const clusterAddress = cluster.addresses[0]!;
    progress(
      `${clients.length * REQUESTS_EACH} requests to ${clusterAddress} from ${clients.length} clients`,
    );
    const answers = (await Promise.all(
      Object.entries(CLIENTS).map(([node, network]) =>
        request(lab.node(node), addressesOf(network), `http://${clusterAddress}/`, REQUESTS_EACH)
      ),
    )).flat();
    const sightings = await witness.sightings();
    progress("counters of the dispatcher");
    const report = await lastReport(lab);
    const expected = new Map(explain(config, clients, []).map(({ client, backend }) => [client, backend]));
    const mac = formatMac(config.dispatcher.mac.high, config.dispatcher.mac.low);
    const own = new Set(config.dispatcher.addresses.map(({ address }) => address));
    // Its own questions, of the verification at its start, and their answers are nobody's requests.
    const ofClients = sightings.filter(({ src, dst }) => !own.has(src) && !own.has(dst));
    const frames = count(ofClients, clusterAddress, mac, report);
    const shares = new ClusterMap(cluster).shares();
    return {
      clusterAddress,
      clients: clients.length,
      requests: answers.length,
      backends: cluster.backends.map(({ name, address }, index) => {
        const own = answers.filter(({ backend }) => backend === name);
        return {
          name,
          address,
          buckets: shares[index]!,
          clients: new Set(own.map(({ client }) => client)).size,
          requests: own.length,
        };
      }),
      ...hopsOf(lab.topology, sightings, clients[0]!, clusterAddress, mac),
      frames,
      checks: checksOf(clients, REQUESTS_EACH, answers, expected, frames),
    };
  } finally {
    await lab.down();
  }
}

function addressesOf(network: string): string[] {
  return Array.from({ length: CLIENTS_EACH }, (_, index) => `${network}.${index + 1}`);
}

/** Stops the dispatcher, whose last words are its counters. */
async function lastReport(lab: Lab): Promise<Report> {
  const { program } = lab.node("lb");
  await program!.stop();
  const lines = program!.log.trim().split("\n");
  return JSON.parse(lines.at(-1)!) as Report;
}

function count(
  sightings: readonly Sighting[],
  cluster: string,
  mac: string,
  report: Report,
): Story["frames"] {
  const sum = (of: readonly Sighting[]) => of.reduce((total, { frames }) => total + frames, 0);
  const replies = sightings.filter(({ src }) => src === cluster);
  const crossed = replies.filter(({ dstMac, srcMac, port }) =>
    dstMac === mac || srcMac === mac || port === "lb"
  );
  return {
    toDispatcher: sum(sightings.filter(({ dst, dstMac }) => dst === cluster && dstMac === mac)),
    dispatched: report.verdicts["dispatched"]! + report.verdicts["pending"]!,
    replies: sum(replies),
    // What the switch saw go there, and what the dispatcher itself says that it was given.
    repliesThroughDispatcher: Math.max(sum(crossed), report.verdicts["drop_from_cluster"]!),
  };
}

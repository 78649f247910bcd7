/**
 * The configuration: what a YAML file may say, and what it means. Every mistake is found in one go and reported with its
 * place in the file. `parseConfig` does no I/O.
 */

import { createHash } from "node:crypto";
import type * as z from "zod";
import { type Read, readInSteps, type Source } from "../input/document.ts";
import { finish } from "../table/steps.ts";
import type { Mac } from "../wire/address.ts";
import { api } from "./api.ts";
import { cluster } from "./cluster.ts";
import { dispatcher } from "./dispatcher.ts";
import { addressesHaveNextHops, fleet, nobodyFallsBack } from "./fleet.ts";
import { checksOf, key, type ReadonlyThrough, section } from "./key.ts";
import { areAtMost, MOST } from "./limits.ts";
import type { ClusterConfig, Config } from "./meaning.ts";
import { list } from "./values.ts";

/** All that a file may say. */
export const configuration = section("use a mapping with dispatcher and clusters", {
  dispatcher: key(dispatcher, { description: "The machine that takes the clients' frames, and its link." }),
  clusters: key(list(cluster, "at least one cluster"), {
    description: "The clusters: each has addresses that clients see, and backends that serve them. " +
      `There may be ${MOST.clusters} of them.`,
    checks: [areAtMost(MOST.clusters, "clusters[]", "clusters")],
  }),
  fleet: key(fleet.optional(), {
    absent: "none: this dispatcher alone is told to routers, by ARP",
    description:
      "Several dispatchers at once, to which routers spread the clients by equal-cost routes (docs/fleet.md). The cluster addresses are " +
      "then reached by route alone: no dispatcher says by ARP or neighbor discovery where they are. `{}`: the routes are static.",
    examples: [{ bird: {} }],
    checks: [nobodyFallsBack, addressesHaveNextHops],
  }),
  api: key(api.prefault({}), {
    description: "The API by TCP, for browsers and programs, where it is wanted.",
  }),
});

export type {
  AgentConfig,
  ApiConfig,
  BackendConfig,
  ClusterConfig,
  Config,
  EtcdConfig,
  FleetConfig,
} from "./meaning.ts";

/** Have the backends of this cluster filters, so that frames may come to all of them? */
export function mayBroadcast(
  { technique, fallback }: Pick<ClusterConfig, "technique" | "fallback">,
): boolean {
  return technique === "broadcast" || fallback === "broadcast";
}

/**
 * Text of a configuration file to its meaning. `machine` is what makes the default MAC this machine's own.
 * Throws InputError with every mistake.
 */
export function parseConfig(text: string, file: string, machine: string): Config {
  return finish(parseInSteps(text, file, machine)).config;
}

/** What the dispatchers of a fleet share, when they share it: all else is each one's own. */
export const SHARED = "clusters";

/** The same in steps, with what stands where in the text. `shared`: what a fleet shares, in place of what the file says of it. */
export function* parseInSteps(
  text: string,
  file: string,
  machine: string,
  shared?: Source,
): Generator<void, { config: Config; read: Read<unknown> }> {
  const checks = checksOf(configuration);
  const elsewhere = shared && { ...shared, key: SHARED };
  const read = yield* readInSteps(text, file, { schema: configuration, checks }, elsewhere);
  return { config: complete(read.value, machine), read };
}

/** Adds the defaults that come from other keys, or from the machine. */
function complete({ dispatcher, clusters, fleet, api }: z.output<typeof configuration>, machine: string) {
  const { mac, mtu } = dispatcher;
  return {
    dispatcher: { ...dispatcher, mac: mac ?? stableMac(machine, dispatcher.interface) },
    clusters: clusters.map((cluster) => ({
      ...cluster,
      backends: cluster.backends.map((backend) => ({
        ...backend,
        mtu: Math.min(mtu, backend.mtu ?? mtu),
      })),
    })),
    fleet,
    api,
  };
}

/** A key that only the schemas have, or only meaning.ts, is a mistake for the type checker. */
type Same<A, B> = [A] extends [B] ? [B] extends [A] ? true : never : never;
true satisfies Same<Config, ReadonlyThrough<ReturnType<typeof complete>>>;

/** Locally administered, unicast, and the same at every start, so that routers need not learn anew. */
function stableMac(machine: string, interfaceName: string): Mac {
  const digest = createHash("sha256").update(`oneip ${machine} ${interfaceName}`).digest();
  return { high: (digest.readUInt16BE(0) & 0xfcff) | 0x0200, low: digest.readInt32BE(2) };
}

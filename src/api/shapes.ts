/** The shapes of what a running dispatcher answers, each held to the type that the engine gives (contract.ts says to which question). */

import * as z from "zod";
import type { ConfigChange, ConfigChanges } from "../cluster/config_changes.ts";
import type { TechniqueOf } from "../cluster/techniques.ts";
import type { LiveExplanation } from "../engine/explain_live.ts";
import type { Buckets } from "../engine/buckets.ts";
import type { NeighborStatus } from "../engine/neighbors.ts";
import type { FleetRoutes } from "../engine/fleet.ts";
import type { BackendStatus, BirdStatus, ClusterStatus, FleetStatus, Status } from "../engine/status.ts";
import type { OffloadName } from "../device/offloads.ts";
import type { HandedTap } from "../device/tap.ts";
import type { Fault } from "../fault/fault.ts";
import type { PeerStatus } from "../engine/peer_link.ts";
import type { PairStatus } from "../vrrp/pair.ts";
import type { FastPathStatus } from "../plane/fast_path_status.ts";
import type { Counters } from "./counters.ts";
import type { EtcdStatus } from "./etcd_status.ts";
import { EVENT_NAMES } from "./event_names.ts";
import type { DispatcherEvent } from "./events.ts";
import type { Json } from "../config/print.ts";
import { type FaultId, FAULTS } from "../fault/ids.ts";
import type { Difference } from "./difference.ts";
import type { VerificationReport, VerifiedBackend } from "../verify/report.ts";

export const technique = z.enum(["route", "broadcast"], "use route or broadcast");

export const techniques: z.ZodType<TechniqueOf[]> = z.array(
  z.strictObject({ cluster: z.string(), technique }),
);

const faultId = z.enum(Object.keys(FAULTS) as FaultId[]);

const fault: z.ZodType<Fault> = z.strictObject({
  id: faultId,
  or: z.array(faultId),
  backend: z.string().nullable(),
  mac: z.string().nullable(),
  clusters: z.array(z.string()),
  found: z.string(),
  why: z.string(),
  mend: z.array(z.array(z.string())),
  decide: z.string().nullable(),
});

const verifiedBackend: z.ZodType<VerifiedBackend> = z.strictObject({
  name: z.string(),
  address: z.string(),
  mac: z.string().nullable(),
  ok: z.boolean(),
});

export const verificationReport: z.ZodType<VerificationReport> = z.strictObject({
  ok: z.boolean(),
  backends: z.array(verifiedBackend),
  faults: z.array(fault),
  untried: z.array(z.string()),
});

const aspect = <State extends readonly [string, ...string[]]>(...states: State) =>
  z.strictObject({ state: z.enum(states), why: z.string(), since: z.string() });

export const backendStatus: z.ZodType<BackendStatus> = z.strictObject({
  cluster: z.string(),
  name: z.string(),
  address: z.string(),
  ...aspect("unknown", "up", "down", "flapping", "draining").shape,
  live: z.boolean(),
  weight: z.int(),
  backup: z.boolean(),
  portion: z.number(),
  buckets: z.int(),
  probeMs: z.number().nullable(),
  neighbor: aspect("unknown", "reachable", "failed"),
  health: aspect("unknown", "up", "down"),
  administration: aspect("active", "draining", "down"),
});

/** As BIRD announces them; null where no BIRD does. */
const routes = aspect("unknown", "announced", "leaving", "withdrawn").nullable();

export const clusterSummary = z.strictObject({
  name: z.string(),
  technique,
  buckets: z.int(),
  live: z.int(),
  minimum: z.int().nullable(),
  healthIgnored: z.boolean(),
  routes,
});

export const clusterStatus: z.ZodType<ClusterStatus> = clusterSummary.extend({
  backends: z.array(backendStatus),
});

export interface ProcessStatus {
  readonly interface: string;
  /** By what it runs, and since when. */
  readonly runtime: string;
  readonly startedAt: string;
  readonly fastPath: FastPathStatus;
  /** Null: it shares nothing by etcd. */
  readonly etcd: EtcdStatus | null;
}

const peer: z.ZodType<PeerStatus> = z.strictObject({
  address: z.string(),
  isActive: z.boolean(),
  clusters: z.int(),
  connections: z.int(),
  refused: z.strictObject({ forged: z.int(), stale: z.int(), foreign: z.int(), dropped: z.int() }),
});

const pair: z.ZodType<PairStatus> = z.strictObject({
  id: z.int(),
  families: z.array(z.strictObject({
    family: z.enum(["IPv4", "IPv6"]),
    ...aspect("initialize", "backup", "active").shape,
    forwards: z.boolean(),
    mac: z.string(),
    addresses: z.array(z.string()),
    priority: z.int(),
    other: z.strictObject({ address: z.string(), priority: z.int() }).nullable(),
    sent: z.int(),
    heard: z.int(),
    takeovers: z.int(),
    splits: z.int(),
  })),
});

const bird: z.ZodType<BirdStatus> = z.strictObject({
  socket: z.string(),
  answers: z.boolean(),
  why: z.string().nullable(),
  since: z.string(),
  sessions: z.strictObject({ established: z.int(), all: z.int() }),
  administration: z.enum(["active", "draining", "down"]),
});

/** Null without a fleet, and `bird` without BIRD. */
const fleetStatus: z.ZodType<FleetStatus | null> = z.strictObject({ bird: bird.nullable() }).nullable();

export const fleetRoutes: z.ZodType<FleetRoutes> = z.strictObject({
  bird,
  routes: z.array(z.strictObject({ cluster: z.string(), ...routes.unwrap().shape })),
});

const etcdStatus: z.ZodType<EtcdStatus> = z.strictObject({
  name: z.string(),
  endpoint: z.string(),
  alone: z.boolean(),
  why: z.string().nullable(),
  since: z.string(),
  revision: z.int(),
  refused: z.int().nullable(),
  dispatchers: z.array(z.strictObject({ name: z.string(), revision: z.int() })),
});

/** What the engine knows, and of the process. */
export const status: z.ZodType<Status & ProcessStatus> = z.strictObject({
  interface: z.string(),
  runtime: z.string(),
  startedAt: z.string(),
  fastPath: z.strictObject({ interface: z.string().nullable(), why: z.string().nullable() }),
  etcd: etcdStatus.nullable(),
  epoch: z.int(),
  pair: pair.nullable(),
  peer: peer.nullable(),
  fleet: fleetStatus,
  clusters: z.array(clusterStatus),
});

export const buckets: z.ZodType<Buckets> = z.strictObject({
  cluster: z.string(),
  epoch: z.int(),
  backends: z.array(z.string()),
  // There may be 65,536, and z.int() takes more than twice as long.
  owners: z.array(z.number()),
  inTransition: z.array(z.number()),
});

export const neighbors: z.ZodType<NeighborStatus[]> = z.array(z.strictObject({
  address: z.string(),
  mac: z.string().nullable(),
  state: z.enum(["unknown", "reachable", "failed"]),
  since: z.string(),
}));

export const counters: z.ZodType<Counters> = z.strictObject({
  time: z.string(),
  verdicts: z.record(z.string(), z.int()),
  tapDropped: z.int(),
  fastPath: z.strictObject({ dispatched: z.int(), passedUp: z.record(z.string(), z.int()) }),
  workers: z.array(z.int()),
  machines: z.array(z.strictObject({ address: z.string(), frames: z.int(), octets: z.int() })),
  pending: z.strictObject({ sent: z.int(), dropped: z.int() }),
  probes: z.strictObject({ asked: z.int(), failed: z.int(), doubted: z.int() }),
  clusters: z.array(z.strictObject({
    name: z.string(),
    frames: z.int(),
    octets: z.int(),
    broadcastFrames: z.int(),
    bucketsInTransition: z.int(),
    connectionsRemembered: z.int(),
    connectionsUnremembered: z.int(),
  })),
});

export const json = z.unknown() as unknown as z.ZodType<Json>;

const configChange: z.ZodType<ConfigChange> = z.strictObject({
  cluster: z.string().nullable(),
  backend: z.string().nullable(),
  key: z.string().nullable(),
  old: json,
  new: json,
});

export const configChanges: z.ZodType<ConfigChanges> = z.strictObject({
  changes: z.array(configChange),
  moving: z.array(z.strictObject({ cluster: z.string(), share: z.number() })),
});

export const difference: z.ZodType<Difference> = z.strictObject({
  file: z.string(),
  changes: z.array(configChange),
  drained: z.array(z.strictObject({
    cluster: z.string(),
    backend: z.string(),
    state: z.enum(["draining", "down"]),
  })),
});

/** The TAP that is handed over. Its descriptors come another way (device/handed_descriptors.ts). */
export const handedTap: z.ZodType<Omit<HandedTap, "descriptors">> = z.strictObject({
  name: z.string(),
  hasNeighborQueue: z.boolean(),
  granted: z.array(z.string()) as unknown as z.ZodType<OffloadName[]>,
  isAdopted: z.boolean(),
  joined: z.string().nullable(),
});

export const droppedFrame = z.strictObject({
  sinceEpochMs: z.number(),
  verdict: z.string(),
  cluster: z.string().nullable(),
  client: z.string().nullable(),
  bucket: z.int().nullable(),
  backend: z.string().nullable(),
  length: z.int(),
  octets: z.base64(),
});

export const explanations: z.ZodType<LiveExplanation[]> = z.array(z.strictObject({
  client: z.string(),
  cluster: z.string(),
  hash: z.string(),
  bucket: z.int(),
  backend: z.string().nullable(),
  keeps: z.string().nullable(),
  why: z.string(),
}));

export const dispatcherEvent: z.ZodType<DispatcherEvent> = z.strictObject({
  number: z.int(),
  time: z.string(),
  name: z.enum(EVENT_NAMES),
  message: z.string(),
  data: z.record(z.string(), z.unknown()),
});

/** No slash, so that a name is a part of a path. */

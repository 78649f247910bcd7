/**
 * What a running dispatcher can be asked over HTTP: each route with the shapes of its input and its output. Server (http.ts), commands
 * (client.ts), OpenAPI document and tests share it. What of the input is not in the path is the query of a GET, and the body of a POST.
 */

import * as z from "zod";
import type { ConfigChange, ConfigChanges } from "../cluster/config_changes.ts";
import type { TechniqueOf } from "../cluster/techniques.ts";
import { WHOLE_FRAMES } from "../engine/live_capture.ts";
import type { LiveExplanation } from "../engine/explain_live.ts";
import type { Buckets } from "../engine/buckets.ts";
import type { NeighborStatus } from "../engine/neighbors.ts";
import type { BackendStatus, ClusterStatus, Status } from "../engine/status.ts";
import type { OffloadName } from "../device/offloads.ts";
import type { HandedTap } from "../device/tap.ts";
import type { Fault } from "../fault/fault.ts";
import type { FastPathStatus } from "../plane/kernel_share.ts";
import type { Counters } from "./counters.ts";
import { EVENT_NAMES } from "./event_names.ts";
import type { DispatcherEvent } from "./events.ts";
import type { Json } from "../config/print.ts";
import { type FaultId, FAULTS } from "../fault/ids.ts";
import type { Difference } from "./difference.ts";
import type { VerificationReport, VerifiedBackend } from "../verify/report.ts";
import { parsePrefix } from "../wire/address.ts";

const technique = z.enum(["route", "broadcast"], "use route or broadcast");

const techniques: z.ZodType<TechniqueOf[]> = z.array(z.strictObject({ cluster: z.string(), technique }));

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

const verificationReport: z.ZodType<VerificationReport> = z.strictObject({
  ok: z.boolean(),
  backends: z.array(verifiedBackend),
  faults: z.array(fault),
  untried: z.array(z.string()),
});

const aspect = <State extends readonly [string, ...string[]]>(...states: State) =>
  z.strictObject({ state: z.enum(states), why: z.string(), since: z.string() });

const backendStatus: z.ZodType<BackendStatus> = z.strictObject({
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

const clusterSummary = z.strictObject({
  name: z.string(),
  technique,
  buckets: z.int(),
  live: z.int(),
  minimum: z.int().nullable(),
  healthIgnored: z.boolean(),
});

const clusterStatus: z.ZodType<ClusterStatus> = clusterSummary.extend({ backends: z.array(backendStatus) });

interface ProcessStatus {
  readonly interface: string;
  /** By what it runs, and since when. */
  readonly runtime: string;
  readonly startedAt: string;
  readonly fastPath: FastPathStatus;
}

/** What the engine knows, and of the process. */
const status: z.ZodType<Status & ProcessStatus> = z.strictObject({
  interface: z.string(),
  runtime: z.string(),
  startedAt: z.string(),
  fastPath: z.strictObject({ interface: z.string().nullable(), why: z.string().nullable() }),
  epoch: z.int(),
  clusters: z.array(clusterStatus),
});

const buckets: z.ZodType<Buckets> = z.strictObject({
  cluster: z.string(),
  epoch: z.int(),
  backends: z.array(z.string()),
  // There may be 65,536, and z.int() takes more than twice as long.
  owners: z.array(z.number()),
  inTransition: z.array(z.number()),
});

const neighbors: z.ZodType<NeighborStatus[]> = z.array(z.strictObject({
  address: z.string(),
  mac: z.string().nullable(),
  state: z.enum(["unknown", "reachable", "failed"]),
  since: z.string(),
}));

const counters: z.ZodType<Counters> = z.strictObject({
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
    broadcastFrames: z.int(),
    bucketsInTransition: z.int(),
    connectionsRemembered: z.int(),
    connectionsUnremembered: z.int(),
  })),
});

const json = z.unknown() as unknown as z.ZodType<Json>;

const configChange: z.ZodType<ConfigChange> = z.strictObject({
  cluster: z.string().nullable(),
  backend: z.string().nullable(),
  key: z.string().nullable(),
  old: json,
  new: json,
});

const configChanges: z.ZodType<ConfigChanges> = z.strictObject({
  changes: z.array(configChange),
  moving: z.array(z.strictObject({ cluster: z.string(), share: z.number() })),
});

const difference: z.ZodType<Difference> = z.strictObject({
  file: z.string(),
  changes: z.array(configChange),
  drained: z.array(z.strictObject({
    cluster: z.string(),
    backend: z.string(),
    state: z.enum(["draining", "down"]),
  })),
});

/** The TAP that is handed over. Its descriptors come another way (device/handed_descriptors.ts). */
const handedTap: z.ZodType<Omit<HandedTap, "descriptors">> = z.strictObject({
  name: z.string(),
  hasNeighborQueue: z.boolean(),
  granted: z.array(z.string()) as unknown as z.ZodType<OffloadName[]>,
  isAdopted: z.boolean(),
  joined: z.string().nullable(),
});

const droppedFrame = z.strictObject({
  sinceEpochMs: z.number(),
  verdict: z.string(),
  cluster: z.string().nullable(),
  client: z.string().nullable(),
  bucket: z.int().nullable(),
  backend: z.string().nullable(),
  length: z.int(),
  octets: z.base64(),
});

const explanations: z.ZodType<LiveExplanation[]> = z.array(z.strictObject({
  client: z.string(),
  cluster: z.string(),
  hash: z.string(),
  bucket: z.int(),
  backend: z.string().nullable(),
  keeps: z.string().nullable(),
  why: z.string(),
}));

const dispatcherEvent: z.ZodType<DispatcherEvent> = z.strictObject({
  number: z.int(),
  time: z.string(),
  name: z.enum(EVENT_NAMES),
  message: z.string(),
  data: z.record(z.string(), z.unknown()),
});

/** No slash, so that a name is a part of a path. */
const name = z.string().regex(/^[^/]+$/, "use a name as the configuration has it");

const ofCluster = { cluster: name };
const ofBackend = { ...ofCluster, backend: name };

const weightRemedy = "use a whole number from 0 to 100";

const nothing = z.strictObject({});

/** A refusal: what is wrong, where (a field, or a line of a file), and what would do. */
export const refusal = z.strictObject({
  error: z.strictObject({
    message: z.string(),
    place: z.string().optional(),
    remedy: z.string().optional(),
  }),
});

export function refused(
  message: string,
  more: { readonly place?: string; readonly remedy?: string } = {},
): z.output<typeof refusal> {
  return { error: { message, ...more } };
}

/** Answers with events as they come (event_stream.ts). */
export const EVENT_STREAM = "/v1/events";

/** Answers with frames as they come (capture_stream.ts). */
export const CAPTURE = "/v1/capture";

const wholeNumber = (least: number, most: number) => {
  const remedy = `use a whole number from ${least} to ${most}`;
  return z.int(remedy).min(least, remedy).max(most, remedy);
};

/** Which frames, and how many of them. */
export const captureInput = z.strictObject({
  cluster: name.optional(),
  backend: z.string().optional(),
  client: z.string().refine(
    (text) => parsePrefix(text) !== undefined,
    "use an address, or a prefix such as 198.51.100.0/24",
  ).optional(),
  verdicts: z.array(z.string()).min(1, "give one at least").optional(),
  direction: z.enum(["in", "out", "both"], "use in, out or both").optional(),
  snaplen: wholeNumber(1, WHOLE_FRAMES).optional(),
  count: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional(),
  seconds: wholeNumber(1, 1_000_000).optional(),
});

export type CaptureInput = z.output<typeof captureInput>;

interface Route {
  readonly method: "get" | "post";
  /** `{cluster}` stands for what the input has by that name. */
  readonly path: string;
  /** For the OpenAPI document; none for what only another dispatcher asks. */
  readonly summary?: string;
  readonly input: z.ZodObject;
  readonly output: z.ZodType;
}

export const CONTRACT = {
  interface: {
    method: "get",
    path: "/v1/interface",
    summary: "The name of the dispatcher's interface",
    input: nothing,
    output: z.string(),
  },
  configuration: {
    method: "get",
    path: "/v1/configuration",
    summary: "The configuration that it runs by, as `oneip check --json` prints it",
    input: nothing,
    output: json,
  },
  difference: {
    method: "get",
    path: "/v1/configuration/difference",
    summary:
      "In what the dispatcher runs otherwise than its file says now: `old` is the file's, `new` what runs",
    input: nothing,
    output: difference,
  },
  status: {
    method: "get",
    path: "/v1/status",
    summary:
      "The state of each backend, since when and why, and its share of the buckets; whether the fast path is on",
    input: nothing,
    output: status,
  },
  counters: {
    method: "get",
    path: "/v1/counters",
    summary:
      "What was done so far: frames by verdict, frames and octets by machine, the fast path, probes, transitions",
    input: nothing,
    output: counters,
  },
  clusters: {
    method: "get",
    path: "/v1/clusters",
    summary: "The clusters of the status, without their backends",
    input: nothing,
    output: z.array(clusterSummary),
  },
  cluster: {
    method: "get",
    path: "/v1/clusters/{cluster}",
    summary: "A cluster of the status, with its backends",
    input: z.strictObject(ofCluster),
    output: clusterStatus,
  },
  backends: {
    method: "get",
    path: "/v1/clusters/{cluster}/backends",
    summary: "The status of each backend of a cluster",
    input: z.strictObject(ofCluster),
    output: z.array(backendStatus),
  },
  backend: {
    method: "get",
    path: "/v1/clusters/{cluster}/backends/{backend}",
    summary: "The status of a backend",
    input: z.strictObject(ofBackend),
    output: backendStatus,
  },
  buckets: {
    method: "get",
    path: "/v1/clusters/{cluster}/buckets",
    summary:
      "Who owns each bucket of a cluster: an index into `backends`, or -1; and which are in transition",
    input: z.strictObject(ofCluster),
    output: buckets,
  },
  neighbors: {
    method: "get",
    path: "/v1/neighbors",
    summary:
      "The machines on the link that it must reach: backends, gateways and next hops, each with its MAC",
    input: nothing,
    output: neighbors,
  },
  events: {
    method: "get",
    path: "/v1/events/latest",
    summary: "The latest events, 1,000 at most, the oldest first",
    input: nothing,
    output: z.array(dispatcherEvent),
  },
  verify: {
    method: "post",
    path: "/v1/verify",
    summary: "Are the backends set up right? Takes up to three seconds, with hundreds of backends longer",
    input: nothing,
    output: verificationReport,
  },
  techniques: {
    method: "get",
    path: "/v1/technique",
    summary: "The technique of each cluster",
    input: nothing,
    output: techniques,
  },
  technique: {
    method: "post",
    path: "/v1/technique",
    summary: "Another technique for one cluster, or for all",
    input: z.strictObject({ technique, cluster: name.optional() }),
    output: techniques,
  },
  drain: {
    method: "post",
    path: "/v1/clusters/{cluster}/backends/{backend}/drain",
    summary: "No new clients for a backend; with `now` its connections are not kept either",
    input: z.strictObject({ ...ofBackend, now: z.boolean().optional() }),
    output: backendStatus,
  },
  undrain: {
    method: "post",
    path: "/v1/clusters/{cluster}/backends/{backend}/undrain",
    summary: "A backend serves again",
    input: z.strictObject(ofBackend),
    output: backendStatus,
  },
  weight: {
    method: "post",
    path: "/v1/clusters/{cluster}/backends/{backend}/weight",
    summary: "Another weight for a backend; 0 drains",
    input: z.strictObject({
      ...ofBackend,
      weight: z.int(weightRemedy).min(0, weightRemedy).max(100, weightRemedy),
    }),
    output: backendStatus,
  },
  add: {
    method: "post",
    path: "/v1/clusters/{cluster}/backends",
    summary: "Adds a backend until the next reload, probed as its cluster is; what that changes",
    input: z.strictObject({
      ...ofCluster,
      name: z.string(),
      address: z.string(),
      weight: z.int().optional(),
      backup: z.boolean().optional(),
      mtu: z.int().optional(),
      // No probes: one of type exec would run any program.
    }),
    output: configChanges,
  },
  remove: {
    method: "post",
    path: "/v1/clusters/{cluster}/backends/{backend}/remove",
    summary: "Takes a backend away until the next reload; what that changes",
    input: z.strictObject(ofBackend),
    output: configChanges,
  },
  explain: {
    method: "get",
    path: "/v1/explain",
    summary: "Which backend of each cluster serves a client now, and why",
    input: z.strictObject({ address: z.string() }),
    output: explanations,
  },
  dropped: {
    method: "get",
    path: "/v1/dropped",
    summary:
      "The last 1,000 frames that were dropped, the oldest first; `octets` are the first ones, in base64",
    input: nothing,
    output: z.array(droppedFrame),
  },
  reload: {
    method: "post",
    path: "/v1/reload",
    summary:
      "Goes on by what the configuration file says now; what that has changed. With `dryRun` what it would change",
    input: z.strictObject({ dryRun: z.boolean().optional() }),
    output: configChanges,
  },
  /**
   * Another process takes over (takeover.ts). It has this number, and the descriptors of the TAP's queues go to its socket. `nowMs` is by
   * the engine's clock. As long as its connection is open, it has its time to get ready. Nobody else on the link may have one of `addresses`,
   * which are to be its own.
   */
  takeover: {
    method: "post",
    path: "/v1/takeover",
    input: z.object({
      version: z.int(),
      pid: z.int(),
      socket: z.string(),
      addresses: z.array(z.string()).default([]),
    }),
    output: z.strictObject({ tap: handedTap, descriptors: z.int(), nowMs: z.number() }),
  },
  /** It is ready: what the engine knows, a text of this version. From now on only the workers are at work. */
  takeoverRecord: {
    method: "post",
    path: "/v1/takeover/record",
    input: nothing,
    output: z.strictObject({ version: z.int(), record: z.string() }),
  },
  /** It has understood, or not: what the workers have written, a text of the same version. From now on frames wait. */
  takeoverLate: {
    method: "post",
    path: "/v1/takeover/late",
    input: nothing,
    output: z.strictObject({ record: z.string() }),
  },
  /** It forwards, and the control socket's path is its own. */
  takeoverDone: { method: "post", path: "/v1/takeover/done", input: nothing, output: nothing },
} as const satisfies Record<string, Route>;

export type CommandName = keyof typeof CONTRACT;

export const COMMANDS = Object.keys(CONTRACT) as readonly CommandName[];

/** What people ask. The others are for another dispatcher, at the control socket alone. */
export const PUBLIC_COMMANDS = COMMANDS.filter((name) => "summary" in CONTRACT[name]);

/** The names of the input that a path holds. */
export function namesIn(path: string): string[] {
  return Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name!);
}

export type Input<N extends CommandName> = z.output<(typeof CONTRACT)[N]["input"]>;
export type Output<N extends CommandName> = z.output<(typeof CONTRACT)[N]["output"]>;

/** Of who asks: the same for all that is asked by one connection. */
export interface Connection {
  /** Resolves when it has ended. */
  readonly closed: Promise<void>;
}

/** What answers each command. What it throws goes back as an error. */
export type Handlers = {
  readonly [N in CommandName]: (input: Input<N>, connection: Connection) => Output<N> | Promise<Output<N>>;
};

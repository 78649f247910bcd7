/**
 * What a running dispatcher can be asked over HTTP: each route with the shapes of its input and its output. Server (http.ts), commands
 * (client.ts), OpenAPI document and tests share it. What of the input is not in the path is the query of a GET, and the body of a POST.
 */

import * as z from "zod";
import { WHOLE_FRAMES } from "../engine/live_capture.ts";
import { parsePrefix } from "../wire/address.ts";
import {
  backendStatus,
  buckets,
  clusterStatus,
  clusterSummary,
  configChanges,
  counters,
  difference,
  dispatcherEvent,
  droppedFrame,
  explanations,
  fleetRoutes,
  handedTap,
  json,
  neighbors,
  status,
  technique,
  techniques,
  verificationReport,
} from "./shapes.ts";

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
  fleet: {
    method: "get",
    path: "/v1/fleet",
    summary: "Which clusters' routes BIRD announces, since when and why (not), and how many routers hear it",
    input: nothing,
    output: fleetRoutes,
  },
  fleetDrain: {
    method: "post",
    path: "/v1/fleet/drain",
    summary: "Routers are to go over to other dispatchers (RFC 8326); with `now` the routes are withdrawn",
    input: z.strictObject({ now: z.boolean().optional() }),
    output: fleetRoutes,
  },
  fleetUndrain: {
    method: "post",
    path: "/v1/fleet/undrain",
    summary: "The routes are announced again, as usual",
    input: nothing,
    output: fleetRoutes,
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

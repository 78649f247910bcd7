/**
 * What a running dispatcher can be asked: each command with the shape of its input and of its output. Server, commands and tests
 * share it; how the octets travel is the transport's affair (socket.ts).
 */

import * as z from "zod";
import type { ConfigChanges } from "../cluster/config_changes.ts";
import type { TechniqueOf } from "../cluster/techniques.ts";
import type { BackendStatus, Status } from "../engine/status.ts";
import type { OffloadName } from "../device/offloads.ts";
import type { HandedTap } from "../device/tap.ts";
import type { Fault } from "../fault/fault.ts";
import type { Json } from "../config/print.ts";
import { type FaultId, FAULTS } from "../fault/ids.ts";
import type { VerificationReport, VerifiedBackend } from "../verify/report.ts";

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
  neighbor: aspect("unknown", "reachable", "failed"),
  health: aspect("unknown", "up", "down"),
  administration: aspect("active", "draining", "down"),
});

const status: z.ZodType<Status> = z.strictObject({
  clusters: z.array(z.strictObject({
    name: z.string(),
    technique,
    buckets: z.int(),
    live: z.int(),
    minimum: z.int().nullable(),
    healthIgnored: z.boolean(),
    backends: z.array(backendStatus),
  })),
});

const json = z.custom<Json>((value) => value !== undefined);

const configChanges: z.ZodType<ConfigChanges> = z.strictObject({
  changes: z.array(z.strictObject({
    cluster: z.string().nullable(),
    backend: z.string().nullable(),
    key: z.string().nullable(),
    old: json,
    new: json,
  })),
  moving: z.array(z.strictObject({ cluster: z.string(), share: z.number() })),
});

/** The TAP that is handed over. Its descriptors come another way (device/handed_descriptors.ts). */
const handedTap: z.ZodType<Omit<HandedTap, "descriptors">> = z.strictObject({
  name: z.string(),
  hasNeighborQueue: z.boolean(),
  granted: z.array(z.custom<OffloadName>((value) => typeof value === "string")),
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

/** `NAME` or `CLUSTER/NAME`. */
const backend = z.string();

const weightRemedy = "use a whole number from 0 to 100";

const nothing = z.strictObject({});

export const CONTRACT = {
  /** The name of the dispatcher's interface. */
  interface: { input: nothing, output: z.string() },
  /** What it was started with, as `oneip check --json` prints it. */
  configuration: { input: nothing, output: json },
  /** Are the backends set up right? Takes up to three seconds. */
  verify: { input: nothing, output: verificationReport },
  /** The technique of each cluster; with `technique` it is changed first, of one cluster or of all. */
  technique: {
    input: z.strictObject({ technique: technique.optional(), cluster: z.string().optional() }),
    output: techniques,
  },
  /** The state of each backend. */
  status: { input: nothing, output: status },
  /** No new clients for a backend; with `now` its connections are not kept either. */
  drain: { input: z.strictObject({ backend, now: z.boolean().optional() }), output: backendStatus },
  undrain: { input: z.strictObject({ backend }), output: backendStatus },
  /** Another weight for a backend; 0 drains. */
  weight: {
    input: z.strictObject({
      backend,
      weight: z.int(weightRemedy).min(0, weightRemedy).max(100, weightRemedy),
    }),
    output: backendStatus,
  },
  /** The last 1,000 frames that were dropped, the oldest first; `octets` are the first ones, in base64. */
  dropped: { input: nothing, output: z.array(droppedFrame) },
  /** Goes on by what the configuration file says now; what that has changed. */
  reload: { input: nothing, output: configChanges },
  /**
   * Another process takes over (takeover.ts). It has this number, and the descriptors of the TAP's queues go to its socket. `nowMs` is by
   * the engine's clock. As long as its connection is open, it has its time to get ready. Nobody else on the link may have one of `addresses`,
   * which are to be its own.
   */
  takeover: {
    input: z.object({
      version: z.int(),
      pid: z.int(),
      socket: z.string(),
      addresses: z.array(z.string()).default([]),
    }),
    output: z.strictObject({ tap: handedTap, descriptors: z.int(), nowMs: z.number() }),
  },
  /** It is ready: what the engine knows, a text of this version. From now on only the workers are at work. */
  takeoverRecord: { input: nothing, output: z.strictObject({ version: z.int(), record: z.string() }) },
  /** It has understood, or not: what the workers have written, a text of the same version. From now on frames wait. */
  takeoverLate: { input: nothing, output: z.strictObject({ record: z.string() }) },
  /** It forwards, and the control socket's path is its own. */
  takeoverDone: { input: nothing, output: nothing },
} as const satisfies Record<string, { readonly input: z.ZodType; readonly output: z.ZodType }>;

export type CommandName = keyof typeof CONTRACT;
export type Input<N extends CommandName> = z.output<(typeof CONTRACT)[N]["input"]>;
export type Output<N extends CommandName> = z.output<(typeof CONTRACT)[N]["output"]>;

/** Of who asks. */
export interface Connection {
  /** Resolves when it has ended. */
  readonly closed: Promise<void>;
}

/** What answers each command. What it throws goes back as an error. */
export type Handlers = {
  readonly [N in CommandName]: (input: Input<N>, connection: Connection) => Output<N> | Promise<Output<N>>;
};

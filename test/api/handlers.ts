/** A dispatcher of which only the answers are there. */

import { EventRing } from "../../src/api/event_ring.ts";
import type { Sources } from "../../src/api/http.ts";
import type { Handlers } from "../../src/api/contract.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";
import { NoneSuchError, UsageError } from "../../src/input/errors.ts";

const aspect = <State>(state: State) => ({ state, why: "it is", since: "2026-01-01T00:00:00.000Z" });

const STATUS = {
  ...{ cluster: "web", name: "web1", address: "10.0.0.11", ...aspect("up" as const), live: true },
  ...{ weight: 1, backup: false, portion: 1, buckets: 4096, probeMs: 1.5 },
  neighbor: aspect("reachable" as const),
  health: aspect("unknown" as const),
  administration: aspect("active" as const),
};

const CLUSTER = {
  name: "web",
  technique: "route" as const,
  buckets: 4096,
  live: 1,
  minimum: null,
  healthIgnored: false,
  routes: null,
};

const FLEET = {
  bird: {
    ...{ socket: "/run/bird/bird.ctl", answers: true, why: null, since: "2026-01-01T00:00:00.000Z" },
    ...{ sessions: { established: 1, all: 1 }, administration: "active" as const },
  },
  routes: [{ cluster: "web", ...aspect("announced" as const) }],
};

const handlers: Handlers = {
  interface: () => "oneip0",
  configuration: () => ({ dispatcher: {}, clusters: [], api: {} }),
  verify: () => ({ ok: true, backends: [], faults: [], untried: [] }),
  techniques: () => [{ cluster: "web", technique: "route" }],
  technique: ({ technique, cluster = "web" }) => {
    if (cluster !== "web") throw new NoneSuchError(`There is no cluster "${cluster}"; use web`);
    return [{ cluster, technique }];
  },
  events: () => [],
  dropped: () => [],
  explain: () => [],
  status: () => ({
    interface: "oneip0",
    runtime: "Deno 2.9.5",
    startedAt: "2026-01-01T00:00:00.000Z",
    fastPath: { interface: null, why: "dispatcher.fastPath is off" },
    etcd: null,
    epoch: 1,
    pair: null,
    peer: null,
    fleet: null,
    clusters: [{ ...CLUSTER, backends: [STATUS] }],
  }),
  counters: () => ({
    time: "2026-01-01T00:00:00.000Z",
    ...{
      verdicts: {},
      tapDropped: 0,
      fastPath: { dispatched: 0, passedUp: {} },
      workers: [0],
      machines: [],
      clusters: [],
    },
    pending: { sent: 0, dropped: 0 },
    probes: { asked: 0, failed: 0, doubted: 0 },
  }),
  clusters: () => [CLUSTER],
  cluster: () => ({ ...CLUSTER, backends: [STATUS] }),
  backends: () => [STATUS],
  backend: () => STATUS,
  buckets: ({ cluster }) => ({ cluster, epoch: 1, backends: ["web1"], owners: [0, -1], inTransition: [1] }),
  neighbors: () => [
    { address: "10.0.0.11", mac: "02:00:00:00:00:11", state: "reachable", since: "2026-01-01T00:00:00.000Z" },
  ],
  fleet: () => FLEET,
  fleetDrain: () => FLEET,
  fleetUndrain: () => FLEET,
  drain: () => ({ ...STATUS, ...aspect("draining" as const) }),
  undrain: ({ cluster, backend }) => ({ ...STATUS, cluster, name: backend }),
  add: () => ({ changes: [], moving: [] }),
  remove: () => ({ changes: [], moving: [] }),
  difference: () => ({ file: "/etc/oneip/oneip.yaml", changes: [], drained: [] }),
  reload: () => ({ changes: [], moving: [] }),
  takeover: () => {
    throw new UsageError("not here");
  },
  takeoverRecord: () => ({ version: 1, record: "" }),
  takeoverLate: () => ({ record: "" }),
  takeoverDone: () => ({}),
  weight: ({ weight }) => ({ ...STATUS, weight }),
};

export const SOURCES: Sources = {
  handlers,
  monitored: { isLive: () => true, metrics: () => "oneip_runtime_info 1\n" },
  ring: new EventRing(),
  capture: () => {
    throw new UsageError("no frames here");
  },
  clock: new VirtualClock(),
};

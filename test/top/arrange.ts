/** A dispatcher of which only the answers are there, with backends, counters that grow, and events. */

import type { Output } from "../../src/api/contract.ts";
import { EventRing } from "../../src/api/event_ring.ts";
import type { DispatcherEvent } from "../../src/api/events.ts";
import type { Sources } from "../../src/api/http.ts";
import { NAMES } from "../../src/path/verdict.ts";
import { SOURCES } from "../api/handlers.ts";

type Status = Output<"status">;
type Counters = Output<"counters">;
type Backend = Status["clusters"][number]["backends"][number];

/** 2026-01-01T00:00:00Z. */
export const STARTED_MS = 1_767_225_600_000;

const aspect = <State extends string>(state: State) => (
  { state, why: "it is", since: new Date(STARTED_MS).toISOString() }
);

/** `web1`, `web2`, ... of one cluster; `own`: what is otherwise, by index. */
export function backends(count: number, own: Readonly<Record<number, Partial<Backend>>> = {}): Backend[] {
  return Array.from({ length: count }, (_, index) => ({
    ...{ cluster: "web", name: `web${index + 1}`, address: `10.0.${index >> 8}.${index & 255}` },
    ...{
      ...aspect("up" as const),
      why: "its probes succeed",
      live: true,
      weight: 1,
      backup: false,
      portion: 1,
    },
    ...{ buckets: Math.floor(4096 / count), probeMs: 1.24 },
    neighbor: aspect("reachable" as const),
    health: aspect("up" as const),
    administration: aspect("active" as const),
    ...own[index],
  }));
}

export function statusOf(backends: readonly Backend[]): Status {
  const cluster = {
    technique: "route" as const,
    buckets: 4096,
    minimum: null,
    healthIgnored: false,
    routes: null,
  };
  return {
    ...{
      interface: "oneip0",
      runtime: "Deno 2.9.5",
      startedAt: new Date(STARTED_MS).toISOString(),
      fastPath: { interface: "oneip0", why: null },
      etcd: null,
      epoch: 17,
      pair: null,
      peer: null,
      fleet: null,
    },
    clusters: [...Map.groupBy(backends, ({ cluster }) => cluster)].map(([name, backends]) => (
      { ...cluster, name, live: backends.filter(({ live }) => live).length, backends }
    )),
  };
}

/** After `seconds`. To backend n go n + 1 times `frames` a second, of 100 octets. */
export function countersAt(
  seconds: number,
  backends: readonly Backend[],
  frames = 1000,
  dropped: Readonly<Record<string, number>> = {},
): Counters {
  return {
    time: new Date(STARTED_MS + 1000 * seconds).toISOString(),
    verdicts: { ...Object.fromEntries(NAMES.map((name) => [name, 0])), ...dropped },
    tapDropped: 0,
    workers: [frames * seconds / 4],
    fastPath: { dispatched: frames * seconds * 3 / 4, passedUp: {} },
    machines: backends.map(({ address }, index) => (
      { address, frames: (index + 1) * frames * seconds, octets: 100 * (index + 1) * frames * seconds }
    )),
    pending: { sent: 0, dropped: 0 },
    probes: { asked: 0, failed: 0, doubted: 0 },
    clusters: [],
  };
}

export function event(number: number, backend: string): DispatcherEvent {
  return {
    ...{ number, time: new Date(STARTED_MS + 1000 * number).toISOString(), name: "backend.up" as const },
    message: "backend is up",
    data: { cluster: "web", backend, reason: "its probes succeed" },
  };
}

/** What answers; `drain` and `undrain` change the states. A second of its time passes with each question for counters. */
export class FakeDispatcher {
  readonly ring = new EventRing();
  readonly backends: Backend[];
  seconds = 3600;

  constructor(count: number) {
    this.backends = backends(count);
    this.ring.add(event(1, "web1"));
  }

  get sources(): Sources {
    const set = (name: string, state: "draining" | "up") => {
      const index = this.backends.findIndex((backend) => backend.name === name);
      this.backends[index] = { ...this.backends[index]!, ...aspect(state), why: "by command", buckets: 0 };
      return this.backends[index]!;
    };
    return {
      ...SOURCES,
      ring: this.ring,
      handlers: {
        ...SOURCES.handlers,
        events: () => this.ring.all(),
        status: () => statusOf(this.backends),
        counters: () => countersAt(++this.seconds, this.backends, 1000, { drop_group: 3 * this.seconds }),
        drain: ({ backend }) => set(backend, "draining"),
        undrain: ({ backend }) => set(backend, "up"),
        weight: ({ backend, weight }) => {
          const index = this.backends.findIndex(({ name }) => name === backend);
          return this.backends[index] = { ...this.backends[index]!, weight };
        },
      },
    };
  }
}

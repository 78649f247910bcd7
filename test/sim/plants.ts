/**
 * Mistakes that the product could have, planted from outside: each replaces a method of a class for a while. The simulator must find each
 * of them (scripts/plants).
 */

import { ClusterLiveness } from "../../src/cluster/cluster_liveness.ts";
import { ClusterMap } from "../../src/cluster/cluster_map.ts";
import { PeerLink } from "../../src/engine/peer_link.ts";
import { Transitions } from "../../src/engine/transitions.ts";
import { KernelFilter } from "../../src/filter/agent/kernel_filter.ts";
import { Membership } from "../../src/filter/agent/membership.ts";
import { Doubt } from "../../src/health/doubt.ts";
import { Publisher } from "../../src/plane/publisher.ts";
import type { ForwardingTable } from "../../src/table/forwarding_table.ts";
import { Connections } from "../../src/table/connections.ts";
import { Neighbors } from "../../src/table/neighbors.ts";
import { VirtualRouter } from "../../src/vrrp/virtual_router.ts";
import type { Mac } from "../../src/wire/address.ts";

export interface Plant {
  readonly name: string;
  /** What is wrong. */
  readonly what: string;
  /** Plants it; what is returned takes it out. */
  readonly plant: () => () => void;
}

/** Replaces a method by what `make` makes of it. */
function replace<T, K extends keyof T>(prototype: T, name: K, make: (original: T[K]) => T[K]): () => void {
  const original = prototype[name];
  prototype[name] = make(original);
  return () => void (prototype[name] = original);
}

export const PLANTS: readonly Plant[] = [
  {
    name: "lost publish",
    what: "two of three tables never come to the workers",
    plant: () => {
      const counts = new WeakMap<Publisher, number>();
      return replace(Publisher.prototype, "publish", (original) =>
        function (this: Publisher) {
          const count = (counts.get(this) ?? 0) + 1;
          counts.set(this, count);
          return count % 3 !== 1 ? Promise.resolve() : original.call(this);
        });
    },
  },
  {
    name: "take before let-go",
    what: "an agent takes buckets that another one still holds",
    plant: () =>
      replace(Membership.prototype, "hear", (original) =>
        function (this: Membership, heartbeat, nowMs) {
          return original.call(this, { ...heartbeat, held: NOTHING_HELD }, nowMs);
        }),
  },
  {
    name: "wrong tie-break",
    what: "of two active dispatchers with one priority none yields",
    plant: () =>
      replace(VirtualRouter.prototype, "heard", (original) =>
        function (this: VirtualRouter, advertisement) {
          const from = advertisement.from.includes(":") ? "fe80::1" : "0.0.0.1";
          return original.call(this, this.state === "active" ? { ...advertisement, from } : advertisement);
        }),
  },
  {
    name: "forgotten transition",
    what: "old owners are not in the table, so that their connections follow the map",
    plant: () =>
      replace(Transitions.prototype, "fill", () => function (this: Transitions, _: ForwardingTable) {}),
  },
  {
    name: "transitions lost by a reload",
    what: "the next engine does not take over what the one before remembers",
    plant: () => replace(Transitions.prototype, "adopt", () => function (this: Transitions) {}),
  },
  {
    name: "connection not remembered",
    what: "a new connection in a bucket that moves is not remembered",
    plant: () =>
      replace(Connections.prototype, "add", () =>
        function (this: Connections) {
          return true;
        }),
  },
  {
    name: "a drain that cuts",
    what: "who drains does not keep its connections",
    plant: () =>
      replace(ClusterLiveness.prototype, "of", (original) =>
        function (this: ClusterLiveness, name, nowMs) {
          const liveness = original.call(this, name, nowMs);
          return { ...liveness, keeps: liveness.keeps && liveness.isLive };
        }),
  },
  {
    name: "stale MAC",
    what: "a neighbor that returns with another network card is sent to at the old MAC",
    plant: () => {
      const known = new WeakMap<Neighbors, Map<string, Mac>>();
      return replace(
        Neighbors.prototype,
        "learn",
        (original) =>
          function (this: Neighbors, address, mac, nowMs) {
            const macs = known.get(this) ?? new Map<string, Mac>();
            known.set(this, macs);
            if (!macs.has(address)) macs.set(address, mac);
            return original.call(this, address, macs.get(address)!, nowMs);
          },
      );
    },
  },
  {
    name: "probe judged while we slept",
    what: "a probe whose answer could not be read counts as failed",
    plant: () =>
      replace(Doubt.prototype, "failed", () =>
        function (this: Doubt, target) {
          target.judge.failed();
          target.doubtedMs = Infinity;
          return false;
        }),
  },
  {
    name: "peer not asked",
    what: "who takes over goes on by its own view instead of what the other one told",
    plant: () =>
      replace(PeerLink.prototype, "known", () =>
        function (this: PeerLink) {
          return undefined;
        }),
  },
  {
    name: "lease too long",
    what: "the filter of an agent that sleeps goes on when others have taken its buckets",
    plant: () =>
      replace(
        KernelFilter.prototype,
        "give",
        (original) =>
          function (this: KernelFilter, own, leaseMs, timeoutMs) {
            return original.call(this, own, leaseMs * 20, timeoutMs);
          },
      ),
  },
  {
    name: "touch not lost",
    what: "an agent that slept goes on as if it knew what the others did meanwhile",
    plant: () => replace(Membership.prototype, "loseTouch", () => function (this: Membership) {}),
  },
  {
    name: "boot compared with a clock",
    what: "an agent that starts again after its clock went back counts as an old life for ever",
    plant: () => {
      const boots = new WeakMap<Membership, Map<string, number>>();
      return replace(
        Membership.prototype,
        "hear",
        (original) =>
          function (this: Membership, heartbeat, nowMs) {
            const latest = boots.get(this) ?? new Map<string, number>();
            boots.set(this, latest);
            const { name, boot } = heartbeat;
            if (boot < (latest.get(name) ?? 0)) return "stale";
            latest.set(name, boot);
            return original.call(this, heartbeat, nowMs);
          },
      );
    },
  },
  {
    name: "map with a memory",
    what: "a bucket does not come back to a backend that returns",
    plant: () => {
      const owners = new WeakMap<ClusterMap, number>();
      const { get } = Object.getOwnPropertyDescriptor(ClusterMap.prototype, "live")!;
      Object.defineProperty(ClusterMap.prototype, "live", {
        configurable: true,
        get(this: ClusterMap) {
          const live = get!.call(this) as Uint16Array;
          const before = owners.get(this);
          const shares = this.shares();
          const kept = before !== undefined && shares[before]! > 0 ? before : live[0]!;
          owners.set(this, kept);
          if (kept === live[0]) return live;
          const changed = live.slice();
          changed[0] = kept;
          return changed;
        },
      });
      return () =>
        void Object.defineProperty(ClusterMap.prototype, "live", { configurable: true, get: get! });
    },
  },
];

/** As a heartbeat says that it holds nothing. */
const NOTHING_HELD = Uint8Array.of(1);

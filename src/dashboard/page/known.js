/**
 * What the page knows. Answers and events come in on one side, and views read it on the other:
 *
 *     poll.js, follow.js, steer.js ── known ── views, map.js, plots.js
 */

import { History } from "./history.js";

/**
 * @typedef {import("./answers.d.ts").Status} Status
 * @typedef {import("./answers.d.ts").Counters} Counters
 * @typedef {import("./answers.d.ts").Buckets} Buckets
 * @typedef {import("./answers.d.ts").Explanation} Explanation
 * @typedef {import("./answers.d.ts").DispatcherEvent} DispatcherEvent
 * @typedef {import("./answers.d.ts").Cluster} Cluster
 * @typedef {import("./answers.d.ts").Backend} Backend
 */

/** The latest are shown. */
export const MOST_EVENTS = 200;

export const known = {
  /** @type {{ readonly state: "connecting" | "connected" | "lost" | "refused", readonly why: string, readonly sinceMs: number }} */
  connection: { state: "connecting", why: "", sinceMs: Date.now() },
  isFollowing: false,
  /** @type {Status | undefined} */
  status: undefined,
  /** @type {Counters | undefined} */
  counters: undefined,
  history: new History(),
  /** The name of the cluster that is shown. @type {string | undefined} */
  shown: undefined,
  /** Of the cluster that is shown. @type {Buckets | undefined} */
  buckets: undefined,
  /** Of which process and map they are. */
  bucketsOf: "",
  /** What the latest change of the map was. @type {{ readonly timeMs: number, readonly text: string } | undefined} */
  moved: undefined,
  /** The latest first. @type {readonly DispatcherEvent[]} */
  events: [],
  /** The client that is asked about; empty for none. */
  client: "",
  /** Of each cluster. @type {readonly Explanation[]} */
  explanations: [],
  /** They are of another client, or of another map. */
  isClientOld: false,
  clientError: "",
  /** Only the buckets of this backend are shown. @type {string | undefined} */
  only: undefined,
  /** Only backends with this in their name, address, state or why. */
  filter: "",
  /** @type {"configuration" | "state" | "rate" | "share" | "probe"} */
  order: "configuration",
  /** What came of the last command. @type {{ readonly text: string, readonly isError: boolean, readonly isForToken?: boolean }} */
  told: { text: "", isError: false },
};

/** The cluster that is shown. @returns {Cluster | undefined} */
export function shownCluster() {
  const clusters = known.status?.clusters ?? [];
  return clusters.find(({ name }) => name === known.shown) ?? clusters[0];
}

/** Of the dispatcher's clock, which may differ from this machine's: milliseconds since 1970. */
export function nowMs() {
  return known.counters === undefined ? Date.now() : Date.parse(known.counters.time);
}

/**
 * Asks the dispatcher again and again: status and counters, and the bucket map when the status says that another one is in use.
 * It costs the dispatcher no more than a small part of its time, however large the answers are, and nothing while nobody looks.
 */

import { ask, Refusal } from "./ask.js";
import { known, nowMs, shownCluster } from "./known.js";
import { describeMoves, movedBuckets } from "./moves.js";

const PERIOD_MS = 2000;

/** The next question comes after so many times what the answers took, and sooner after an event; but not later than this. */
const PATIENCE = 25;
const PATIENCE_AFTER_EVENT = 4;
const SOON_MS = 250;
const LATEST_MS = 10_000;

export class Poll {
  #changed;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isAsking = false;
  #isWanted = false;
  #tookMs = 0;

  /** @param {() => void} changed what is known */
  constructor(changed) {
    this.#changed = changed;
  }

  /** Something has happened. */
  soon() {
    this.#isWanted = true;
    if (!this.#isAsking) this.#after(this.#pause(SOON_MS, PATIENCE_AFTER_EVENT));
  }

  now() {
    if (this.#isAsking) this.#isWanted = true;
    else void this.#round();
  }

  stop() {
    clearTimeout(this.#timer);
  }

  /** @param {number} ms */
  #after(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#round(), ms);
  }

  async #round() {
    if (document.hidden) return;
    clearTimeout(this.#timer);
    this.#isAsking = true;
    this.#isWanted = false;
    const beganMs = performance.now();
    try {
      await askAll();
      connected("connected", "");
    } catch (error) {
      const isForToken = error instanceof Refusal && error.isForToken;
      connected(
        isForToken ? "refused" : "lost",
        error instanceof TypeError ? "nobody answers" : /** @type {Error} */ (error).message,
      );
    }
    this.#tookMs = performance.now() - beganMs;
    this.#isAsking = false;
    this.#changed();
    if (document.hidden) return;
    this.#after(
      this.#isWanted ? this.#pause(SOON_MS, PATIENCE_AFTER_EVENT) : this.#pause(PERIOD_MS, PATIENCE),
    );
  }

  /**
   * In milliseconds.
   * @param {number} leastMs
   * @param {number} patience
   */
  #pause(leastMs, patience) {
    return Math.min(LATEST_MS, Math.max(leastMs, patience * this.#tookMs));
  }
}

/** @param {typeof known.connection.state} state @param {string} why */
function connected(state, why) {
  const { connection } = known;
  if (connection.state === state && connection.why === why) return;
  known.connection = { state, why, sinceMs: connection.state === state ? connection.sinceMs : Date.now() };
}

async function askAll() {
  const [status, counters] = await Promise.all([ask("GET", "/v1/status"), ask("GET", "/v1/counters")]);
  known.status = status;
  known.counters = counters;
  known.history.add(status, counters);
  await askBuckets();
  await askClient();
}

/** Of the cluster that is shown, if there is another map since. */
async function askBuckets() {
  const cluster = shownCluster();
  const before = known.buckets;
  const epoch = `${known.status?.startedAt} ${known.status?.epoch}`;
  if (cluster === undefined || before?.cluster === cluster.name && known.bucketsOf === epoch) return;
  const buckets = await ask("GET", `/v1/clusters/${encodeURIComponent(cluster.name)}/buckets`);
  known.bucketsOf = epoch;
  known.buckets = buckets;
  if (before === undefined || before.cluster !== cluster.name) known.moved = undefined;
  else {
    const moved = movedBuckets(before, buckets);
    if (moved.length > 0) known.moved = { timeMs: nowMs(), text: describeMoves(before, buckets, moved) };
  }
  if (known.client !== "") known.isClientOld = true;
}

/** Who serves the client that is asked about, if that is not known of this map. */
async function askClient() {
  if (!known.isClientOld) return;
  known.isClientOld = false;
  known.clientError = "";
  known.explanations = [];
  if (known.client === "") return;
  try {
    known.explanations = await ask("GET", `/v1/explain?${new URLSearchParams({ address: known.client })}`);
  } catch (error) {
    if (!(error instanceof Refusal) || error.isForToken) throw error;
    known.clientError = error.message;
    known.client = "";
  }
}

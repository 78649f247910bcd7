/** The last minutes as points: what plots draw. Rates are differences of two answers. */

/** With one each two seconds these are five minutes. */
const MOST_POINTS = 150;

/**
 * @typedef {import("./answers.d.ts").Counters} Counters
 * @typedef {import("./answers.d.ts").Status} Status
 * @typedef {"frames" | "bits" | "probeMs"} Quantity
 * @typedef {Record<Quantity, (number | null)[]>} Lines
 */

export class History {
  /** Seconds since 1970. @type {number[]} */
  times = [];
  /** Drops a second now, by verdict. @type {Map<string, number>} */
  verdicts = new Map();
  /** By cluster and backend. @type {Map<string, Lines>} */
  #lines = new Map();
  /** @type {Counters | undefined} */
  #before;
  /** When the process has started that has counted so far. */
  #startedAt = "";

  /**
   * One more point. The first of a process has no rates.
   * @param {Status} status
   * @param {Counters} counters
   */
  add(status, counters) {
    const before = status.startedAt === this.#startedAt ? this.#before : undefined;
    const seconds = before === undefined ? 0 : (Date.parse(counters.time) - Date.parse(before.time)) / 1000;
    if (before !== undefined && seconds <= 0) return;
    this.#before = counters;
    this.#startedAt = status.startedAt;
    const rate = (/** @type {number | undefined} */ now, /** @type {number | undefined} */ then) =>
      now === undefined || then === undefined || seconds === 0 ? null : Math.max(0, now - then) / seconds;

    this.verdicts = new Map(
      Object.entries(counters.verdicts).map((
        [name, count],
      ) => [name, rate(count, before?.verdicts[name]) ?? 0]),
    );
    const machinesNow = new Map(counters.machines.map((machine) => [machine.address, machine]));
    const machinesThen = new Map(before?.machines.map((machine) => [machine.address, machine]));
    const length = this.times.push(Date.parse(counters.time) / 1000);
    /** @type {Map<string, Lines>} */
    const lines = new Map();
    for (const { cluster, name, address, probeMs } of status.clusters.flatMap(({ backends }) => backends)) {
      const [now, then] = [machinesNow.get(address), machinesThen.get(address)];
      const bits = rate(now?.octets, then?.octets);
      const line = this.#lines.get(keyOf(cluster, name)) ?? emptyLines(length - 1);
      line.frames.push(rate(now?.frames, then?.frames));
      line.bits.push(bits === null ? null : 8 * bits);
      line.probeMs.push(probeMs);
      lines.set(keyOf(cluster, name), line);
    }
    this.#lines = lines; // Without those that are gone.
    if (length <= MOST_POINTS) return;
    for (const points of [this.times, ...[...lines.values()].flatMap((line) => Object.values(line))]) {
      points.shift();
    }
  }

  /**
   * @param {string} cluster
   * @param {string} backend
   * @param {Quantity} quantity
   * @returns {readonly (number | null)[]} a value for each time
   */
  of(cluster, backend, quantity) {
    return this.#lines.get(keyOf(cluster, backend))?.[quantity] ?? this.times.map(() => null);
  }

  /**
   * @param {string} cluster
   * @param {string} backend
   * @param {Quantity} quantity
   */
  latest(cluster, backend, quantity) {
    return this.#lines.get(keyOf(cluster, backend))?.[quantity].at(-1) ?? null;
  }
}

/** @param {string} cluster @param {string} backend */
function keyOf(cluster, backend) {
  return `${cluster}/${backend}`;
}

/** @param {number} length @returns {Lines} */
function emptyLines(length) {
  const nulls = () => /** @type {(number | null)[]} */ (new Array(length).fill(null));
  return { frames: nulls(), bits: nulls(), probeMs: nulls() };
}

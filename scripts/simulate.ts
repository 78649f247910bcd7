/** The long run of test/sim/faults/trials.test.ts: seeds one after the other; or one of them once more, with its frames. */

import { parseArgs } from "node:util";
import { GrowingCapture } from "../src/capture/write_file.ts";
import { UsageError } from "../src/input/errors.ts";
import { frameOf, headerOf } from "../src/sim/faults/capture.ts";
import { MINUTE_US } from "../src/sim/faults/schedule.ts";
import { shorter } from "../src/sim/faults/shorter.ts";
import { Budget } from "../src/sim/faults/shrink.ts";
import { sceneOf } from "../src/sim/faults/sketch.ts";
import { type Outcome, run, type Trial, TRIAL_US, trialFrom } from "../src/sim/faults/trial.ts";
import { inWords } from "../src/sim/faults/words.ts";

const HOUR_US = 60 * MINUTE_US;
const MOST_HOURS = 100_000;
const MOST_SEED = 2 ** 31 - 1;

/** A schedule is made shorter for so many tries and so long at most. */
const TRIES = 1000;
const SHRINK_MS = 300_000;

/** How far it is. */
const TELL_MS = 60_000;

/** A capture has so many octets at most. */
const MOST_CAPTURED = 2 ** 31;

async function simulate(): Promise<number> {
  const { values } = readArguments();
  const { seed, hours, replay, capture, force = false } = values;
  if (replay !== undefined) {
    if (hours !== undefined || seed !== undefined) {
      throw new UsageError("--replay takes one seed, and no --hours");
    }
    return await again(wholeNumber("--replay", replay, 0, MOST_SEED), capture, force);
  }
  if (capture !== undefined) throw new UsageError("--capture is of one seed: give it with --replay SEED");
  const first = seed === undefined ? Date.now() % 2 ** 30 : wholeNumber("--seed", seed, 0, MOST_SEED);
  return await search(first, hours === undefined ? 1 : number("--hours", hours, MOST_HOURS));
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        seed: { type: "string" },
        hours: { type: "string" },
        replay: { type: "string" },
        capture: { type: "string" },
        force: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new UsageError(
      `${(error as Error).message}; use --seed N --hours H, or --replay SEED --capture out.pcapng [--force]`,
    );
  }
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`${name} is "${text}"; use a whole number from ${least} to ${most}`);
}

function number(name: string, text: string, most: number): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= most) return value;
  throw new UsageError(`${name} is "${text}"; use a number above 0, ${most} at most`);
}

/** Seeds from this one on, until so many hours have passed in all the clusters together. */
async function search(first: number, hours: number): Promise<number> {
  const sums = new Sums();
  console.log(`${hours} cluster-hours, from seed ${first} on`);
  let seed = first;
  let toldMs = performance.now();
  for (; sums.us < hours * HOUR_US; seed = seed === MOST_SEED ? 0 : seed + 1) {
    const trial = trialFrom(seed, TRIAL_US);
    const before = process.cpuUsage();
    const outcome = await run(trial);
    const { user, system } = process.cpuUsage(before);
    sums.add(trial, outcome, (user + system) / 1000);
    if (outcome.finding !== undefined) {
      sums.failed++;
      await tell(seed, trial, outcome);
    }
    if (performance.now() - toldMs < TELL_MS) continue;
    toldMs = performance.now();
    console.error(`… ${sums.inWords().replaceAll("\n", "; ")}`);
  }
  console.log(sums.inWords());
  return sums.failed === 0 ? 0 : 1;
}

async function tell(seed: number, trial: Trial, { finding }: Outcome): Promise<Trial> {
  const endMs = performance.now() + SHRINK_MS;
  const budget = new Budget(TRIES, () => performance.now() > endMs);
  const steps = trial.happenings.flatMap((happening) => happening.steps).length;
  const shrunk = await shorter(trial, finding!, budget);
  const left = shrunk.trial.happenings.flatMap((happening) => happening.steps).length;
  console.log(`seed ${seed}: ${finding!.property}; ${left} of ${steps} steps, after ${shrunk.tries} tries`);
  for (const line of inWords(shrunk.trial, shrunk.finding)) console.log(`  ${line}`);
  return shrunk.trial;
}

/** A seed once more: what is captured is the shortest schedule where it fails, and the whole where it does not. */
async function again(seed: number, file: string | undefined, isForced: boolean): Promise<number> {
  const capture = file === undefined ? undefined : new GrowingCapture(file, isForced);
  const whole = trialFrom(seed, TRIAL_US);
  const outcome = await run(whole);
  const trial = outcome.finding === undefined ? whole : await tell(seed, whole, outcome);
  if (outcome.finding === undefined) console.log(`seed ${seed}: all holds`);
  if (capture !== undefined) {
    await captureInto(capture, trial);
    console.log(`${capture.frames} frames in ${file}`);
    capture.close();
  }
  return outcome.finding === undefined ? 0 : 1;
}

async function captureInto(capture: GrowingCapture, trial: Trial): Promise<void> {
  const scene = sceneOf(trial.sketch);
  let blocks: Uint8Array[] = [headerOf(scene)];
  let octetsSoFar = 0;
  const flush = () => {
    capture.write(Buffer.concat(blocks));
    blocks = [];
  };
  await run(trial, (world) => {
    const places = new Map(
      [...world.links.values()].flatMap(({ lanes }, place) => lanes.map((lane) => [lane, place])),
    );
    return {
      sent(lane, _, octets, length) {
        if (octetsSoFar > MOST_CAPTURED) return;
        const block = frameOf(lane, places.get(lane)!, octets, length, world.nowUs);
        octetsSoFar += block.length;
        if (blocks.push(block) >= 1000) flush();
      },
    };
  });
  flush();
  if (octetsSoFar > MOST_CAPTURED) console.log(`The capture ends at ${MOST_CAPTURED} octets`);
}

class Sums {
  us = 0;
  failed = 0;
  #trials = 0;
  #frames = 0;
  #tookMs = 0;
  #least = Infinity;
  #most = 0;
  readonly #connections = { begun: 0, answered: 0, cut: 0, excused: 0 };

  add({ sketch }: Trial, { atUs, frames, connections }: Outcome, tookMs: number): void {
    const machines = Object.values(sceneOf(sketch).nodes).filter(({ kind }) => kind !== "switch").length;
    this.us += atUs;
    this.#trials++;
    this.#frames += frames;
    this.#tookMs += tookMs;
    this.#least = Math.min(this.#least, machines);
    this.#most = Math.max(this.#most, machines);
    for (const key of ["begun", "answered", "cut", "excused"] as const) {
      this.#connections[key] += connections[key];
    }
  }

  inWords(): string {
    const [hours, seconds] = [this.us / HOUR_US, this.#tookMs / 1000];
    const { begun, answered, cut, excused } = this.#connections;
    return [
      `${this.#trials} seeds, ${this.failed} failed: ${
        hours.toFixed(1)
      } cluster-hours of ${this.#least} to ${this.#most} machines`,
      `${begun} connections, ${answered} answered; ${excused} cut as predicted, ${cut - excused} not`,
      `${this.#frames} frames in ${seconds.toFixed(1)} s of CPU: ${
        Math.round(this.#frames / seconds)
      } frames and ${(hours / seconds).toFixed(3)} cluster-hours a second`,
    ].join("\n");
  }
}

try {
  process.exitCode = await simulate();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

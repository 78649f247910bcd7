/** The command: which measures there are, in which order, and what becomes of the results. */

import { writeFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { resolve } from "node:path";
import { against as againstCheckout } from "./against.ts";
import { bulk } from "./bulk.ts";
import { drawChart } from "./chart.ts";
import { cost } from "./cost.ts";
import { forwarding, queues } from "./forwarding.ts";
import { http } from "./http.ts";
import { idle } from "./idle.ts";
import { latency } from "./latency.ts";
import { describeMachine } from "./machine.ts";
import { maps } from "./maps.ts";
import { memory } from "./memory.ts";
import { formatReport, type Report, toJson } from "./report.ts";
import { Results } from "./results.ts";
import { scale } from "./scale.ts";
import { startup } from "./startup.ts";
import { findSubjects } from "./subjects.ts";
import { changes } from "./switch.ts";
import { Testbed } from "./testbed.ts";
import type { Bench } from "./turns.ts";

interface Measure {
  readonly run: (bench: Bench) => Promise<void>;
  /** What a pair takes on two cores, for the plan. */
  readonly secondsAPair: number;
  /** It is taken once, whatever the number of pairs. */
  readonly isOnce?: true;
}

/** In this order. With five pairs all of it took nine minutes on the machine of these estimates. */
const MEASURES: Readonly<Record<string, Measure>> = {
  forwarding: { run: forwarding, secondsAPair: 32 },
  cost: { run: cost, secondsAPair: 20 },
  scale: { run: scale, secondsAPair: 30 },
  queues: { run: queues, secondsAPair: 5 },
  bulk: { run: bulk, secondsAPair: 28 },
  http: { run: http, secondsAPair: 21 },
  latency: { run: latency, secondsAPair: 10 },
  startup: { run: startup, secondsAPair: 2 },
  maps: { run: maps, secondsAPair: 6 },
  changes: { run: changes, secondsAPair: 2 },
  idle: { run: idle, secondsAPair: 12, isOnce: true },
  memory: { run: memory, secondsAPair: 45, isOnce: true },
};
const NAMES = Object.keys(MEASURES);

const WRONG_USAGE = 2;

const command = new Command("scripts/bench")
  .description(
    "compare the dispatcher with C in the kernel, a loop in C, VDE 2, nftables, HAProxy and no dispatcher at all",
  )
  .option("--only <measures>", `some of ${NAMES.join(",")} instead of all`, chosen)
  .option("--pairs <number>", "how often each comparison is repeated", positive, 5)
  .option(
    "--against <checkout>",
    "compare the cost of a frame with that of another checkout, and nothing else",
  )
  .addHelpText(
    "after",
    "\nPrints tables in Markdown; writes bench.json, with every value, and bench.svg into the current folder." +
      "\n\nExample:\n  scripts/bench --only forwarding,http --pairs 3" +
      "\n  scripts/bench --against ../oneip-before --pairs 9" +
      "\n\nExit status: 0 done, 1 a measurement failed, 2 wrong usage.",
  )
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : WRONG_USAGE))
  .parse();
const { only = NAMES, pairs, against } = command.opts();

const began = performance.now();
const elapsed = () => Math.round((performance.now() - began) / 1000);
const progress = (text: string) => console.error(`${String(elapsed()).padStart(4)} s  ${text}`);

const seconds = ({ secondsAPair, isOnce }: Measure) => secondsAPair * (isOnce ? 1 : pairs);
if (against === undefined) {
  progress(`the plan: ${only.map((name) => `${name} ${seconds(MEASURES[name]!)} s`).join(", ")}`);
}
const results = new Results();
await measure();
const report: Report = {
  date: new Date().toISOString(),
  machine: await describeMachine(),
  pairs,
  seconds: elapsed(),
  results,
};
console.log(formatReport(report));
writeFileSync("bench.json", toJson(report));
writeFileSync("bench.svg", drawChart(results));
process.exitCode = results.failed.length > 0 ? 1 : 0;

async function measure(): Promise<void> {
  await using bed = await Testbed.up();
  const checkout = against === undefined ? undefined : resolve(against);
  const bench: Bench = { bed, subjects: await findSubjects(bed, checkout), results, pairs, progress };
  if (checkout !== undefined) return await againstCheckout(bench);
  for (const name of only) {
    try {
      await MEASURES[name]!.run(bench);
    } catch (error) {
      results.fail(name, (error as Error).message);
    }
  }
}

function chosen(text: string): string[] {
  const names = [...new Set(text.split(","))];
  const unknown = names.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`There is no "${unknown}"; use ${NAMES.join(", ")}.`);
  }
  return names;
}

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) {
    throw new InvalidArgumentError("Use a whole number, 1 or more.");
  }
  return number;
}

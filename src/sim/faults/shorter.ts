/**
 * From a trial that fails to the shortest one that still does: first what happens, then the cluster, then the times. It fails in the same
 * way when the same property does not hold.
 */

import type { Action } from "../action.ts";
import type { Finding } from "./finding.ts";
import type { Happening } from "./schedule.ts";
import { configOf, sceneOf, simpler, type Sketch } from "./sketch.ts";
import { type Budget, shrink } from "./shrink.ts";
import { type Outcome, run, type Trial } from "./trial.ts";

export interface Shrunk {
  readonly trial: Trial;
  readonly finding: Finding;
  /** How often it was tried. */
  readonly tries: number;
}

/** What was found may be seen as late as this after the last step that it needs. */
const LATER_US = 1_000_000;

export async function shorter(
  trial: Trial,
  finding: Finding,
  budget: Budget,
  runTrial: (trial: Trial) => Promise<Outcome> = run,
): Promise<Shrunk> {
  let tries = 0;
  let best = { trial, finding };
  /** Whether it fails in the same way; then it is the best one so far. */
  const fails = async (tried: Trial): Promise<boolean> => {
    tries++;
    const { finding: found } = await runTrial(tried);
    if (found?.property !== finding.property) return false;
    best = { trial: { ...tried, untilUs: Math.min(tried.untilUs, found.atUs + LATER_US) }, finding: found };
    return true;
  };
  const without = async () => {
    await shrink(best.trial.happenings, (happenings) => fails({ ...best.trial, happenings }), budget);
  };
  const clipped = best.trial.happenings.filter(({ steps }) => steps[0]!.atUs <= finding.atUs);
  best = { trial: { ...trial, happenings: clipped, untilUs: finding.atUs + LATER_US }, finding };
  await without();
  await simplify(() => best.trial, fails, budget);
  await hasten(() => best.trial, fails, budget);
  await without();
  return { ...best, tries };
}

/** A simpler cluster, as long as there is one. */
async function simplify(
  best: () => Trial,
  fails: (trial: Trial) => Promise<boolean>,
  budget: Budget,
): Promise<void> {
  for (let isSimpler = true; isSimpler;) {
    isSimpler = false;
    for (const sketch of simpler(best().sketch)) {
      if (!budget.take()) return;
      if (!await fails(inSketch(best(), sketch))) continue;
      isSimpler = true;
      break;
    }
  }
}

/** The same for another cluster, without what is about machines that it does not have. */
function inSketch(trial: Trial, sketch: Sketch): Trial {
  const names = new Set(Object.keys(sceneOf(sketch).nodes));
  const happenings = trial.happenings.map(({ what, steps }) => ({
    what,
    steps: steps.map(({ atUs, action }) => ({ atUs, action: inConfig(action, sketch) })),
  }));
  const isThere = ({ steps }: Happening) => namesIn(steps[0]!.action).every((name) => names.has(name));
  return { ...trial, sketch, happenings: happenings.filter(isThere) };
}

function namesIn(action: Action): string[] {
  const { node, client, link, from, backend } = action as Record<string, string | undefined>;
  return [node, client, from, ...(link?.split("-") ?? []), backend?.split("/").at(-1)].filter((name) =>
    name !== undefined
  );
}

/** Its configuration is that of the sketch, with the weights that it had. */
function inConfig(action: Action, sketch: Sketch): Action {
  if (action.do !== "reload" || action.config === undefined) return action;
  const { clusters } = JSON.parse(action.config) as {
    readonly clusters: readonly { readonly backends: readonly { readonly weight?: number }[] }[];
  };
  const weights = clusters[0]!.backends.slice(0, sketch.backends).map(({ weight = 1 }) => weight);
  const number = Number(action.node!.slice(2)) - 1;
  return { ...action, config: configOf(sketch, number, weights.every((one) => one === 1) ? [] : weights) };
}

/** Waits that are shorter, one after the other: before each step, all that comes later moves with it. */
async function hasten(
  best: () => Trial,
  fails: (trial: Trial) => Promise<boolean>,
  budget: Budget,
): Promise<void> {
  const times = () =>
    [...new Set(best().happenings.flatMap(({ steps }) => steps.map(({ atUs }) => atUs)))]
      .sort((one, other) => one - other);
  for (let index = 0; index < times().length; index++) {
    for (let left = 4; left > 0; left--) {
      const all = times();
      const [beforeUs, atUs] = [index === 0 ? FIRST_US : all[index - 1]!, all[index]!];
      const savedUs = Math.floor((atUs - beforeUs) / 2);
      if (savedUs < LEAST_SAVED_US || !budget.take()) break;
      if (!await fails(moved(best(), atUs, savedUs))) break;
    }
  }
}

/** A cluster has begun by then. */
const FIRST_US = 6_000_000;
const LEAST_SAVED_US = 500_000;

function moved(trial: Trial, fromUs: number, byUs: number): Trial {
  const happenings = trial.happenings.map(({ what, steps }) => ({
    what,
    steps: steps.map(({ atUs, action }) => ({ atUs: atUs >= fromUs ? atUs - byUs : atUs, action })),
  }));
  return { ...trial, happenings };
}

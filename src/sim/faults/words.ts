/** A trial in words. */

import type { Action } from "../action.ts";
import { type Finding, formatTime, PROPERTIES } from "./finding.ts";
import { scheduled } from "./schedule.ts";
import { describe } from "./sketch.ts";
import type { Trial } from "./trial.ts";

/** The cluster, and each step in its order with what was found at the end. */
export function inWords({ sketch, happenings }: Trial, { property, atUs, what }: Finding): string[] {
  return [
    describe(sketch),
    ...scheduled(happenings).map((step) =>
      `${formatTime(step.atUs).padStart(11)}  ${actionInWords(step.action)}`
    ),
    `${formatTime(atUs).padStart(11)}  ${PROPERTIES[property]}: ${what}`,
  ];
}

/** `do` and whom it is done to, then what else there is. */
export function actionInWords(action: Action): string {
  const { do: what, ...rest } = action;
  const words = Object.entries(rest).map(([key, value]) => {
    if (key === "config") return weightsIn(String(value));
    if (key === "node" || key === "client" || key === "link" || key === "backend") return String(value);
    return `${key} ${typeof value === "object" ? settingsInWords(value) : String(value)}`;
  });
  return [what, ...words].join(" ");
}

function weightsIn(config: string): string {
  const weights = [...config.matchAll(/"weight":(\d+)/g)].map(([, weight]) => weight);
  return weights.length === 0 ? "as configured" : `weights ${weights.join(" ")}`;
}

function settingsInWords(settings: object): string {
  const changed = Object.entries(settings).filter(([, value]) => value !== 0);
  return changed.map(([key, value]) => `${key} ${value}`).join(" ");
}

/** A log of decisions that a link makes once more. */

import { readFileSync } from "node:fs";
import { InputError, type Mistake, UsageError } from "../../input/errors.ts";
import type { Decision } from "../../impairment/decision.ts";
import { parseDecision } from "../../impairment/decision_log.ts";
import { LoggedDecisions } from "../../impairment/logged_decisions.ts";

/** A file that is no log at all is wrong in each line. */
const MOST_MISTAKES = 5;

/**
 * What it says of the frames that each end has sent. Throws InputError with lines that are no decisions of one of the ends, and
 * UsageError when it cannot be read.
 */
export function readPlayback(
  file: string,
  [a, b]: readonly [string, string],
): readonly [LoggedDecisions, LoggedDecisions] {
  const decisions = new Map<string, Decision[]>([[a, []], [b, []]]);
  const mistakes: Mistake[] = [];
  for (const [index, line] of read(file).split("\n").entries()) {
    if (line === "") continue;
    const parsed = parseDecision(line);
    const of = parsed === undefined ? undefined : decisions.get(parsed.from);
    if (parsed !== undefined && of !== undefined) of.push(parsed.decision);
    else {
      mistakes.push({
        line: index + 1,
        column: 1,
        message: parsed === undefined
          ? `This is no decision, found "${line.slice(0, 60)}", use a file that a link with log: has written`
          : `This is another link's, found "${parsed.from}", use the log of ${a} and ${b}`,
      });
    }
  }
  if (mistakes.length > 0) throw new InputError(file, mistakes.slice(0, MOST_MISTAKES));
  return [new LoggedDecisions(decisions.get(a)!), new LoggedDecisions(decisions.get(b)!)];
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`The log to play back cannot be read, found ${file}: ${(error as Error).message}`);
  }
}

/** `check --fix`: mends what may be mended unasked. */

import type { Expected } from "./expected.ts";
import type { Fault } from "./fault.ts";
import { judge } from "./judge.ts";
import { type Command, runProgram } from "./programs.ts";
import { takeSnapshot } from "./snapshot.ts";

/** Runs the mend of each fault for which no person must decide. What was wrong with those it mended. */
export function mendFaults(
  faults: readonly Fault[],
  expected: Expected,
  progress: (command: Command) => void,
): Fault[] {
  const mended: Fault[] = [];
  for (const fault of faults.filter(({ decide }) => decide === undefined)) {
    // One mend may have been another's too: what is right by now is left alone.
    const still = judge(takeSnapshot(), expected).find(({ id, found }) =>
      id === fault.id && found === fault.found
    );
    if (still === undefined) continue;
    for (const command of still.mend) {
      progress(command);
      runProgram(command);
    }
    mended.push(still);
  }
  return mended;
}

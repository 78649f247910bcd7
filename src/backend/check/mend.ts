/** `check --fix`: mends the faults for which no person must decide. */

import type { Fault } from "../../fault/fault.ts";
import { type Command, runChecked } from "../../system/programs.ts";
import type { Expected } from "./expected.ts";
import { findFaults } from "./find_faults.ts";
import { takeSnapshot } from "./snapshot.ts";

/** Runs their commands, and calls `progress` before each. The faults that it mended. Throws CommandError. */
export async function mendFaults(
  faults: readonly Fault[],
  expected: Expected,
  progress: (command: Command) => void,
): Promise<Fault[]> {
  const mended: Fault[] = [];
  for (const fault of faults.filter(({ decide }) => decide === null)) {
    // The commands of another fault may have mended this one as well: then there is nothing to do.
    const still = findFaults(await takeSnapshot(), expected).find(({ id, found }) =>
      id === fault.id && found === fault.found
    );
    if (still === undefined) continue;
    for (const command of still.mend) {
      progress(command);
      await runChecked(command);
    }
    mended.push(still);
  }
  return mended;
}

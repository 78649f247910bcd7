/** Searches with each mistake of test/sim/plants.ts in place: the long run of test/sim/faults/trials.test.ts. */

import { parseArgs } from "node:util";
import { inWords } from "../src/sim/faults/words.ts";
import { PLANTS } from "../test/sim/plants.ts";
import { search, stepsOf } from "../test/sim/search.ts";

const { values, positionals } = parseArgs({
  options: { minutes: { type: "string", default: "5" }, seed: { type: "string", default: "1" } },
  allowPositionals: true,
});
const mostMs = Number(values.minutes) * 60_000;
const chosen = PLANTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
if (chosen.length === 0) {
  console.error(`There is no mistake of that name; use one of: ${PLANTS.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
let missed = 0;
for (const { name, what, plant } of chosen) {
  const beganMs = performance.now();
  const remove = plant();
  const found = await search(Number(values.seed), {
    mostSeeds: Infinity,
    mostMs,
    shrinkMs: mostMs,
    tries: 600,
  });
  remove();
  const tookS = Math.round((performance.now() - beganMs) / 1000);
  console.log(`${name}: ${what}`);
  if (found === undefined) {
    missed++;
    console.log(`  not found in ${tookS} s`);
    continue;
  }
  const { seed, seeds, steps, tries, trial, finding } = found;
  console.log(
    `  seed ${seed}, the ${seeds}. that was tried; ${
      stepsOf(trial)
    } of ${steps} steps are left after ${tries} tries; ${tookS} s`,
  );
  for (const line of inWords(trial, finding)) console.log(`    ${line}`);
}
console.log(`${chosen.length - missed} of ${chosen.length} found`);
process.exitCode = missed === 0 ? 0 : 1;

/** The long run of test/path/any_octets.test.ts. */

import { fuzz } from "../test/path/fuzz.ts";

const [frames = 10_000_000, seed = Date.now() % 2 ** 31] = process.argv.slice(2).map(Number);
console.log(`${frames} frames, seed ${seed}`);
const began = performance.now();
const seen = fuzz(frames, seed);
for (const [verdict, count] of [...seen].sort(([, a], [, b]) => b - a)) {
  console.log(`  ${verdict.padEnd(24)} ${count}`);
}
console.log(`No throw and no octet outside a slot in ${Math.round((performance.now() - began) / 1000)} s`);

/**
 * How long a command takes from its start to its end, and how much CPU time: medians, with the quartiles in brackets.
 *
 *     scripts/node scripts/benchmark/start.ts RUNS COMMAND...
 */

import { run } from "../../src/system/programs.ts";

const [runs, ...command] = process.argv.slice(2);

const TIMED = `TIMEFORMAT="%R %U %S"; time "$@" >/dev/null 2>&1`;
const elapsed: number[] = [];
const cpu: number[] = [];
for (let left = Number(runs); left > 0; left--) {
  const { stderr } = await run(["bash", "-c", TIMED, "bash", ...command]);
  const [real = 0, user = 0, system = 0] = stderr.trim().split(" ").map(Number);
  elapsed.push(real * 1000);
  cpu.push((user + system) * 1000);
}

function quartiles(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const [low, middle, high] = [1, 2, 3].map((quarter) => sorted[Math.floor((sorted.length * quarter) / 4)]!);
  return `${Math.round(middle!)} ms (${Math.round(low!)} to ${Math.round(high!)})`;
}
console.log(`elapsed ${quartiles(elapsed)}, CPU ${quartiles(cpu)}`);

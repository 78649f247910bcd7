/** The long runs of test/path/any_octets.test.ts and, with --kernel, of test/kernel/oracle.test.ts. */

import { REASONS } from "../src/kernel/program/passed_up.ts";
import { compare } from "../test/kernel/oracle.ts";
import { fuzz } from "../test/path/fuzz.ts";

const isKernel = process.argv[2] === "--kernel";
const numbers = process.argv.slice(isKernel ? 3 : 2).map(Number);
const [frames = 10_000_000, seed = Date.now() % 2 ** 31] = numbers;
console.log(`${frames} frames, seed ${seed}`);
const began = performance.now();
const found = isKernel ? compareKernel() : runPath();
const seconds = (performance.now() - began) / 1000;
console.log(`${found} in ${Math.round(seconds)} s, ${Math.round(frames / seconds)} frames a second`);

function runPath(): string {
  const seen = fuzz(frames, seed);
  for (const [verdict, count] of [...seen].sort(([, a], [, b]) => b - a)) print(verdict, count);
  return "No throw and no octet outside a slot";
}

function compareKernel(): string {
  const { dispatched, passedUp, left } = compare(frames, seed);
  print("dispatched", dispatched);
  for (const [index, reason] of REASONS.entries()) print(`passed up: ${reason}`, passedUp[index]!);
  print("of which the path dispatches", left);
  return "No difference between kernel and path";
}

function print(name: string, count: number): void {
  console.log(`  ${name.padEnd(28)} ${count}`);
}

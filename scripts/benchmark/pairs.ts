/**
 * Two pieces of code in pairs of processes, which take turns of some milliseconds, so that whatever else the machine does meets both alike.
 * What the compiler makes of the same code differs from process to process by more than what is measured: so there are many pairs, and
 * their median counts.
 */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { spreadOf } from "./statistics.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const WARM_UP_TURNS = 150;
const TURNS = 250;

/** What is compared: the words by which the program that is running is called to measure it. */
export interface Row {
  readonly name: string;
  readonly before: readonly string[];
  readonly now: readonly string[];
}

/** Prints a line for each row, as Markdown has it. */
export async function comparePairs(pairs: number, rows: readonly Row[]): Promise<void> {
  console.log(
    `| ${pairs} pairs of processes | before, ns per frame | ns per frame | ratio, pair by pair |\n` +
      "| --- | --- | --- | --- |",
  );
  for (const { name, before, now } of rows) {
    const all: Pair[] = [];
    while (all.length < pairs) all.push(await measure(before, now));
    const columns = [all.map(({ before }) => before), all.map(({ now }) => now)].map((values) => {
      const { median, least, most } = spreadOf(values)!;
      return `${median.toFixed(0)} (${least.toFixed(0)}-${most.toFixed(0)})`;
    });
    const { median, least, most } = spreadOf(all.map(({ ratio }) => ratio))!;
    const spread = `${least.toFixed(2)}-${most.toFixed(2)}`;
    console.log(`| ${name} | ${columns.join(" | ")} | ×${median.toFixed(3)} (${spread}) |`);
  }
}

/** Of a pair of processes: medians over the turns. */
interface Pair {
  readonly before: number;
  readonly now: number;
  readonly ratio: number;
}

async function measure(before: readonly string[], now: readonly string[]): Promise<Pair> {
  using reference = new SubjectProcess(before);
  using own = new SubjectProcess(now);
  const turns: [before: number, now: number][] = [];
  for (let turn = 0; turn < 2 * WARM_UP_TURNS + TURNS; turn++) {
    const ns = [await reference.nsPerFrame(), await own.nsPerFrame()] as [number, number];
    if (turn >= 2 * WARM_UP_TURNS) turns.push(ns);
  }
  return {
    before: spreadOf(turns.map(([before]) => before))!.median,
    now: spreadOf(turns.map(([, now]) => now))!.median,
    ratio: spreadOf(turns.map(([before, now]) => now / before))!.median,
  };
}

/** A subject in a process of its own, which measures a turn for each line that it is sent. */
class SubjectProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(words: readonly string[]) {
    const runtime = "Deno" in globalThis ? ["run", "--quiet", "-A", "--config", `${ROOT}deno.json`] : [];
    const args = [...runtime, process.argv[1]!, "--subject", ...words];
    this.#child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  async nsPerFrame(): Promise<number> {
    this.#child.stdin.write("turn\n");
    return Number((await this.#lines.next()).value);
  }

  [Symbol.dispose](): void {
    this.#child.stdin.end();
  }
}

/** The process's side. `nsPerFrame` measures one turn; `halfWarm` is called once, while it is warming up. */
export async function takeTurns(
  { nsPerFrame, halfWarm = () => {} }: { nsPerFrame(): number; halfWarm?(): void },
): Promise<void> {
  let turns = 0;
  for await (const _ of createInterface(process.stdin)) {
    if (++turns === WARM_UP_TURNS) halfWarm();
    console.log(nsPerFrame());
  }
}

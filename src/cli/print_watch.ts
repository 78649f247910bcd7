/** A watch on standard output, for whose reader no request ever waits: a screen on a terminal, else lines. */

import { describeErrno, EPIPE } from "../device/errno.ts";
import { Output, STDOUT } from "../device/output.ts";
import { type Clock, REAL_CLOCK } from "../system/clock.ts";
import { every } from "../system/every.ts";
import { LogQueue } from "../system/log_queue.ts";
import type { Probed, Summary } from "../watch/tally.ts";
import { watch, type WatchOptions } from "../watch/watch.ts";
import { formatSpan } from "../system/span.ts";
import { formatTable } from "./table.ts";

/** Between two screens, and between two lines of the tally. */
const SCREEN_MS = 500;
const LINE_MS = 10_000;
/** At the end, for a reader that is slow. One on a busy machine takes seconds. */
const LAST_WORDS_MS = 60_000;
/** Rows that a screen has room for. */
const MOST_ROWS = 12;
const MOST_FAILURES = 5;
/** What is worth a word: a machine that is busy is late by less all the time. */
const LATE_MS = 50;

/** Until it ends by itself, by a signal, or because nobody reads what it prints. Throws what `watch` throws, and when nothing can be written. */
export async function watchOnOutput(target: string, json: boolean, options: WatchOptions): Promise<Summary> {
  const output = new Output(STDOUT);
  const unwritable = Promise.withResolvers<string>();
  const queue = new LogQueue(
    (octets) => {
      const taken = output.write(octets);
      if (typeof taken !== "string") return taken;
      unwritable.resolve(taken);
      return octets.length; // Lost: it ends, and nothing may hold it back.
    },
    REAL_CLOCK,
    ({ lost }) => {
      if (lost > 0) console.error(`oneip: ${lost} lines are lost: their reader stood still`);
    },
  );
  const print = (line: string) => queue.write(`${line}\n`);
  const isScreen = output.isTerminal && !json;
  const asked = signalled();
  const watched = await watch(target, {
    ...options,
    probed: (probed) => {
      if (json) print(JSON.stringify(probed));
      else if (!isScreen && probed.failure !== null) print(describeFailure(probed));
    },
  });
  const stopPrinting = json ? () => {} : printAlong(isScreen, REAL_CLOCK, () => watched.summary(), print);
  void asked.then(() => watched.stop());
  const ended = await Promise.race([watched.ended, unwritable.promise]);
  stopPrinting();
  if (typeof ended === "string") {
    await watched.stop();
    if (ended === describeErrno(EPIPE)) return watched.summary();
    throw new Error(`The output cannot be written: ${ended}`);
  }
  if (isScreen) print(screen(ended));
  else print(json ? JSON.stringify(ended) : describeWatch(ended));
  const left = await queue.end(LAST_WORDS_MS);
  if (left > 0) throw new Error(`The output's last ${left} lines are lost: their reader stood still`);
  return ended;
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}

function printAlong(
  isScreen: boolean,
  clock: Clock,
  summary: () => Summary,
  print: (text: string) => void,
): () => void {
  if (!isScreen) {
    const timer = every(clock, LINE_MS, () => print(describeTally(summary())));
    return () => timer.cancel();
  }
  print(`\x1b[2J${screen(summary())}`);
  const timer = every(clock, SCREEN_MS, () => print(screen(summary())));
  return () => timer.cancel();
}

/** From the corner, over what stood there. */
function screen(summary: Summary): string {
  return `\x1b[H${describeWatch(summary).replaceAll("\n", "\x1b[K\n")}\x1b[J`;
}

/** In one line. */
export function describeTally({ target, forMs, sent, answered, failed, ms }: Summary): string {
  const times = ms === null ? "" : `; p50 ${ms.p50.toFixed(1)} ms, p99 ${ms.p99.toFixed(1)} ms`;
  return `${target} for ${formatSpan(forMs)}: ${sent} sent, ${answered} answered, ${failed} failed${times}`;
}

export function describeWatch(summary: Summary): string {
  const { target, forMs, sent, answered, failed, unsent, others, ms, pause, lateMs, clients } = summary;
  const moves = clients.reduce((sum, { moves }) => sum + moves, 0);
  const lines = [
    `${target} for ${formatSpan(forMs)}: ${sent} sent, ${answered} answered, ${failed} failed`,
    ...(ms === null ? [] : [
      `Time of an answer: p50 ${ms.p50.toFixed(1)} ms, p90 ${ms.p90.toFixed(1)} ms, p99 ${
        ms.p99.toFixed(1)
      } ms, ` +
      `most ${ms.most.toFixed(1)} ms`,
    ]),
    `Longest time without an answer: ${pause.ms} ms, from ${pause.at}`,
    ...(moves > 0 ? [`A client met another backend than before: ${moves} times`] : []),
    ...(unsent > 0 ? [`Not sent, because too many were under way: ${unsent}`] : []),
    ...(lateMs > LATE_MS ? [`This machine was late with a request itself, by up to ${lateMs} ms`] : []),
  ];
  return [lines.join("\n"), ...backendsOf(summary, answered, others), ...failuresOf(summary)].join("\n\n");
}

function backendsOf({ backends }: Summary, answered: number, others: number): string[] {
  if (backends.length === 0) return [];
  const rows = backends.slice(0, MOST_ROWS).map(({ backend, answered }) =>
    [backend ?? "(no name)", answered] as const
  );
  const rest = backends.slice(MOST_ROWS).reduce((sum, { answered }) => sum + answered, others);
  const all = rest === 0 ? rows : [...rows, ["(others)", rest] as const];
  return [formatTable(
    ["backend", "answered", "share"],
    all.map(([name, count]) => [name, count, `${(100 * count / answered).toFixed(1)} %`]),
  )];
}

function failuresOf({ reasons, failures, failed }: Summary): string[] {
  if (failed === 0) return [];
  const rows = reasons.map(({ reason, count, first, last }) => [reason, count, timeOf(first), timeOf(last)]);
  const more = failed - Math.min(failures.length, MOST_FAILURES);
  return [
    formatTable(["failure", "count", "first", "last"], rows.slice(0, MOST_ROWS)),
    [
      ...failures.slice(0, MOST_FAILURES).map(describeFailure),
      ...(more > 0 ? [`and ${more} more`] : []),
    ].join("\n"),
  ];
}

function describeFailure({ at, client, failure, ms }: Probed): string {
  return `${at}${client === null ? "" : ` ${client}`}: ${failure}, after ${ms.toFixed(1)} ms`;
}

/** The time of day alone, so that the table fits 80 columns. */
function timeOf(iso: string): string {
  return iso.slice(iso.indexOf("T") + 1);
}

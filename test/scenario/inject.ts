/**
 * Run on a bridge node: joins the bridge with a TAP of its own and sends frames into the segment, given as lines of hex on
 * standard input. `--repeat MS` sends them again and again for that long.
 */

import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { Tap } from "oneip";

const repeatMs = process.argv[2] === "--repeat" ? Number(process.argv[3]) : 0;
const frames = readFileSync(0, "utf8").trim().split("\n").map((line) =>
  Uint8Array.from(Buffer.from(line, "hex"))
);

/** Frames between two breaths, so that the segment's queues can take them all. */
const BREATH = 64;

const tap = new Tap({ name: `inject${process.pid % 1000}`, bridge: "br0" });
const end = performance.now() + repeatMs;
let sent = 0;
do {
  for (const [index, frame] of frames.entries()) {
    if (tap.write(frame, frame.length)) sent++;
    if (index % BREATH === BREATH - 1) await delay(1);
  }
  await delay(5);
} while (performance.now() < end);
tap.close();
console.log(sent);

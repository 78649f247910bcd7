import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./runtime.ts";

/**
 * Whatever waits or measures is given a clock (src/system/clock.ts). Only the room of the clocks asks the machine, and a page that draws:
 * how long it may work before the browser draws again.
 */
const KNOWS_TIME = ["system/", "playground/page/"];

const ASKS_THE_MACHINE =
  /\b(setTimeout(?!\(\): this)|setInterval|performance\.now|Date\.now)\b|\bnew Date\b(?!\([^)])|timers\/promises"|\bAbortSignal\.timeout\b/;

test("nothing but the clock asks the machine for time", () => {
  const files = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !KNOWS_TIME.some((room) => file.startsWith(room)));
  const wrong = files.flatMap((file) =>
    readFileSync(join(ROOT, "src", file), "utf8").split("\n").flatMap((line, index) =>
      ASKS_THE_MACHINE.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []
    )
  );
  expect(wrong).toEqual([]);
});

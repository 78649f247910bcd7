import { expect, test } from "vitest";
import { CLIENTS, DEATH_EACH_MS, hour, HOUR_MS, NEIGHBORS, REQUESTS_EACH_MS } from "./hour.ts";

test("an hour of 100 machines, some of which die and return, is the same every time and loses nobody", async () => {
  const first = await hour(1);
  // What chance would change shows in a quarter of it.
  const again = await hour(1, HOUR_MS / 4);
  console.log(
    `an hour in virtual time took ${first.tookMs.toFixed(0)} ms, its first quarter again ${
      again.tookMs.toFixed(0)
    } ms`,
  );
  // The last line is told at the end.
  const beginning = again.log.slice(0, -1);
  expect(beginning.length).toBeGreaterThan(0);
  expect(beginning).toEqual(first.log.slice(0, beginning.length));
  expect(again.early).toEqual(first.early);
  const gone = first.log.filter((line) => line.includes("neighbor does not answer")).length;
  const back = first.log.filter((line) => line.includes("neighbor answers")).length;
  expect(gone).toBeGreaterThan(HOUR_MS / DEATH_EACH_MS / 2);
  expect(back).toBeGreaterThanOrEqual(NEIGHBORS + gone - 2);
  expect(first.report.verdicts["dispatched"]).toBe(CLIENTS * Math.floor(HOUR_MS / REQUESTS_EACH_MS));
  expect(first.lost).toBe(0);
});

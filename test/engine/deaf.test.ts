/** Neighbors that are healthy while this machine is too busy to hear them, in virtual time. */

import { expect, test } from "vitest";
import { clusterOf, machines, Run } from "./run.ts";

async function started() {
  const neighbors = machines(4);
  const run = new Run(neighbors, clusterOf(neighbors));
  const engine = await run.start();
  await run.clock.advance(10_000);
  run.lines();
  let lost = 0;
  const setLossy = (isLossy: boolean) => {
    // Looked at again and again, so each time there is more.
    run.attachment.lost = () => isLossy ? ++lost : lost;
  };
  const givenUp = () =>
    run.lines().filter(({ msg }) => msg === "neighbor does not answer").map(({ address }) => address);
  return { engine, clock: run.clock, neighbors, setLossy, givenUp };
}

test("all are silent for 3 s while frames are lost here: none is given up", async () => {
  const { engine, clock, neighbors, setLossy, givenUp } = await started();
  await using _engine = engine;
  setLossy(true);
  for (const neighbor of neighbors) neighbor.isAlive = false;
  await clock.advance(3000);
  setLossy(false);
  for (const neighbor of neighbors) neighbor.isAlive = true;
  await clock.advance(10_000);
  expect(givenUp()).toEqual([]);
  expect(engine.report().doubted).toBe(neighbors.length);
});

test("all are silent at once and nothing is known to be lost: they are given twice the time", async () => {
  const { engine, clock, neighbors, givenUp } = await started();
  await using _engine = engine;
  for (const neighbor of neighbors) neighbor.isAlive = false;
  await clock.advance(2900);
  expect(givenUp()).toEqual([]);
  await clock.advance(2000);
  expect(givenUp()).toHaveLength(neighbors.length);
});

test("one dies while frames are lost here and the others answer: it is given up within 8 s, and only it", async () => {
  const { engine, clock, neighbors, setLossy, givenUp } = await started();
  await using _engine = engine;
  setLossy(true);
  neighbors[1]!.isAlive = false;
  await clock.advance(8000);
  expect(givenUp()).toEqual([neighbors[1]!.address]);
});

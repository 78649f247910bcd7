import { expect, test } from "vitest";
import { runChecked } from "../../src/system/programs.ts";
import { runTs } from "../runtime.ts";

/** Far below one number object a frame, which would be 12 octets at least. */
const NOTHING = 1;

async function heapPerFrame(v8Flags: string[], ...args: string[]): Promise<Record<string, number>> {
  return JSON.parse(await runChecked([...runTs("test/plane/allocation_probe.ts", v8Flags), ...args]));
}

test("with the optimiser off, no frame costs an octet of heap, whatever becomes of it", async () => {
  const costs = await heapPerFrame(["--no-opt", "--no-maglev"]);
  expect(Object.keys(costs).length).toBeGreaterThan(20);
  expect(Object.entries(costs).filter(([, octets]) => octets > NOTHING)).toEqual([]);
});

test("with the optimiser on, the hash of any client costs none either", async () => {
  const costs = await heapPerFrame([], "optimised");
  expect(Object.entries(costs).filter(([, octets]) => octets > NOTHING)).toEqual([]);
});

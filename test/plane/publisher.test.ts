import { expect, test } from "vitest";
import { SharedState } from "oneip";
import { Publisher } from "../../src/plane/publisher.ts";

test("a change is never lost, however few steps it comes after the one before", async () => {
  for (let steps = 0; steps < 10; steps++) {
    const shared = new SharedState({ clusters: 1, buckets: 4, neighbors: 1, slotSize: 2048 });
    let wanted = 0;
    let filled = -1;
    const publisher = new Publisher(
      shared,
      () => shared.workers[0]!.take(),
      () => void (filled = wanted),
    );
    const first = publisher.publish();
    for (let step = 0; step < steps; step++) await Promise.resolve();
    wanted = 1;
    await publisher.publish();
    await first;
    expect(filled, `${steps} steps later`).toBe(1);
  }
});

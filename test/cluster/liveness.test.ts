import { expect, test } from "vitest";
import { LivenessBook } from "../../src/cluster/liveness.ts";
import { VirtualClock } from "../../src/system/clock.ts";

const WEB1 = "10.0.0.11";

test("who has not been heard yet is live; who failed is not, since then and for a reason", async () => {
  const clock = new VirtualClock();
  const book = new LivenessBook(clock);
  expect(book.of(WEB1)).toMatchObject({ isLive: true, sinceMs: 0 });
  await clock.advance(1000);
  book.neighborChanged(WEB1, "failed");
  await clock.advance(1000);
  book.neighborChanged(WEB1, "failed");
  expect(book.of(WEB1)).toEqual({
    isLive: false,
    why: "it does not answer for its address",
    sinceMs: 1000,
  });
  book.neighborChanged(WEB1, "reachable");
  expect(book.of(WEB1)).toMatchObject({ isLive: true, sinceMs: 2000 });
});

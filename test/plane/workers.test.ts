import { expect, test } from "vitest";
import { SharedState } from "oneip";
import { Workers } from "../../src/plane/workers.ts";
import { WakeUp } from "../../src/device/poll.ts";
import { Queue } from "../../src/device/queue.ts";
import { BUCKETS, PLAN } from "../path/arrange.ts";

/** A descriptor that nobody has. */
const NOT_OPEN = 1_000_000;

test("one worker that dies is reported by its number, and the others can still be ended", async () => {
  const shared = new SharedState({ clusters: 1, buckets: BUCKETS, neighbors: 3, slotSize: 2048, workers: 2 });
  const open = new WakeUp();
  const workers = new Workers(PLAN, shared, [new Queue(open.fd), new Queue(NOT_OPEN)]);
  await expect(workers.failed).rejects.toThrow(
    "Data-plane worker 2 died: the TAP interface is gone: somebody deleted it",
  );
  await workers.stop();
  open.close();
});

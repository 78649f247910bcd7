/** What the page makes of answers that follow each other: rates, and which buckets have moved. */

import { expect, test } from "vitest";
import type { Output } from "../../src/api/contract.ts";
import type * as page from "../../src/dashboard/page/answers.d.ts";
import { History } from "../../src/dashboard/page/history.js";
import { describeMoves, movedBuckets } from "../../src/dashboard/page/moves.js";

/** Two backends on one machine. */
function answers(second: number, frames: number, startedAt = "a") {
  const backend = (name: string) => ({ cluster: "web", name, address: "10.0.0.11", probeMs: 0.5 });
  return [
    { startedAt, clusters: [{ backends: [backend("web1"), backend("web2")] }] },
    {
      time: new Date(1000 * second).toISOString(),
      verdicts: { dispatched: frames, drop_runt: 2 * second },
      machines: [{ address: "10.0.0.11", frames, octets: 100 * frames }],
    },
  ] as unknown as Parameters<History["add"]>;
}

test("rates are by the time between two answers; a new process begins anew, and never counts back", () => {
  const history = new History();
  history.add(...answers(10, 1000));
  history.add(...answers(12, 1100));
  history.add(...answers(12, 1100)); // The same moment again says nothing.
  history.add(...answers(20, 30, "b"));
  history.add(...answers(21, 40, "b"));
  expect(history.times).toEqual([10, 12, 20, 21]);
  expect(history.of("web", "web1", "frames")).toEqual([null, 50, null, 10]);
  expect(history.of("web", "web2", "bits")).toEqual([null, 40_000, null, 8000]);
  expect(history.latest("web", "web2", "probeMs")).toBe(0.5);
  expect(history.verdicts.get("drop_runt")).toBe(2);
  expect(history.of("web", "web9", "frames")).toEqual([null, null, null, null]);
});

test("no more than 150 points are kept, and none of a backend that is gone", () => {
  const history = new History();
  for (let second = 1; second <= 400; second++) history.add(...answers(second, second));
  expect(history.times.length).toBe(150);
  expect(history.of("web", "web1", "frames").length).toBe(150);
  const [status, counters] = answers(401, 401);
  history.add({ ...status, clusters: [] }, counters);
  history.add(...answers(402, 402));
  expect(history.of("web", "web1", "frames").filter((rate) => rate !== null), "it is a new one").toEqual([1]);
});

test("which buckets have moved, by the names of their owners", () => {
  const before = {
    cluster: "web",
    epoch: 1,
    backends: ["web1", "web2", "web3"],
    owners: [0, 1, 2, 1, -1, 0],
    inTransition: [],
  };
  const now = { ...before, epoch: 2, backends: ["web1", "web3"], owners: [0, 0, 1, 1, 0, 0] };
  const moved = movedBuckets(before, now);
  expect(moved).toEqual([1, 3, 4]);
  expect(describeMoves(before, now, moved)).toBe(
    "3 of 6 buckets moved: web2 → web1 1, web2 → web3 1, none → web1 1",
  );
  expect(movedBuckets(undefined, now)).toEqual([]);
  expect(movedBuckets(before, { ...now, cluster: "dns" })).toEqual([]);
});

test("the page reads what the contract has", () => {
  const fits = {
    status: (answer: Output<"status">): page.Status => answer,
    counters: (answer: Output<"counters">): page.Counters => answer,
    buckets: (answer: Output<"buckets">): page.Buckets => answer,
    explain: (answer: Output<"explain">): readonly page.Explanation[] => answer,
    events: (answer: Output<"events">): readonly page.DispatcherEvent[] => answer,
  };
  expect(Object.keys(fits), "what holds the two together are the types").toHaveLength(5);
});

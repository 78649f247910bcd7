import { expect, test } from "vitest";
import { MOST_GONE, type Report, sumOf } from "../../src/engine/report.ts";

function report(addresses: readonly string[], frames: number): Report {
  const each = Object.fromEntries(addresses.map((address) => [address, frames]));
  return {
    received: frames * addresses.length,
    workers: [frames * addresses.length],
    fastPath: { dispatched: 0, passedUp: {} },
    verdicts: { DISPATCHED: frames * addresses.length },
    dispatched: each,
    octets: each,
    clusters: { web: { frames: frames * addresses.length, octets: 0 } },
    broadcast: { web: 0 },
    transitions: { web: { buckets: 0, remembered: 0, unremembered: 0 } },
    kept: { sent: 0, dropped: 0 },
    doubted: 0,
  };
}

test("numbers of machines that are gone are kept for the last ones, and count in the sums all the same", () => {
  const gone = Array.from({ length: MOST_GONE + 500 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
  const sum = sumOf(report([...gone, "10.0.0.11"], 2), report(["10.0.0.11", "10.0.0.12"], 3));
  expect(Object.keys(sum.dispatched)).toEqual([...gone.slice(500), "10.0.0.11", "10.0.0.12"]);
  expect(Object.keys(sum.octets)).toEqual(Object.keys(sum.dispatched));
  expect([sum.dispatched["10.0.0.11"], sum.dispatched["10.0.0.12"], sum.dispatched[gone.at(-1)!]]).toEqual([
    5,
    3,
    2,
  ]);
  expect(sum.received).toBe(2 * (gone.length + 1) + 3 * 2);
});

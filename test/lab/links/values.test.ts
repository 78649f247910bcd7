/** Times, shares and rates as people write them. */

import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatRate,
  formatShare,
  formatTime,
  parseRate,
  parseShare,
  parseTime,
} from "../../../src/lab/links/values.ts";

test("what is shown is read back", () => {
  fc.assert(fc.property(fc.nat(60_000_000), (us) => {
    expect(parseTime(formatTime(us))).toBe(us);
  }));
  fc.assert(
    fc.property(
      fc.integer({ min: 1000, max: 1e11 }),
      (rate) => {
        expect(parseRate(formatRate(rate))).toBe(rate);
      },
    ),
  );
  fc.assert(
    fc.property(fc.nat(1_000_000), (millionths) => {
      const share = millionths / 1_000_000;
      expect(parseShare(formatShare(share))).toBe(share);
    }),
  );
});

test("as they are written", () => {
  expect(["20ms", "1.5ms", "500us", "2s", "0", "1 s"].map(parseTime)).toEqual([
    20_000,
    1500,
    500,
    2_000_000,
    0,
    1_000_000,
  ]);
  expect(["1%", "0.01%", "100%", "0", "7 %"].map(parseShare)).toEqual([0.01, 0.0001, 1, 0, 0.07]);
  expect(["10mbit", "1.5gbit", "64kbit", "0"].map(parseRate)).toEqual([10_000_000, 1_500_000_000, 64_000, 0]);
  expect([1500, 20_000, 500, 2_000_000].map(formatTime)).toEqual(["1.5ms", "20ms", "500us", "2s"]);
});

test("what is none", () => {
  expect(["20", "20 min", "61s", "-1ms", "ms", "", "1e3ms", "constructor"].map(parseTime)).toEqual(
    Array(8).fill(undefined),
  );
  expect(["120%", "1", "0.5", "-1%", "%", "100.1%"].map(parseShare)).toEqual(Array(6).fill(undefined));
  expect(["10mb", "10", "999bit", "101gbit", "mbit"].map(parseRate)).toEqual(Array(5).fill(undefined));
});

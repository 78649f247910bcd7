/** Frames that are under way, beside a list that has no bound. */

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { HeldFrames } from "../../src/impairment/held_frames.ts";

const MOST = 1 << 16;
const LONGEST = 20_000;
const slot = new Uint8Array(MOST);

/** The last but one does not fit in at the end, so that nearly as much as it is long stays unused, and the last one has no room. */
const LEFT_UNUSED = [
  { length: 16_922, copies: 1 },
  { length: 8854, copies: 1 },
  undefined,
  { length: 11_726, copies: 1 },
  { length: 14_722, copies: 1 },
  { length: 13_313, copies: 1 },
  { length: 3610, copies: 1 },
];

test("what is pushed is taken in order, octet by octet, however it goes round in its memory and grows", () => {
  const push = fc.record({
    length: fc.integer({ min: 1, max: LONGEST }),
    copies: fc.integer({ min: 1, max: 2 }),
  });
  const steps = fc.array(fc.option(push, { nil: undefined }), { maxLength: 80 });
  fc.assert(
    fc.property(steps, (steps) => {
      const held = new HeldFrames(MOST);
      const model: { octet: number; length: number; due: number; copies: number }[] = [];
      const take = () => {
        const [first] = model;
        expect(held.dueUs).toBe(first!.due);
        expect(held.take(slot)).toBe(first!.length);
        // The first, the last, and one in between.
        for (const at of [0, first!.length >> 1, first!.length - 1]) expect(slot[at]).toBe(first!.octet);
        if (--first!.copies === 0) model.shift();
      };
      for (const [index, step] of steps.entries()) {
        if (step === undefined) {
          if (model.length > 0) take();
          continue;
        }
        const { length, copies } = step;
        slot.fill(index, 0, length);
        const used = model.reduce((sum, frame) => sum + frame.length, 0);
        const isHeld = held.push(slot, length, index, copies);
        if (isHeld) model.push({ octet: index, length, due: index, copies });
        // It fits if there is room for it and for the end that was left unused, because one that may have been longer did not fit in there.
        else expect(used + length + LONGEST).toBeGreaterThan(MOST);
        expect(used + (isHeld ? length : 0)).toBeLessThanOrEqual(MOST);
        expect(held.count).toBe(model.length);
      }
      while (model.length > 0) take();
      expect([held.count, held.dueUs]).toEqual([0, Infinity]);
    }),
    { examples: [[LEFT_UNUSED]] },
  );
});

/** Frames that are under way, beside a list that has no bound. */

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { HeldFrames } from "../../src/impairment/held_frames.ts";

const MOST = 1 << 16;
const slot = new Uint8Array(MOST);

test("what is pushed is taken in order, octet by octet, however it goes round in its memory and grows", () => {
  const push = fc.record({
    length: fc.integer({ min: 1, max: 20_000 }),
    copies: fc.integer({ min: 1, max: 2 }),
  });
  fc.assert(fc.property(fc.array(fc.option(push, { nil: undefined }), { maxLength: 80 }), (steps) => {
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
      // It fits if there is room for it and for the end that is left unused.
      else expect(used + 2 * length).toBeGreaterThan(MOST);
      expect(used + (isHeld ? length : 0)).toBeLessThanOrEqual(MOST);
      expect(held.count).toBe(model.length);
    }
    while (model.length > 0) take();
    expect([held.count, held.dueUs]).toEqual([0, Infinity]);
  }));
});

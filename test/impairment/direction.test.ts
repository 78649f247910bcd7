/** One direction of a link, in virtual time: what goes in, what comes out, and when. */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Decision, DOWN, NO_BIT, PASSED, QUEUE } from "../../src/impairment/decision.ts";
import { formatDecision, parseDecision } from "../../src/impairment/decision_log.ts";
import { Direction } from "../../src/impairment/direction.ts";
import { LoggedDecisions } from "../../src/impairment/logged_decisions.ts";
import { SeededDecisions } from "../../src/impairment/seeded_decisions.ts";
import { HARMLESS, type Settings } from "../../src/impairment/settings.ts";

interface Arrival {
  readonly frame: number;
  readonly atUs: number;
  readonly octets: Uint8Array;
}

const slot = new Uint8Array(65_600);

/** Frames at these times, each with its number in its first octets, through a direction until nothing is left in it. */
function carry(
  settings: Partial<Settings>,
  timesUs: readonly number[],
  { length = 100, log, stream = 1, mostHeld }: {
    length?: number;
    log?: LoggedDecisions;
    stream?: number;
    mostHeld?: number;
  } = {},
) {
  const direction = new Direction(stream, { ...HARMLESS, ...settings }, 0, log, mostHeld);
  const arrived: Arrival[] = [];
  const lines: string[] = [];
  let mostFrames = 0;
  const arrive = (octets: number, atUs: number) => {
    const frame = slot.slice(0, octets);
    // The number stands there three times: one flipped bit does not hide it.
    const [a, b, c] = [0, 4, 8].map((at) => new DataView(frame.buffer).getUint32(at));
    arrived.push({ frame: a === b ? a! : c!, atUs, octets: frame });
  };
  const takeUntil = (untilUs: number) => {
    while (direction.dueUs <= untilUs) {
      const atUs = direction.dueUs;
      for (let taken = direction.take(slot, atUs); taken > 0; taken = direction.take(slot, atUs)) {
        arrive(taken, atUs);
      }
    }
  };
  for (const [frame, atUs] of timesUs.entries()) {
    takeUntil(atUs);
    for (const at of [0, 4, 8]) new DataView(slot.buffer).setUint32(at, frame);
    slot.fill(0, 12, length);
    const copies = direction.receive(slot, length, atUs);
    lines.push(formatDecision("a:eth1", frame, direction.decision));
    for (let copy = 0; copy < copies; copy++) arrive(length, atUs);
    takeUntil(atUs);
    mostFrames = Math.max(mostFrames, direction.held);
  }
  takeUntil(Number.MAX_VALUE);
  return { direction, arrived, lines, mostFrames };
}

const every = (us: number, count: number) => Array.from({ length: count }, (_, index) => index * us);
const frames = (arrived: readonly Arrival[]) => arrived.map(({ frame }) => frame);

const share = fc.oneof(fc.constant(0), fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true }));
const anySettings: fc.Arbitrary<Settings> = fc.record({
  delayUs: fc.nat(50_000),
  jitterUs: fc.nat(50_000),
  loss: share,
  duplicate: share,
  reorder: share,
  corrupt: share,
  rate: fc.oneof(fc.constant(0), fc.integer({ min: 1000, max: 1_000_000_000 })),
  queue: fc.nat(20),
  seed: fc.nat(2 ** 32 - 1),
  down: fc.oneof(fc.boolean(), fc.tuple(fc.nat(100_000), fc.nat(100_000))),
}).map((settings) => ({ ...settings, jitterUs: Math.min(settings.jitterUs, settings.delayUs) }));
const anyTimes = fc.array(fc.nat(20_000), { maxLength: 60 }).map((gaps) => {
  let at = 0;
  return gaps.map((gap) => at += gap);
});

describe("whatever the settings and the times:", () => {
  test("each frame has one fate, and what passes arrives, once more where it is doubled", () => {
    fc.assert(fc.property(anySettings, anyTimes, (settings, times) => {
      const { direction: { counts, held, dueUs }, arrived } = carry(settings, times);
      expect(counts.passed + counts.lost + counts.down + counts.queue + counts.overflow).toBe(times.length);
      expect(arrived.length).toBe(counts.passed + counts.duplicated);
      expect([held, dueUs]).toEqual([0, Infinity]);
    }));
  });

  test("none arrives before its time, and none before another one that came earlier, unless it overtakes that", () => {
    fc.assert(fc.property(anySettings, anyTimes, (settings, times) => {
      const { arrived, lines } = carry(settings, times);
      const decisions = lines.map((line) => parseDecision(line)!.decision);
      for (const { frame, atUs } of arrived) {
        expect(atUs).toBeGreaterThanOrEqual(times[frame]! + decisions[frame]!.delayUs);
      }
      const order = frames(arrived);
      for (const [index, frame] of order.entries()) {
        const late = order.slice(index + 1).filter((later) => later < frame);
        expect(late.every((later) => decisions[later]!.isReordered)).toBe(true);
        // Its copy and itself.
        expect(new Set(late).size).toBeLessThanOrEqual(1);
      }
    }));
  });

  test("the same seed decides the same, and its log played back does so without the settings", () => {
    fc.assert(fc.property(anySettings, anyTimes, (settings, times) => {
      const first = carry(settings, times);
      const again = carry(settings, times);
      expect(again.lines).toEqual(first.lines);
      expect(frames(again.arrived)).toEqual(frames(first.arrived));
      const log = new LoggedDecisions(first.lines.map((line) => parseDecision(line)!.decision));
      const played = carry({ rate: settings.rate }, times, { log });
      expect(played.lines).toEqual(first.lines);
      expect(played.arrived).toEqual(first.arrived);
    }));
  });

  test("what is drawn for a frame depends neither on when it comes nor on the other shares", () => {
    fc.assert(fc.property(anySettings, anyTimes, fc.nat(100), (settings, times, later) => {
      const timeless = { ...settings, rate: 0, down: false, delayUs: 0, jitterUs: 0 };
      const { lines } = carry(timeless, times);
      expect(carry(timeless, times.map((at) => at * 3 + later)).lines).toEqual(lines);
      const lossy = carry({ ...timeless, loss: Math.min(1, settings.loss * 2) }, times).lines;
      for (const [frame, line] of lines.entries()) {
        if (lossy[frame] !== line) expect(lossy[frame]).toBe(`a:eth1 ${frame} lost`);
      }
    }));
  });

  test("what is held never takes more than its memory, and what finds no room is counted", () => {
    fc.assert(fc.property(anyTimes, fc.integer({ min: 60, max: 40_000 }), (times, length) => {
      const { direction: { counts }, arrived, mostFrames } = carry({ delayUs: 1_000_000 }, times, {
        length,
        mostHeld: 1 << 16,
      });
      expect(mostFrames * length).toBeLessThanOrEqual(1 << 16);
      expect(counts.overflow).toBe(times.length - arrived.length);
      const fits = Math.floor((1 << 16) / length);
      expect(arrived.length).toBeGreaterThanOrEqual(Math.min(times.length, fits));
      for (const { octets } of arrived) expect(octets.length).toBe(length);
    }));
  });
});

test("1,000 runs of one seed make one log, another seed or another direction makes another one", () => {
  const settings = {
    delayUs: 20_000,
    jitterUs: 5000,
    loss: 0.05,
    duplicate: 0.01,
    reorder: 0.02,
    corrupt: 0.01,
    seed: 7,
  };
  const times = every(1000, 100);
  const logs = new Set(every(1, 1000).map(() => carry(settings, times).lines.join("\n")));
  expect(logs.size).toBe(1);
  expect(logs).not.toContain(carry({ ...settings, seed: 8 }, times).lines.join("\n"));
  expect(logs).not.toContain(carry(settings, times, { stream: 2 }).lines.join("\n"));
});

test("as large a share is met as was set, in every run of frames, and one thing says nothing of another", () => {
  const COUNT = 100_000;
  const seeded = new SeededDecisions(
    { ...HARMLESS, loss: 0.01, duplicate: 0.5, reorder: 0.1, corrupt: 0.001, seed: 1 },
    1,
  );
  const decisions = every(1, COUNT).map(() => {
    const decision = new Decision();
    seeded.next(100, decision);
    return decision;
  });
  const within = (count: number, of: number, share: number) =>
    expect(Math.abs(count - of * share)).toBeLessThan(5 * Math.sqrt(of * share * (1 - share)));
  const passed = decisions.filter(({ fate }) => fate === PASSED);
  within(COUNT - passed.length, COUNT, 0.01);
  within(passed.filter(({ isDuplicated }) => isDuplicated).length, passed.length, 0.5);
  const corrupted = passed.filter(({ corruptBit }) => corruptBit !== NO_BIT);
  within(corrupted.length, passed.length, 0.001);
  within(corrupted.filter(({ isDuplicated }) => isDuplicated).length, corrupted.length, 0.5);
  within(corrupted.filter(({ corruptBit }) => corruptBit < 400).length, corrupted.length, 0.5);
  // Of two in a row that are drawn, the second overtakes the first.
  within(passed.filter(({ isReordered }) => isReordered).length, passed.length, 0.1 / 1.1);
  const lostInARow = decisions.filter(({ fate }, frame) =>
    fate !== PASSED && decisions[frame + 1]?.fate !== PASSED
  );
  within(lostInARow.length, COUNT, 0.0001);
});

test("a delay with jitter has every value in between, and its mean", () => {
  const times = every(100_000, 20_000);
  const delays = carry({ delayUs: 20_000, jitterUs: 5000 }, times).arrived.map(({ frame, atUs }) =>
    atUs - times[frame]!
  );
  expect([Math.min(...delays) < 15_010, Math.max(...delays) > 24_990]).toEqual([true, true]);
  expect([Math.min(...delays) >= 15_000, Math.max(...delays) <= 25_000]).toEqual([true, true]);
  expect(delays.reduce((sum, delay) => sum + delay) / delays.length).toBeCloseTo(20_000, -3);
});

test("jitter changes no order: a frame waits for the one before it", () => {
  expect(frames(carry({ delayUs: 20_000, jitterUs: 20_000 }, every(10, 500)).arrived)).toEqual(every(1, 500));
});

test("a frame lets the next one overtake it, however long that takes to come, but for 10 ms at most", () => {
  const all = { reorder: 1 };
  expect(frames(carry(all, every(1000, 6)).arrived)).toEqual([1, 0, 3, 2, 5, 4]);
  const alone = carry({ ...all, delayUs: 500 }, [0, 100_000]);
  expect(alone.arrived.map(({ frame, atUs }) => [frame, atUs])).toEqual([[0, 10_500], [1, 100_500]]);
});

test("a rate: each bit has its time, so many frames wait, and those beyond are refused", () => {
  // 100 octets at 800 kbit/s take a millisecond.
  const { arrived, direction: { counts } } = carry({ rate: 800_000, queue: 3 }, [0, 0, 0, 0, 0, 1000, 1000]);
  expect(arrived.map(({ frame, atUs }) => [frame, atUs])).toEqual([
    [0, 1000],
    [1, 2000],
    [2, 3000],
    [3, 4000],
    [5, 5000],
  ]);
  expect(counts.queue).toBe(2);
});

test("down: nothing gets through between the two times, and what was under way arrives", () => {
  const { arrived, direction: { counts } } = carry({ delayUs: 1500, down: [2000, 4000] }, every(1000, 6));
  expect(frames(arrived)).toEqual([0, 1, 4, 5]);
  expect(counts.down).toBe(2);
});

test("a change holds from the next frame on, and loses nothing that is under way", () => {
  const direction = new Direction(1, { ...HARMLESS, delayUs: 5000 }, 0);
  const slot = new Uint8Array(100);
  expect(direction.receive(slot, 100, 0)).toBe(0);
  direction.set({ delayUs: 0 }, 1000);
  // It could go at once, but would overtake.
  expect([direction.receive(slot, 100, 1000), direction.held]).toEqual([0, 2]);
  expect([direction.take(slot, 4999), direction.take(slot, 5000), direction.take(slot, 5000)]).toEqual([
    0,
    100,
    100,
  ]);
  direction.set({ down: [1000, 2000] }, 10_000);
  expect([10_000, 11_000, 11_999, 12_000].map((us) => direction.receive(slot, 100, us))).toEqual([
    1,
    0,
    0,
    1,
  ]);
  // Another change leaves the times of `down` as they were.
  direction.set({ down: [1000, 2000] }, 20_000);
  direction.set({ loss: 0.5 }, 20_900);
  expect([direction.receive(slot, 100, 21_500), direction.decision.fate]).toEqual([0, DOWN]);
  expect(direction.counts.frames).toBe(7);
  direction.set({ seed: 0 }, 30_000);
  expect(direction.counts.frames).toBe(0);
});

test("a change in the middle leaves each later frame what is drawn for it", () => {
  const settings = { ...HARMLESS, loss: 0.5, seed: 9 };
  const direction = new Direction(1, { ...settings, loss: 0.1, delayUs: 7 }, 0);
  const fates = every(1, 40).map((frame) => {
    if (frame === 20) direction.set({ loss: 0.5 }, 20);
    direction.receive(slot, 100, frame);
    return formatDecision("a:eth1", frame, direction.decision).replace(/ \d+ us/, " 0 us");
  });
  expect(fates.slice(20)).toEqual(carry(settings, every(1, 40)).lines.slice(20));
});

test("a longer queue while some wait: those keep their turns", () => {
  const direction = new Direction(1, { ...HARMLESS, rate: 800_000, queue: 1 }, 0);
  const fates = (count: number) =>
    every(1, count).map(() => {
      direction.receive(slot, 100, 10);
      return direction.decision.fate;
    });
  expect(fates(3)).toEqual([PASSED, PASSED, QUEUE]);
  direction.set({ queue: 3 }, 10);
  expect(fates(3)).toEqual([PASSED, PASSED, QUEUE]);
});

test("a frame that is due, and was not fetched yet, is not overtaken", () => {
  const direction = new Direction(1, { ...HARMLESS, delayUs: 1000 }, 0);
  expect(direction.receive(slot, 60, 0)).toBe(0);
  direction.set({ delayUs: 0 }, 500);
  expect(direction.receive(slot, 70, 2000)).toBe(0);
  expect([direction.take(slot, 2000), direction.take(slot, 2000), direction.take(slot, 2000)]).toEqual([
    60,
    70,
    0,
  ]);
});

/** Through a direction that plays back these lines. */
function played(lines: readonly string[], timesUs: readonly number[], length = 100) {
  return carry({}, timesUs, {
    length,
    log: new LoggedDecisions(lines.map((line) => parseDecision(line)!.decision)),
  });
}

test("a frame that waits to be overtaken goes on when the next one would wait, too, and never before one that came earlier", () => {
  const lines = ["a 0 passed 0 us reorder", "a 1 lost", "a 2 passed 0 us reorder", "a 3 passed 0 us"];
  expect(frames(played(lines, every(1, 4)).arrived)).toEqual([0, 3, 2]);
  const late = played(["a 0 passed 30000 us", "a 1 passed 0 us reorder"], [0, 1]);
  expect(late.arrived.map(({ frame, atUs }) => [frame, atUs])).toEqual([[0, 30_000], [1, 40_000]]);
});

test("a bit that is played back is one of the frame's, be it shorter than the one of the log", () => {
  const { lines } = played(["a 0 passed 0 us corrupt bit 1000"], [0], 60);
  expect(lines).toEqual([`a:eth1 0 passed 0 us corrupt bit ${1000 % 480}`]);
});

test("a corrupted frame differs in one bit, the one that the log names", () => {
  const { arrived, lines } = carry({ corrupt: 1 }, every(1, 200), { length: 60 });
  for (const { frame, octets } of arrived) {
    const { corruptBit } = parseDecision(lines[frame]!)!.decision;
    const numbered = new Uint8Array(60);
    for (const at of [0, 4, 8]) new DataView(numbered.buffer).setUint32(at, frame);
    const flipped = [...octets.keys()].flatMap((at) =>
      every(1, 8).filter((bit) => ((octets[at]! ^ numbered[at]!) & (0x80 >>> bit)) !== 0).map((bit) =>
        at * 8 + bit
      )
    );
    expect(flipped).toEqual([corruptBit]);
  }
});

test("a log is read back as it was written, and what is none is told", () => {
  const { lines } = carry(
    { delayUs: 9, jitterUs: 9, loss: 0.3, duplicate: 0.5, reorder: 0.5, corrupt: 0.5 },
    every(50, 50),
  );
  for (const [frame, line] of lines.entries()) {
    const { from, decision } = parseDecision(line)!;
    expect(formatDecision(from, frame, decision)).toBe(line);
  }
  for (
    const line of ["", "a:eth1 0", "a:eth1 0 burnt", "a:eth1 x lost", "a:eth1 1 passed", "a:eth1 1 lost 5"]
  ) {
    expect(parseDecision(line)).toBeUndefined();
  }
});

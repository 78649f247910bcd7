import { expect, test } from "vitest";
import { Random } from "../random.ts";
import { REAL_CLOCK } from "../../src/system/clock.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";

test("virtual time stands still until it is moved, and calls in the order in which calls are due", async () => {
  const clock = new VirtualClock(1_000_000);
  const called: string[] = [];
  const call = (name: string, delayMs: number) =>
    clock.after(delayMs, () => called.push(`${name} ${clock.now()}`));
  call("c", 30);
  call("a", 10);
  call("b", 10);
  call("never", 20).cancel();
  await clock.advance(9);
  expect(called).toEqual([]);
  await clock.advance(21);
  expect(called).toEqual(["a 10", "b 10", "c 30"]);
  expect(clock.now()).toBe(30);
  expect(clock.sinceEpoch()).toBe(1_000_030);
  expect(clock.waiting).toBe(0);
});

test("what is asked for in a call is due within the same move, and promises go on in between", async () => {
  const clock = new VirtualClock();
  const seen: number[] = [];
  const wait = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
  const walk = async () => {
    for (let step = 0; step < 3; step++) {
      await wait(100);
      seen.push(clock.now());
    }
  };
  const walking = walk();
  await clock.advance(300);
  await walking;
  expect(seen).toEqual([100, 200, 300]);
});

test("whatever is set, set anew and canceled: calls are made in order, and those of one time as they were set", async () => {
  const clock = new VirtualClock();
  const random = new Random(1);
  const called: [us: number, order: number][] = [];
  let order = 0;
  const alarms = Array.from({ length: 50 }, () => {
    const mine = { order: 0, alarm: clock.alarm(() => called.push([clock.nowUs, mine.order])) };
    return mine;
  });
  let set = 0;
  for (let round = 0; round < 5000; round++) {
    const mine = random.pick(alarms);
    if (mine.alarm.isSet) set--;
    if (random.below(4) === 0) mine.alarm.cancel();
    else {
      mine.order = order++;
      mine.alarm.set(clock.nowUs + random.below(100));
      set++;
    }
    expect(clock.waiting).toBe(set);
    if (random.below(8) === 0 && await clock.step()) set--;
  }
  const sorted = called.toSorted(([us, order], [otherUs, otherOrder]) => us - otherUs || order - otherOrder);
  expect(called).toEqual(sorted);
  expect(called.length).toBeGreaterThan(400);
});

test("a circle of calls that takes no time is an error", async () => {
  const clock = new VirtualClock();
  const alarm = clock.alarm(() => alarm.set(clock.nowUs));
  alarm.set(5);
  await expect(clock.advance(1)).rejects.toThrow("Time does not go on: more than 1000000 calls at 5 us");
});

test("the real clock moves by itself, and a canceled call is not made", async () => {
  const before = REAL_CLOCK.now();
  const canceled = REAL_CLOCK.after(0, () => expect.unreachable());
  canceled.cancel();
  await new Promise<void>((resolve) => void REAL_CLOCK.after(1, resolve));
  expect(REAL_CLOCK.now()).toBeGreaterThan(before);
  // setTimeout would call at once.
  REAL_CLOCK.after(2 ** 40, () => expect.unreachable()).cancel();
});

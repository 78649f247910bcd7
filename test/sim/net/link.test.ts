/** Virtual time, ports and links. */

import { expect, test } from "vitest";
import { VirtualClock } from "oneip";
import { MachineClock } from "../../../src/sim/net/machine_clock.ts";
import { Network } from "../../../src/sim/net/network.ts";
import { Port } from "../../../src/sim/net/port.ts";

function arrange(settings = {}) {
  const time = new VirtualClock();
  const network = new Network(time, 1);
  const [a, b] = ["a", "b"].map((node, index) => new Port(node, "eth0", { high: 0x0200, low: index })) as [
    Port,
    Port,
  ];
  const link = network.join(a, b, settings);
  const arrived: string[] = [];
  b.receive = (octets, length) => arrived.push(`${time.nowUs} ${octets.subarray(0, length).join(" ")}`);
  return { time, network, a, b, link, arrived };
}

test("a frame arrives after 50 us, and the sender may use its octets again at once", async () => {
  const { time, a, arrived } = arrange();
  const octets = Uint8Array.of(1, 2, 3);
  expect(a.send(octets, 3)).toBe(true);
  octets[0] = 9;
  expect(a.send(octets, 2)).toBe(true);
  await time.advance(1);
  expect(arrived).toEqual(["50 1 2 3", "50 9 2"]);
});

test("a cut link carries nothing, one way or both; a port that is down takes nothing", async () => {
  const { time, a, b, link, arrived } = arrange();
  link.cut(b);
  a.send(Uint8Array.of(1), 1);
  await time.advance(1);
  link.cut();
  a.send(Uint8Array.of(2), 1);
  link.heal();
  b.isUp = false;
  a.send(Uint8Array.of(3), 1);
  expect(b.send(Uint8Array.of(4), 1)).toBe(false);
  await time.advance(1);
  expect(arrived).toEqual(["50 1"]);
});

test("watchers are told of each frame: what becomes of it, and that it arrives", async () => {
  const { time, network, a, arrived } = arrange({ loss: 0.3, corrupt: 0.3, jitterUs: 20 });
  const told: string[] = [];
  const due: number[] = [];
  network.watch({
    sent: (lane, number, octets, length) => {
      told.push(`sent ${number} ${lane.decision.fate} ${octets.subarray(0, length)}`);
      if (lane.arrivesUs !== Infinity) due.push(lane.arrivesUs);
    },
    arrived: (lane, number) => told.push(`arrived ${number} at ${lane.to.node}`),
  });
  for (let number = 0; number < 20; number++) a.send(Uint8Array.of(number), 1);
  await time.advance(1);
  const passed = told.filter((line) => line.startsWith("sent") && line.split(" ")[2] === "0");
  expect(passed.length).toBeGreaterThan(5);
  expect(passed.length).toBeLessThan(20);
  expect(told.filter((line) => line.startsWith("arrived"))).toEqual(
    passed.map((line) => `arrived ${line.split(" ")[1]} at b`),
  );
  expect(arrived.map((line) => Number(line.split(" ")[0]))).toEqual(due);
  // As they were sent; some of them arrived otherwise.
  expect(passed.every((line) => line.split(" ")[1] === line.split(" ")[3])).toBe(true);
  expect(arrived.map((line) => line.split(" ")[1])).not.toEqual(passed.map((line) => line.split(" ")[1]));
});

test("step goes on to the next call, be it a frame's or a timer's", async () => {
  const { time, a, arrived } = arrange();
  a.send(Uint8Array.of(1), 1);
  let isOver = false;
  time.after(0.02, () => isOver = true);
  expect(await time.step()).toBe(true);
  expect([isOver, arrived.length, time.nowUs]).toEqual([true, 0, 20]);
  expect(await time.step(30)).toBe(false);
  expect(time.nowUs).toBe(30);
  expect(await time.step()).toBe(true);
  expect([arrived.length, time.nowUs]).toEqual([1, 50]);
  expect(await time.step()).toBe(false);
});

test("a machine that stands still is called late, in order, and its wall clock can be set", async () => {
  const time = new VirtualClock(1000);
  const clock = new MachineClock(time);
  const called: string[] = [];
  for (const [name, ms] of [["a", 10], ["b", 20], ["c", 40], ["never", 15]] as const) {
    const timer = clock.after(ms, () => called.push(`${name} ${clock.now()}`));
    if (name === "never") time.after(25, () => timer.cancel());
  }
  clock.freeze();
  await time.advance(30);
  expect(called).toEqual([]);
  clock.thaw();
  await time.advance(20);
  expect(called).toEqual(["a 30", "b 30", "c 40"]);
  clock.setWall(-500);
  expect([clock.now(), clock.sinceEpoch()]).toEqual([50, 550]);
});

test("a clock goes at another rate from one moment on, and back at its own", async () => {
  const time = new VirtualClock(1000);
  const clock = new MachineClock(time);
  const called: number[] = [];
  await time.advance(100);
  clock.rate = 1.25;
  clock.after(100, () => called.push(time.now()));
  await time.advance(200);
  expect(called).toEqual([180]);
  expect([clock.now(), clock.sinceEpoch()]).toEqual([350, 1350]);
  clock.rate = 1;
  await time.advance(10);
  expect(clock.now()).toBe(360);
});

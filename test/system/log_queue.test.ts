import { expect, test } from "vitest";
import { VirtualClock } from "../../src/system/virtual_clock.ts";
import { LogQueue, type Outage } from "../../src/system/log_queue.ts";

/** A queue in virtual time, whose writer does as it is told. */
class Arrangement {
  readonly clock = new VirtualClock();
  readonly outages: Outage[] = [];
  written = "";
  /** Octets that the writer takes at most at once, or why it fails. */
  takes: number | string = Infinity;
  tries = 0;
  readonly queue = new LogQueue(
    (octets) => {
      this.tries++;
      if (typeof this.takes === "string") return this.takes;
      const taken = octets.subarray(0, this.takes);
      this.written += new TextDecoder().decode(taken);
      return taken.length;
    },
    this.clock,
    (outage) => this.outages.push(outage),
  );
}

test("a line goes out in as many pieces as the writer takes, and before the next", () => {
  const log = new Arrangement();
  log.takes = 3;
  log.queue.write("one line\n");
  log.queue.write("another\n");
  expect(log.written).toBe("one line\nanother\n");
  expect(log.clock.waiting).toBe(0);
});

test("while the reader stands still lines are kept, and no line waits for it", async () => {
  const log = new Arrangement();
  log.takes = 0;
  for (const word of ["one", "two", "three"]) log.queue.write(`${word}\n`);
  expect(log.tries, "asked once, not for each line").toBe(1);
  await log.clock.advance(10_000);
  expect(log.written).toBe("");
  log.takes = Infinity;
  await log.clock.advance(100);
  expect(log.written).toBe("one\ntwo\nthree\n");
  expect(log.outages, "nothing was lost").toEqual([]);
  expect(log.clock.waiting).toBe(0);
});

test("a writer that fails is tried again, seldom, and it is said when it works again", async () => {
  const log = new Arrangement();
  log.takes = "ENOSPC: no space left on device";
  log.queue.write("one\n");
  await log.clock.advance(60_000);
  expect(log.tries).toBeLessThan(70);
  log.takes = Infinity;
  await log.clock.advance(1000);
  expect(log.written).toBe("one\n");
  expect(log.outages).toEqual([{ lost: 0, reason: "ENOSPC: no space left on device" }]);
});

test("what is kept has a limit; what is lost is counted, and said", async () => {
  const log = new Arrangement();
  log.takes = 0;
  const line = `${"x".repeat(1023)}\n`;
  for (let count = 0; count < 3000; count++) log.queue.write(line);
  log.takes = Infinity;
  await log.clock.advance(100);
  const kept = log.written.length / 1024;
  expect(kept).toBe(1024);
  expect(log.outages).toEqual([{ lost: 3000 - kept, reason: "its reader stood still" }]);
  log.queue.write("after\n");
  expect(log.written).toMatch(/after\n$/);
  expect(log.outages).toHaveLength(1);
});

test("at the end it waits for what can be written, and says how much it gives up", async () => {
  const log = new Arrangement();
  log.takes = 0;
  log.queue.write("last words\n");
  const ended = log.queue.end(500);
  log.takes = Infinity;
  await log.clock.advance(100);
  expect(await ended).toBe(0);
  expect(log.written).toBe("last words\n");

  log.takes = 0;
  log.queue.write("never\n");
  const given = log.queue.end(500);
  await log.clock.advance(500);
  expect(await given).toBe(1);
  expect(log.clock.waiting, "nothing holds the process").toBe(0);
});

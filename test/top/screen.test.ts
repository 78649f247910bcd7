/** What stands on the screen of `oneip top`, and what keys make of it. */

import { stripVTControlCharacters } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { Meter, type Readings } from "../../src/top/readings.ts";
import { type Known, pageOf, screenOf, type Style } from "../../src/top/screen.ts";
import { FIRST_VIEW, inOrder, press, type View } from "../../src/top/view.ts";
import { backends, countersAt, event, STARTED_MS, statusOf } from "./arrange.ts";

beforeAll(() => void (process.env["TZ"] = "UTC"));

const PLAIN: Style = { isPainted: false, characters: "unicode" };
const SMALL = { columns: 80, rows: 24 };

/** After so many seconds of the same rates. */
function readings(some = backends(3), seconds = 10, dropped = 0): Readings {
  const meter = new Meter();
  let last: Readings | undefined;
  for (let second = 0; second <= seconds; second++) {
    const drops = { drop_group: dropped * second, drop_runt: dropped > 0 ? 7 : 0 };
    last = meter.read(statusOf(some), countersAt(second, some, 1000, drops));
  }
  return last!;
}

function known(about: Partial<Known> = {}): Known {
  return { readings: readings(), events: [], trouble: undefined, ...about };
}

test("80 columns, 24 rows: backends, drops, events, keys", () => {
  const some = backends(3, {
    1: { state: "down", why: "its port 80 refuses", buckets: 0, live: false, probeMs: null },
  });
  const all = known({ readings: readings(some, 10, 30), events: [event(1, "web1"), event(2, "web3")] });
  expect(screenOf(all, FIRST_VIEW, SMALL, PLAIN).map((line) => line.trimEnd())).toMatchInlineSnapshot(`
    [
      "oneip top  oneip0  up 10 s  00:00:10  epoch 17  buckets moving 0  Deno 2.9.5",
      "in 1.00 k frames/s  to backends 6.00 k, 4.80 Mbit/s  dropped 30  fast path 750",
      "",
      "  backend  state       share  frames/s  bits/s    probe",
      "> web1     up         33.3 %    1.00 k   800 k   1.2 ms               ▃▃▃▃▃▃▃▃▃▃",
      "  web2     down        0.0 %    2.00 k  1.60 M        -               ▆▆▆▆▆▆▆▆▆▆",
      "  web3     up         33.3 %    3.00 k  2.40 M   1.2 ms               ██████████",
      "web/web1 at 10.0.0.0 is up: its probes succeed; weight 1",
      "",
      "dropped     frames/s           in all",
      "drop_group        30              300",
      "drop_runt          0                7",
      "",
      "events, the latest first",
      "00:00:02  backend.up  web/web3  its probes succeed",
      "00:00:01  backend.up  web/web1  its probes succeed",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "q quit  s sort: name  arrows move  d drain  u undrain  ? help",
    ]
  `);
});

test("no line is wider than the screen, and there are as many as it has rows, whatever is on it", () => {
  const many = backends(100, {
    0: { name: "a".repeat(63), state: "down", why: "\x1b[2J日本\u0301 said so\nand more" },
    1: { cluster: "b".repeat(63), name: "c".repeat(63), probeMs: 12_345, weight: 100 },
  });
  const all = known({
    readings: readings(many, 70, 5),
    events: Array.from({ length: 100 }, (_, number) => event(number, "\x07\x9b2J語")),
    trouble: { why: "x".repeat(500), sinceMs: STARTED_MS },
  });
  for (const [columns, rows] of [[80, 24], [40, 10], [200, 60], [100, 200], [10, 3], [1, 1]] as const) {
    for (const view of [FIRST_VIEW, { ...FIRST_VIEW, isHelp: true }, { ...FIRST_VIEW, asked: "web/web1" }]) {
      for (const isPainted of [false, true]) {
        const lines = screenOf(all, view, { columns, rows }, { ...PLAIN, isPainted });
        expect(lines.length).toBe(rows);
        for (const line of lines.map((one) => isPainted ? stripVTControlCharacters(one) : one)) {
          expect(line.length, line).toBeLessThanOrEqual(columns);
          expect(line).toMatch(/^[ -~▁-█]*$/);
        }
      }
    }
  }
});

test("of 1,000 backends the selected one is shown with those around it, and each can be reached", () => {
  const all = known({ readings: readings(backends(1000), 1) });
  const screen = (view: View) => screenOf(all, view, SMALL, PLAIN).join("\n");
  const keys = (...names: string[]) =>
    names.reduce((view, key) => press(view, key, all.readings.backends, 10).view, FIRST_VIEW);
  expect(screen(FIRST_VIEW)).toContain("> web1 ");
  expect(screen(FIRST_VIEW)).toContain("1 to 16 of 1000; web/web1 at 10.0.0.0 is up: its probes succeed");
  expect(screen(keys("end"))).toContain("> web1000 ");
  expect(screen(keys("end"))).toContain("985 to 1000 of 1000");
  expect(screen(keys("pagedown", "pagedown", "j", "down", "k"))).toMatch(/web14 [^]*> web22 [^]*web29 /);
  expect(keys("up", "home", "pageup").selected).toBe("web/web1");
  expect(keys("end", "down").selected).toBe("web/web1000");
});

test("what is selected stays so when the order changes, and when it is gone the first one is", () => {
  const some = backends(3, { 1: { state: "down" }, 2: { probeMs: 30 } });
  const { backends: rows } = readings(some);
  const names = (view: View) => inOrder(rows, view.order).map(({ name }) => name);
  let { view } = press(FIRST_VIEW, "down", rows, 10);
  const seen = [];
  for (let count = 0; count < 5; count++) {
    seen.push([view.order, view.selected, ...names(view)]);
    ({ view } = press(view, "s", rows, 10));
  }
  expect(seen).toEqual([
    ["name", "web/web2", "web1", "web2", "web3"],
    ["state", "web/web2", "web2", "web1", "web3"],
    ["share", "web/web2", "web1", "web2", "web3"],
    ["frames/s", "web/web2", "web3", "web2", "web1"],
    ["probe", "web/web2", "web3", "web1", "web2"],
  ]);
  expect(view.order).toBe("name");
  expect(press(view, "d", readings(backends(1)).backends, 10).view.asked).toBe("web/web1");
});

test("a drain is asked about, and only y does it; undrain is done at once", () => {
  const { backends: rows } = readings();
  const asked = press({ ...FIRST_VIEW, selected: "web/web2" }, "d", rows, 10);
  expect(asked.deed).toBeUndefined();
  expect(screenOf(known(), asked.view, SMALL, PLAIN).at(-1)).toBe(
    "Drain web/web2? It gets no new clients, and keeps its connections. y/n",
  );
  for (const key of ["n", "escape", "enter", "q", "d"]) {
    expect(press(asked.view, key, rows, 10)).toEqual({
      view: { ...asked.view, asked: undefined, message: "Not drained" },
    });
  }
  const done = press(asked.view, "y", rows, 10);
  expect(done.deed).toEqual({ command: "drain", backend: "web/web2" });
  expect(done.view.asked).toBeUndefined();
  expect(press(asked.view, "ctrl-c", rows, 10).deed).toBe("quit");
  expect(press(FIRST_VIEW, "u", rows, 10).deed).toEqual({ command: "undrain", backend: "web/web1" });
  for (const key of ["d", "u", "j", "end"]) expect(press(FIRST_VIEW, key, [], 10).deed).toBeUndefined();
});

test("while the dispatcher does not answer, the screen says since when and why", () => {
  const trouble = { why: "no dispatcher runs", sinceMs: STARTED_MS + 61_000 };
  expect(screenOf(known({ trouble }), FIRST_VIEW, SMALL, PLAIN)[2]).toBe(
    "No answer since 00:01:01, asked again each second: no dispatcher runs",
  );
});

test("colours only where they are wanted, and bars in ASCII where there are no others", () => {
  const painted = screenOf(known(), FIRST_VIEW, SMALL, { ...PLAIN, isPainted: true });
  expect(painted.join("\n")).toContain("\x1b[32mup      \x1b[0m");
  expect(painted.map(stripVTControlCharacters)).toEqual(screenOf(known(), FIRST_VIEW, SMALL, PLAIN));
  const ascii = screenOf(known(), FIRST_VIEW, SMALL, { ...PLAIN, characters: "ascii" });
  expect(ascii.join("\n")).toContain(" ##########");
});

test("a page has all backends and no keys", () => {
  const page = pageOf(known({ readings: readings(backends(1000), 1) }), 80, PLAIN);
  expect(page.filter((line) => / up /.test(line) && line.startsWith("  web")).length).toBe(1000);
  expect(page.join("\n")).not.toMatch(/quit|>/);
});

test("rates of a machine are those of all its clusters; a count that has begun anew says nothing", () => {
  const some = [...backends(1), { ...backends(1)[0]!, cluster: "mail" }];
  const meter = new Meter();
  const read = (seconds: number, frames: number) =>
    meter.read(statusOf(some), countersAt(seconds, some.slice(0, 1), frames)).backends;
  expect(read(1, 1000).map(({ id, frames }) => [id, frames])).toEqual([["web/web1", null], [
    "mail/web1",
    null,
  ]]);
  expect(read(3, 1000).map(({ frames, bits }) => [frames, bits])).toEqual([[1000, 800_000], [1000, 800_000]]);
  expect(read(4, 10)[0]).toMatchObject({ frames: 0, history: [1000, 0] });
  expect(read(5, 10)[0]).toMatchObject({ frames: 10, history: [1000, 0, 10] });
});

test("memory is bounded: a minute of history for the machines that there are", () => {
  const meter = new Meter();
  const read = (count: number, second: number) => {
    const some = backends(count);
    return meter.read(statusOf(some), countersAt(second, some)).backends;
  };
  for (let second = 0; second < 500; second++) read(3, second);
  expect(read(3, 500).map(({ history }) => history.length)).toEqual([60, 60, 60]);
  read(1, 501);
  expect(read(3, 502).map(({ history }) => history.length)).toEqual([60, 1, 1]);
});

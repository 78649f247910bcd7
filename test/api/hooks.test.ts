/** Commands that are run for events, in virtual time; and one that is really run. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { REAL_CLOCK, VirtualClock } from "oneip";
import { EVENT_NAMES } from "../../src/api/event_names.ts";
import { type DispatcherEvent, Events } from "../../src/api/events.ts";
import { Hooks, type RunProgram } from "../../src/api/hooks.ts";
import { openLog } from "../../src/system/log.ts";
import { until } from "../../src/system/until.ts";
import { ROOT } from "../runtime.ts";

/** A program that was started. */
interface Started {
  readonly env: Readonly<Record<string, string>>;
  end(status: number, stderr?: string): void;
}

let clock: VirtualClock;
let events: Events;
let hooks: Hooks;
let lines: Record<string, unknown>[];
let started: Started[];
let log: ReturnType<typeof openLog>["log"];

/** One that ends when it is told to, or is killed. */
const runProgram: RunProgram = (_, { env, signal }) => {
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<RunProgram>>>();
  signal!.addEventListener("abort", () => reject(signal!.reason));
  started.push({ env: env!, end: (status, stderr = "") => resolve({ status, stdout: "", stderr }) });
  return promise;
};

beforeEach(() => {
  clock = new VirtualClock();
  events = new Events();
  lines = [];
  started = [];
  ({ log } = openLog({
    writer: (octets) => {
      lines.push(JSON.parse(new TextDecoder().decode(octets)));
      return octets.length;
    },
    told: (line) => events.hear(line),
  }));
  hooks = new Hooks({ log, clock, runProgram });
  hooks.use(["tell", "them"]);
  events.listen((event) => hooks.hear(event));
});

const down = (backend: string) => log.warn({ event: "backend.down", backend }, "backend is down");

test("what the log is told with a name is an event, with a number that grows; what else it is told is none", () => {
  const heard: DispatcherEvent[] = [];
  const end = events.listen((event) => heard.push(event));
  down("web1");
  log.info("running");
  log.info({ event: "something else" }, "not one of ours");
  log.info({ reason: '"event":"backend.up"' }, "a text that looks like one");
  log.info({ event: "map.changed", moved: 7 }, "bucket map changed");
  end();
  down("web2");
  expect(heard).toEqual([
    {
      number: 1,
      time: lines[0]!["time"],
      name: "backend.down",
      message: "backend is down",
      data: { backend: "web1" },
    },
    {
      number: 2,
      time: expect.any(String),
      name: "map.changed",
      message: "bucket map changed",
      data: { moved: 7 },
    },
  ]);
});

test("every event that the sources tell of has its name in the list, and in the documents", () => {
  const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" }).filter((file) =>
    /^(engine|api|link|health|fleet)\/.*\.ts$/.test(file)
  );
  const told = sources.flatMap((file) =>
    [...readFileSync(join(ROOT, "src", file), "utf8").matchAll(/\bevent: "([^"]+)"/g)].map(([, name]) =>
      name!
    )
  );
  expect([...new Set(told)].sort()).toEqual([...EVENT_NAMES].sort());
  const page = readFileSync(join(ROOT, "docs/service.md"), "utf8");
  expect(EVENT_NAMES.filter((name) => !page.includes(`| \`${name}\``))).toEqual([]);
});

test("a command has the event in its environment", async () => {
  down("web1");
  expect(started, "whoever told of it goes on first").toEqual([]);
  await clock.advance(0);
  const { ONEIP_EVENT_JSON, ...env } = started[0]!.env;
  const time = String(lines[0]!["time"]);
  expect(env).toEqual({ ONEIP_EVENT: "backend.down", ONEIP_EVENT_NUMBER: "1", ONEIP_EVENT_TIME: time });
  expect(JSON.parse(ONEIP_EVENT_JSON!)).toEqual({
    number: 1,
    time,
    event: "backend.down",
    message: "backend is down",
    backend: "web1",
  });
});

test("an event too large for the environment comes without its data", async () => {
  const jsonOf = async (backend: string) => {
    started = [];
    down(backend);
    await clock.advance(0);
    started[0]!.end(0);
    return started[0]!.env["ONEIP_EVENT_JSON"]!;
  };
  const around = (await jsonOf("")).length;
  expect(await jsonOf("x".repeat(100_000 - around))).toHaveLength(100_000);
  const shortened = JSON.parse(await jsonOf("x".repeat(100_001 - around)));
  expect(shortened).toMatchObject({ event: "backend.down", shortened: true });
  expect(shortened.backend).toBeUndefined();
});

test("four run at once, the next one when one has ended, in the order of the events", async () => {
  for (let event = 1; event <= 6; event++) down(`web${event}`);
  await clock.advance(0);
  expect(started).toHaveLength(4);
  started[2]!.end(0);
  await clock.advance(0);
  expect(started.map(({ env }) => env["ONEIP_EVENT_NUMBER"])).toEqual(["1", "2", "3", "4", "5"]);
});

test("one that hangs is killed after 10 s, and the next one has its turn", async () => {
  for (let event = 1; event <= 5; event++) down(`web${event}`);
  await clock.advance(9999);
  expect(started).toHaveLength(4);
  await clock.advance(1);
  expect(started).toHaveLength(5);
  expect(hooks.counts).toEqual({ run: 4, failed: 4, killed: 4, lost: 0 });
  expect(lines.at(-1)).toMatchObject({
    msg: "the command of onEvent failed",
    command: "tell them",
    of: "backend.down",
    reason: "it took longer than 10 s, and was killed with all that it had started",
  });
});

test("a flood costs a bounded queue: what does not fit is lost, counted, and told once", async () => {
  for (let event = 1; event <= 4; event++) down(`web${event}`);
  await clock.advance(0);
  for (let event = 0; event < 256 + 1000; event++) down("web5");
  expect(hooks.counts.lost).toBe(1000);
  await clock.advance(700_000);
  expect(hooks.counts).toEqual({ run: 260, failed: 260, killed: 260, lost: 1000 });
  expect(lines.filter(({ lost }) => lost !== undefined)).toEqual([expect.objectContaining({ lost: 1000 })]);
});

test("one that fails is told with its last words, and its failure is no event", async () => {
  down("web1");
  await clock.advance(0);
  started[0]!.end(3, "first\nno such chat\n");
  await clock.advance(0);
  expect(lines.at(-1)).toMatchObject({ reason: 'it ended with status 3 and said "no such chat"' });
  expect(started).toHaveLength(1);
  expect(hooks.counts).toEqual({ run: 1, failed: 1, killed: 0, lost: 0 });
});

test("without a command, and at the end, nothing runs", async () => {
  for (let event = 1; event <= 5; event++) down(`web${event}`);
  await clock.advance(0);
  hooks.stop();
  down("web6");
  await clock.advance(60_000);
  expect(started).toHaveLength(4);
  expect(hooks.counts).toEqual({ run: 4, failed: 4, killed: 0, lost: 0 });
  expect(clock.waiting).toBe(0);
});

test("a real one gets its environment, and ends with all that it has started", async () => {
  const folder = mkdtempSync(join(tmpdir(), "oneip-hooks-"));
  const real = new Hooks({ log, clock: REAL_CLOCK });
  const ended = join(folder, "ended");
  real.use([
    "sh",
    "-c",
    `printf '%s' "$ONEIP_EVENT_JSON" > ${folder}/json; mkfifo ${folder}/fifo; (exec 3<> ${folder}/fifo; read -r _ <&3; : > ${ended}) & sleep 1000`,
  ]);
  const end = events.listen((event) => real.hear(event));
  down("web1");
  end();
  await until("it runs", () => existsSync(join(folder, "fifo")));
  expect(JSON.parse(readFileSync(join(folder, "json"), "utf8"))).toMatchObject({ backend: "web1" });
  real.stop();
  await until("it was killed", () => real.counts.run === 1);
  expect(existsSync(ended)).toBe(false);
  rmSync(folder, { recursive: true });
});

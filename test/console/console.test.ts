/** `oneip console`: by lines, and on a terminal as a person has it. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { listen, type Listener } from "../../src/api/socket.ts";
import { run } from "../../src/system/programs.ts";
import { oneip } from "../cli/oneip.ts";
import { needsTmux } from "../needs.ts";
import { ONEIP, ROOT } from "../runtime.ts";
import { Terminal } from "../terminal.ts";
import { FakeDispatcher } from "../top/arrange.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-console-"));
const path = join(folder, "socket");
const state = join(folder, "state");
const historyFile = join(state, "oneip/console_history");
afterAll(() => rmSync(folder, { recursive: true }));

let listener: Listener;
beforeEach(async () => {
  listener = await listen(path, new FakeDispatcher(3).sources);
  process.env["ONEIP_CONTROL"] = path;
});
afterEach(() => {
  listener.close();
  delete process.env["ONEIP_CONTROL"];
});

const consoleOf = (...lines: string[]) => oneip("console", ...lines.flatMap((line) => ["-c", line]));

test("a line prints what the command of that name prints", async () => {
  for (const [line, ...command] of [["show status", "status"], ["sh ev", "events"], ["tech", "technique"]]) {
    // Counters have grown in between.
    const shapeOf = ({ stdout }: { stdout: string }) => stdout.replaceAll(/ *\d[\d,]*/g, " N");
    const printed = await oneip(...command);
    expect(printed.stdout).not.toBe("");
    expect(shapeOf(await consoleOf(line!))).toBe(shapeOf(printed));
  }
});

test("several lines are carried out one after another; one that fails has one line, and the status is 1", async () => {
  const { status, stdout, stderr } = await consoleOf(
    ...["drain wbe1", "drain web2", "weight web/web1 3", "weight web1 101", "shwo", "# nothing", "sh nei"],
  );
  expect(status).toBe(1);
  expect(stdout).toMatch(
    /^web\/web2 is draining: by command; .*\nweb\/web1 is up: .*weight 3, .*\naddress .*\n10\.0\.0\.11/,
  );
  expect(stderr).toBe(
    'oneip: There is no backend "wbe1"; use web1 or web2 or web3\n' +
      "oneip: weight: use a whole number from 0 to 100\n" +
      'oneip: "shwo" is no command; use show, explain, drain, undrain, weight, verify, technique, reload or quit\n',
  );
});

test("each show has something to say", async () => {
  for (
    const [line, shown] of [
      [
        "show backends",
        /^cluster +backend +address .*\nweb +web1 +10\.0\.0\.0 +up +reachable +up +active +1 +1365 +1\.2\n/,
      ],
      [
        "show buckets web",
        /^cluster web: 2 buckets, epoch 1, 1 in transition\n.*\nweb1 +1 +50\.0 % +0\nnone +1 +50\.0 % +1\n/,
      ],
      ["show counters", /^at .*\n\nverdict +frames\ndrop_group +\d+\n\nmachine .*\n10\.0\.0\.0 +\d+ +\d+\n/],
      ["show configuration", /^dispatcher/],
      ["show events 1", /backend\.up/],
    ] as const
  ) {
    const { status, stdout, stderr } = await consoleOf(line);
    expect([status, stderr], line).toEqual([0, ""]);
    expect(stdout).toMatch(shown);
  }
});

test("help is made from the contract", async () => {
  expect((await consoleOf("help")).stdout).toMatch(
    /drain \[options\] <backend> \[now\] +No new clients for a backend/,
  );
  expect((await consoleOf("help show")).stdout).toMatch(/buckets .* Who owns each bucket of a cluster/);
});

test("without a dispatcher the error says what to do", async () => {
  listener.close();
  const { status, stderr } = await consoleOf("show status");
  expect(status).toBe(2);
  expect(stderr).toContain("no dispatcher runs; run it with");
});

test("lines come from standard input where that is no terminal", async () => {
  const env = { ONEIP_CONTROL: path, HOME: folder };
  const { status, stdout, stderr } = await run([...ONEIP, "console"], {
    cwd: ROOT,
    env,
    input: "explain 2001:db8::7\nshow bu\n\ndrain ?\nexit\nshow status\n",
  });
  expect(stdout).toMatch(
    /^client +cluster .*\ncluster web: .*\nbackend .*\nweb1 .*\nnone .*\n {2}web1 {2}backend\n {2}web2 .*\n {2}web3 .*\n$/,
  );
  expect([status, stderr]).toEqual([0, ""]);
});

test.skipIf(needsTmux())(
  "on a terminal: Tab, ?, arrows, Ctrl-C, a dispatcher that comes back, Ctrl-D",
  async () => {
    mkdirSync(join(state, "oneip"), { recursive: true });
    writeFileSync(historyFile, "show neighbors\n");
    await using terminal = await Terminal.open(100, 40, { ONEIP_CONTROL: path, XDG_STATE_HOME: state });
    await terminal.type(`${ONEIP.join(" ")} console; echo status $?`);
    await terminal.press("Enter");
    const last = (screen: string) => screen.split("\n").at(-1);
    await terminal.until((screen) => last(screen) === "oneip0>");

    await terminal.press("Up");
    await terminal.until((screen) => last(screen) === "oneip0> show neighbors");
    await terminal.press("C-c");
    await terminal.until((screen) => screen.endsWith("oneip0> show neighbors^C\noneip0>"));

    await terminal.type("sh?");
    await terminal.until((screen) => /^oneip0> sh\?\n {2}show {2}What .*\noneip0> sh$/m.test(screen));
    // Keys that come together are a paste to readline, in which Tab completes nothing.
    await terminal.press("Tab");
    await terminal.until((screen) => last(screen) === "oneip0> show");
    await terminal.type("bac");
    await terminal.until((screen) => last(screen) === "oneip0> show bac");
    await terminal.press("Tab");
    await terminal.until((screen) => last(screen) === "oneip0> show backends");
    await terminal.press("Enter");
    await terminal.until((screen) => /^oneip0> show backends\ncluster +backend [^]*\noneip0>$/m.test(screen));

    await terminal.type("drain we");
    await terminal.until((screen) => last(screen) === "oneip0> drain we");
    await terminal.press("Tab");
    await terminal.until((screen) => last(screen) === "oneip0> drain web");
    await terminal.type("?");
    await terminal.until((screen) =>
      screen.endsWith("  web1  backend\n  web2  backend\n  web3  backend\noneip0> drain web")
    );
    await terminal.type("2");
    await terminal.press("Enter");
    await terminal.until((screen) => screen.includes("web/web2 is draining: by command"));

    listener.close();
    await terminal.until((screen) =>
      screen.endsWith("The dispatcher has ended; the next command looks for one anew\noneip0 (gone)>")
    );
    await terminal.press("Up", "Enter");
    await terminal.until((screen) => screen.includes("oneip: Cannot ask the dispatcher"));
    listener = await listen(path, new FakeDispatcher(3).sources);
    await terminal.press("Up", "Enter");
    await terminal.until((screen) => screen.split("is draining").length === 3 && last(screen) === "oneip0>");

    await terminal.press("C-d");
    await terminal.until((screen) => last(screen) === "$" && screen.includes("status 0"));
    expect(readFileSync(historyFile, "utf8")).toBe("show neighbors\nshow backends\ndrain web2\n");
  },
);

/** `oneip top` on a terminal, as a person has it. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { listen } from "../../src/api/socket.ts";
import { oneip } from "../cli/oneip.ts";
import { needsTmux } from "../needs.ts";
import { ONEIP } from "../runtime.ts";
import { Terminal } from "../terminal.ts";
import { event, FakeDispatcher } from "./arrange.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-top-"));
afterAll(() => rmSync(folder, { recursive: true }));

const COMMAND = `${ONEIP.join(" ")} top; echo status $?`;

// They wait for what comes once a second, so they do it together.
test.skipIf(needsTmux()).concurrent(
  "rows, a drain by keys, a dispatcher that comes back, and the terminal as it was",
  async () => {
    const path = join(folder, "rows");
    const fake = new FakeDispatcher(3);
    let listener = await listen(path, fake.sources);
    await using terminal = await Terminal.open(80, 24, { ONEIP_CONTROL: path });
    try {
      await terminal.type(`echo before; ${COMMAND}`);
      await terminal.press("Enter");
      const first = await terminal.until((screen) =>
        /^> web1 +up +33\.3 % +1\.00 k +800 k +1\.2 ms/m.test(screen)
      );
      expect(first).toMatch(
        /^oneip top {2}oneip0 {2}up 1 h {2}\d\d:00:\d\d {2}epoch 17 {2}buckets moving 0 {2}Deno 2\.9\.5/,
      );
      expect(first).toMatch(/^drop_group +3 +10,8\d\d$/m);
      expect(first).toMatch(/backend\.up {2}web\/web1 {2}its probes succeed/);
      expect(first.split("\n").at(-1)).toContain("q quit  s sort: name");
      expect(first).toMatch(/▃/);
      expect(await terminal.screen(true)).toContain("\x1b[32mup");
      expect(await terminal.modes()).toEqual({ alternate: true, cursor: false });

      fake.ring.add(event(2, "web3"));
      await terminal.until((screen) => screen.includes("web/web3  its probes"));

      await terminal.press("Down");
      await terminal.until((screen) => screen.includes("> web2"));
      await terminal.type("d");
      await terminal.until((screen) => screen.includes("Drain web/web2?"));
      await terminal.type("y");
      await terminal.until((screen) => screen.includes("web/web2 is draining: by command"));
      await terminal.until((screen) => /^> web2 +draining +0\.0 %/m.test(screen));

      await terminal.type("s");
      await terminal.until((screen) => screen.includes("s sort: state"));
      await terminal.type("?");
      await terminal.until((screen) => screen.includes("Any key goes back."));
      await terminal.type("x");
      await terminal.resize(100, 30);
      await terminal.until((screen) => screen.split("\n").length === 30 && screen.includes("> web2"));

      listener.close();
      await terminal.until((screen) => screen.includes("No answer since"));
      listener = await listen(path, fake.sources);
      await terminal.until((screen) => !screen.includes("No answer since"));

      await terminal.type("q");
      const after = await terminal.until((screen) => screen.includes("status 0"));
      expect(after).toContain("before");
      expect(after).not.toContain("oneip0");
      expect(await terminal.modes()).toEqual({ alternate: false, cursor: true });
      await terminal.type("stty -a");
      await terminal.press("Enter");
      expect(await terminal.until((screen) => screen.includes("icanon"))).toMatch(/ icanon .* echo /s);
    } finally {
      listener.close();
    }
  },
);

test.skipIf(needsTmux()).concurrent(
  "without colour where that is not wanted, and the terminal as it was after SIGTERM",
  async () => {
    const path = join(folder, "plain");
    const listener = await listen(path, new FakeDispatcher(3).sources);
    await using terminal = await Terminal.open(80, 24, { ONEIP_CONTROL: path });
    try {
      await terminal.type(`NO_COLOR=1 ${COMMAND}`);
      await terminal.press("Enter");
      await terminal.until((screen) => screen.includes("> web1"));
      expect(await terminal.screen(true)).not.toContain("\x1b[");
      process.kill(await terminal.program(), "SIGTERM");
      await terminal.until((screen) => screen.includes("status 143"));
      expect(await terminal.modes()).toEqual({ alternate: false, cursor: true });
      await terminal.type("stty -a");
      await terminal.press("Enter");
      expect(await terminal.until((screen) => screen.includes("icanon"))).toMatch(/ icanon .* echo /s);
    } finally {
      listener.close();
    }
  },
);

test.concurrent("where there is no terminal it prints one page, with the rates of a second", async () => {
  const path = join(folder, "page");
  const listener = await listen(path, new FakeDispatcher(30).sources);
  process.env["ONEIP_CONTROL"] = path;
  try {
    const { status, stdout, stderr } = await oneip("top");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^ {2}web30 +up +3\.3 % +30\.0 k +24\.0 M +1\.2 ms/m);
    expect(stdout).not.toContain("\x1b");
  } finally {
    delete process.env["ONEIP_CONTROL"];
    listener.close();
  }
});

/** A test with a lab: what it leaves when it fails, and when its process is killed. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readCapture, until } from "oneip";
import { needsRoot } from "../needs.ts";
import { ROOT } from "../runtime.ts";

test.skipIf(needsRoot())(
  "a test with a lab leaves what it saw when it fails, and no lab when it is killed",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "oneip-lab-test-"));
    const config = ["run", "--config", "test/vitest/fails.config.ts"];
    const child = spawn(process.execPath, ["node_modules/vitest/vitest.mjs", ...config], {
      cwd: ROOT,
      env: { ...process.env, FOLDER: folder, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => said += text);
    }
    const ended = once(child, "close");
    const hangs = join(folder, "hangs");
    await until(() => `the last test hangs: ${said}`, () => {
      if (child.exitCode !== null) throw new Error(`vitest has ended: ${said}`);
      return existsSync(hangs) && readFileSync(hangs, "utf8") !== "";
    });
    const [pid, lab = ""] = readFileSync(hangs, "utf8").split(" ");
    expect(readdirSync("/run/netns"), "a lab").toContain(`${lab}-a`);
    process.kill(Number(pid), "SIGKILL");
    await ended;
    await until(
      `nothing of ${lab} is left`,
      () =>
        !existsSync(`/run/oneip/lab/${lab}`) &&
        readdirSync("/run/netns").every((name) => !name.startsWith(`${lab}-`)),
    );

    const [own, shared] = ["with-a-lab-of-its-own", "with-a-lab-of-the-file-this-fails"].map((name) =>
      `test-vitest-fails-ts-${name}`
    );
    expect(readdirSync(folder).sort()).toEqual(["hangs", own, shared]);
    expect(readdirSync(join(folder, own!))).toEqual(["a.setup.log", "b.log", "b.setup.log"]);
    expect(readFileSync(join(folder, shared!, "b.log"), "utf8")).toBe("serving\n");
    // Of this test alone: a ping as it leaves one node and comes to the other, and back.
    const frames = readCapture(readFileSync(join(folder, shared!, "frames.pcapng")));
    const echoes = frames.filter((frame) => frame[12] === 8 && frame[13] === 0 && frame[23] === 1);
    expect(echoes.map((frame) => frame[34])).toEqual([8, 8, 0, 0]);
    expect(said).toContain(
      `"with a lab of the file, this fails" has left in ${
        join(folder, shared!)
      }: frames.pcapng with ${frames.length} frames, a.setup.log, b.log`,
    );
  },
);

/** What guards a lab while it comes up. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { environmentOf, Keeper, newMark } from "../../src/lab/namespaces.ts";
import { needsRoot } from "../needs.ts";

const NOWHERE = "/nonexistent";

/** A program that was started for the lab with this mark. */
async function programOf(mark: string) {
  const program = spawn("sleep", ["infinity"], {
    stdio: "ignore",
    env: { ...process.env, ...environmentOf(mark) },
  });
  await once(program, "spawn");
  return program;
}

test.skipIf(needsRoot())("a keeper that is dismissed leaves everything as it is, each time", async () => {
  const mark = newMark("kept");
  const program = await programOf(mark);
  for (let round = 0; round < 30; round++) await new Keeper(mark, NOWHERE, []).dismiss();
  expect([program.exitCode, program.signalCode]).toEqual([null, null]);
  const ended = once(program, "exit");
  await new Keeper(mark, NOWHERE, []).remove();
  await ended;
  expect(program.signalCode).toBe("SIGKILL");
});

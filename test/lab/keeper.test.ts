/** What guards a lab while it comes up. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { environmentOf, newMark } from "../../src/lab/namespaces.ts";
import { Keeper } from "../../src/lab/keeper.ts";
import { needsRoot } from "../needs.ts";

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
  const name = `t${process.pid}-kept`;
  const mark = newMark(name);
  const record = { name, file: "", nodes: [], mark };
  const program = await programOf(mark);
  for (let round = 0; round < 30; round++) await (await Keeper.start(record)).dismiss();
  expect([program.exitCode, program.signalCode]).toEqual([null, null]);
  const ended = once(program, "exit");
  await (await Keeper.start(record)).remove();
  await ended;
  expect(program.signalCode).toBe("SIGKILL");
});

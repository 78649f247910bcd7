import { expect, test } from "vitest";
import { runChecked } from "../../src/system/programs.ts";
import { needsRoot } from "../needs.ts";
import { runTs } from "../runtime.ts";

test.skipIf(needsRoot())("as process 1: what a command left behind does not stay as a zombie", async () => {
  const alone = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const printed = JSON.parse(await runChecked([...alone, ...runTs("test/device/orphans_probe.ts")]));
  expect(printed).toEqual({ pid: 1, status: 3, before: expect.any(Number), after: 0, next: 4 });
});

/** Tests that fail and one that never ends, for lab_test.test.ts: what do they leave? $FOLDER is where. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { labTest } from "oneip/vitest";

const folder = process.env["FOLDER"]!;
const TOPOLOGY = "test/vitest/two.yaml";

const own = labTest(TOPOLOGY, { scope: "test", captures: false, artifacts: folder });
const shared = labTest(TOPOLOGY, { artifacts: folder });

own("with a lab of its own", ({ lab }) => {
  expect(lab.name).toBe("another");
});

shared("with a lab of the file, this passes", async ({ lab }) => {
  await expect(lab.node("a")).toReach("10.9.0.2");
});

shared("with a lab of the file, this fails", async ({ lab }) => {
  await expect(lab.node("a")).not.toReach("10.9.0.2");
});

shared("and this never ends", async ({ lab }) => {
  writeFileSync(join(folder, "hangs"), `${process.pid} ${lab.name}`);
  await new Promise(() => {});
});

/** `oneip router guide`, asked of a configuration. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runChecked } from "../../src/system/programs.ts";
import { ONEIP, ROOT } from "../runtime.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-router-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the router's guide has the clusters whose frames may come to all, if only when the dispatcher is gone", async () => {
  const file = join(folder, "oneip.yaml");
  const cluster = (name: string, line: string, last: number) =>
    `  - {name: ${name}, ${line}, addresses: [10.0.0.${last}], backends: [{name: web1, address: 10.0.0.11}]}\n`;
  writeFileSync(
    file,
    "dispatcher: {addresses: [10.0.0.2/24]}\nclusters:\n" +
      cluster("plain", "technique: route", 100) + cluster("all", "technique: broadcast", 101) +
      cluster("later", "fallback: broadcast", 102),
  );
  const guides = JSON.parse(
    await runChecked([...ONEIP, "router", "guide", "-c", file, "--json"], { cwd: ROOT }),
  );
  expect(guides.map(({ cluster }: { cluster: string }) => cluster)).toEqual(["all", "later"]);
});

/** Commands about what a fleet shares, where there is nothing to share, or nobody to ask. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { oneip } from "./oneip.ts";

const TEXT = `dispatcher: {addresses: [10.0.0.2/24]}
clusters:
  - {name: web, addresses: [10.1.0.100], backends: [{name: web1, address: 10.0.0.11}]}
`;

let folder: string;
const file = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "oneip-config-fleet-"));
  writeFileSync(file("alone.yaml"), TEXT);
  // Nobody listens at port 1.
  writeFileSync(file("fleet.yaml"), `${TEXT}fleet: {etcd: ["http://127.0.0.1:1", "http://[::1]:1"]}\n`);
  writeFileSync(file("mistake.yaml"), TEXT.replace("name: web,", "nam: web,"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each([["push"], ["pull"], ["history"], ["rollback", "7"], ["diff", "--fleet"]])(
  "config %s",
  async (...words) => {
    const said = async (name: string) => {
      const { status, stderr } = await oneip("config", ...words, "-c", file(name));
      expect(status).toBe(2);
      return stderr;
    };
    expect(await said("alone.yaml")).toBe(
      `oneip: ${file("alone.yaml")} names no etcd, so it shares nothing: add fleet.etcd (docs/etcd.md)\n`,
    );
    expect(await said("fleet.yaml")).toMatch(
      /^oneip: http:\/\/127.0.0.1:1 cannot be reached: ECONNREFUSED; http:\/\/\[::1\]:1 cannot be reached: E\w+\n$/,
    );
    expect(await said("mistake.yaml")).toContain("mistake.yaml:3:6: Unknown key");
  },
);

test("of a comparison with the fleet both are to be said", async () => {
  const said = "oneip: A file is compared with what its fleet shares: give both, --fleet and -c FILE\n";
  expect(await oneip("config", "diff", "--fleet")).toMatchObject({ status: 2, stderr: said });
  expect(await oneip("config", "diff", "-c", file("alone.yaml"))).toMatchObject({ status: 2, stderr: said });
});

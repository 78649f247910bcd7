/** What a configuration says that a backend should be like. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { findFaults } from "../../src/backend/check/find_faults.ts";
import { expectedOf } from "../../src/cli/backend_expected.ts";
import { machine } from "../backend/check/machine.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-expected-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The faults of a backend that drops frames to all, by a configuration with these keys of the cluster. */
function faultsWith(keys: string, technique?: "route" | "broadcast"): string[] {
  const config = join(folder, "oneip.yaml");
  writeFileSync(
    config,
    `dispatcher: {addresses: [10.0.0.2/24]}
clusters: [{name: web, addresses: [10.0.0.100], ${keys}, backends: [{name: web1, address: 10.0.0.11}]}]`,
  );
  const spoilt = machine({ sysctls: { "net.ipv4.conf.all.drop_unicast_in_l2_multicast": 1 } });
  return findFaults(spoilt, expectedOf({ config, technique }, spoilt)).map(({ id }) => id);
}

test("frames to all matter where the technique or the fallback is broadcast, and --technique decides", () => {
  expect(faultsWith("technique: broadcast")).toEqual(["multicast-drop"]);
  expect(faultsWith("fallback: broadcast")).toEqual(["multicast-drop"]);
  expect(faultsWith("technique: route")).toEqual([]);
  expect(faultsWith("technique: route", "broadcast")).toEqual(["multicast-drop"]);
  expect(faultsWith("fallback: broadcast", "route")).toEqual([]);
});

/** A backend and a router, without a dispatcher: what the tests of `oneip backend` share. */

import { join } from "node:path";
import { expect } from "vitest";
import { Lab, type LabNode } from "oneip";
import { ROOT } from "../runtime.ts";
import { CLUSTER, CLUSTER6 } from "./labs.ts";
import { oneipThere } from "./oneip_there.ts";

/** A sound backend. */
export function backendLab(purpose: string): Promise<Lab> {
  return Lab.up(join(ROOT, "test/scenario/backend.yaml"), { name: `t${process.pid}-${purpose}` });
}

interface Fault {
  readonly id: string;
  readonly mend: readonly string[];
  readonly decide: string | null;
}

/** What `oneip backend check` says there. */
export async function check(
  web: LabNode,
  ...options: string[]
): Promise<{ mended: readonly Fault[]; faults: readonly Fault[]; status: number }> {
  const words = ["--cluster", CLUSTER, CLUSTER6, "--port", "80", "53/udp", "--json", ...options];
  const { stdout, stderr, status } = await oneipThere(web, "backend", "check", ...words);
  expect(stderr).toBe("");
  return { ...JSON.parse(stdout), status };
}

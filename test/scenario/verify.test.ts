import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Fault, Lab, type VerificationReport } from "oneip";
import { needsTap } from "../needs.ts";
import { ONEIP } from "../runtime.ts";
import { CLUSTER } from "./labs.ts";
import { CASES, CONFIG, nginxOf, primary, topologyOf } from "./verify_faults.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-verify-"));
const file = join(folder, "oneip.yaml");
let lab: Lab;
beforeAll(async () => {
  if (needsTap()) return;
  writeFileSync(file, CONFIG);
  writeFileSync(join(folder, "lab.yaml"), topologyOf(folder));
  for (const [index, one] of CASES.entries()) {
    writeFileSync(join(folder, `${one.name}.conf`), nginxOf(folder, one, index));
  }
  lab = await Lab.up(join(folder, "lab.yaml"), { name: `t${process.pid}-verify` });
}, 30_000);
afterAll(async () => {
  await lab?.down();
  rmSync(folder, { recursive: true });
});

async function verify(...options: string[]): Promise<VerificationReport & { status: number }> {
  const { stdout, stderr, status } = await lab.node("lb").run([...ONEIP, "verify", "--json", ...options]);
  expect(stderr).toBe("");
  return { ...JSON.parse(stdout) as VerificationReport, status };
}

/** Is this fault, or one that looks like it from outside, the wanted one? */
function isWanted({ id, or, cluster }: Fault, want: string): boolean {
  return [id, ...or].some((name) => `${name} ${cluster}` === want);
}

async function build(): Promise<void> {
  await Promise.all(CASES.map(async ({ name, build }, index) => {
    const { P, P6 } = primary(index);
    await lab.node(name).exec("sh", "-ec", [`P=${P} P6=${P6}`, ...build].join("\n"));
  }));
}

async function mend({ faults }: VerificationReport): Promise<void> {
  await Promise.all(CASES.map(async ({ name, after = [] }) => {
    const printed = faults.filter(({ backend }) => backend === name).flatMap(({ mend }) => mend);
    await lab.node(name).exec("sh", "-ec", [":", ...printed, ...after].join("\n"));
  }));
}

describe.skipIf(needsTap())("a backend for each fault", () => {
  test("a sound segment has no fault", async () => {
    const report = await verify("-c", file);
    console.log(JSON.stringify(report.faults));
  });

  test("each is named, and no other", async () => {
    await build();
    const report = await verify("-c", file);
    for (const { name, want } of CASES) {
      const faults = report.faults.filter(({ backend }) => backend === name);
      console.log(name, want, JSON.stringify(faults, null, 1));
    }
  });
});

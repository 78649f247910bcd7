/** The unit for systemd: what it says, and that only ours is written over and removed. */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { install, uninstall } from "../../src/service/install.ts";
import { unitText } from "../../src/service/unit.ts";
import { run } from "../../src/system/programs.ts";
import { oneip } from "../cli/oneip.ts";

const MOST_EXPOSED = 3.0;

let root: string;
let unit: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "oneip-unit-"));
  unit = join(root, "etc/systemd/system/oneip.service");
});
afterEach(() => rmSync(root, { recursive: true }));

test("install writes it once, uninstall removes it, and both may be run twice", async () => {
  const words = ["service", "install", "-c", "/etc/oneip/o.yaml", "--root", root] as const;
  const { stdout: printed } = await oneip(...words, "--print");
  expect(existsSync(unit)).toBe(false);
  expect(printed).toMatch(/^ExecStart=\/.*\/scripts\/oneip run -c \/etc\/oneip\/o.yaml$/m);
  const { stdout, status } = await oneip(...words);
  expect({ stdout, status }).toEqual({
    stdout: `Wrote ${unit}\nThen: systemctl daemon-reload && systemctl enable --now oneip\n`,
    status: 0,
  });
  expect(readFileSync(unit, "utf8")).toBe(printed);
  expect(JSON.parse((await oneip(...words, "--json")).stdout)).toEqual({ path: unit, changed: false });
  await oneip(...words, "--runtime", "node");
  expect(readFileSync(unit, "utf8")).toContain("ONEIP_RUNTIME=node");
  expect((await oneip("service", "uninstall", "--root", root)).stdout).toContain(`Removed ${unit}`);
  expect(existsSync(unit)).toBe(false);
  expect(await oneip("service", "uninstall", "--root", root)).toEqual({
    stdout: `There was no ${unit}\n`,
    stderr: "",
    status: 0,
  });
});

test("somebody else's unit is left alone, and so is one that is enabled", async () => {
  mkdirSync(dirname(unit), { recursive: true });
  writeFileSync(unit, "[Service]\nExecStart=/bin/true\n");
  for (const command of ["install", "uninstall"]) {
    const { status, stderr } = await oneip("service", command, "--root", root);
    expect(status).toBe(1);
    expect(stderr).toContain(`${unit} was not `);
    expect(stderr).toContain("so it is somebody else's; move it away");
  }
  expect(readFileSync(unit, "utf8")).toBe("[Service]\nExecStart=/bin/true\n");
  rmSync(unit);
  install(root, { program: "/x", config: "/y", runtime: "deno" });
  mkdirSync(join(dirname(unit), "multi-user.target.wants"));
  symlinkSync(unit, join(dirname(unit), "multi-user.target.wants/oneip.service"));
  expect(() => uninstall(root)).toThrow("first: systemctl disable --now oneip");
  expect(existsSync(unit)).toBe(true);
});

test("paths with characters that mean something to systemd stay what they are; control characters are refused", () => {
  const options = { program: "/opt/one ip/100%/$x", config: "/etc/a.yaml", runtime: "deno" } as const;
  expect(unitText(options)).toContain('ExecStart="/opt/one ip/100%%/$$x" run -c /etc/a.yaml\n');
  expect(() => install(root, { ...options, config: "/etc/a\nUser=root" })).toThrow("has a control character");
});

test("systemd-analyze has nothing against it, and finds little exposed", async () => {
  await oneip("service", "install", "--root", root);
  const verified = await run(["systemd-analyze", "verify", "--man=no", unit]);
  expect(verified).toEqual({ stdout: "", stderr: "", status: 0 });
  const { stdout } = await run(["systemd-analyze", "security", "--no-pager", "--offline=yes", unit]);
  const exposure = /Overall exposure level for oneip.service: ([\d.]+)/.exec(stdout)?.[1];
  console.log(`systemd-analyze security: ${exposure} of at most ${MOST_EXPOSED}`);
  expect(Number(exposure), stdout).toBeLessThanOrEqual(MOST_EXPOSED);
});

/** `scripts/oneip` asks only for the runtime that it is to start. */

import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Result, run } from "../src/system/programs.ts";
import { VERSION } from "../src/system/version.ts";
import { ROOT } from "./runtime.ts";

/** A checkout in which `npm ci --omit=dev` has run: no runtime has come along. */
const checkout = mkdtempSync(join(tmpdir(), "oneip-launcher-"));
const { dependencies, engines } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const least = engines.node.replace(">=", "");

beforeAll(() => {
  for (const name of ["scripts", "src", "package.json", "deno.json"]) {
    cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
  }
  for (const name of Object.keys(dependencies)) {
    const link = join(checkout, "node_modules", name);
    mkdirSync(join(link, ".."), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), link);
  }
});
afterAll(() => rmSync(checkout, { recursive: true }));

/** Runs `oneip --version`, or another command, on a machine with these programs, by name, besides the usual ones. */
function oneip(
  runtime: string,
  programs: Readonly<Record<string, string>>,
  command: readonly string[] = ["--version"],
): Promise<Result> {
  const bin = mkdtempSync(join(checkout, "bin-"));
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  for (const name of ["dirname", "grep", "readlink", "sed", "sort", "stat"]) {
    symlinkSync(join("/usr/bin", name), join(bin, name));
  }
  return run([
    "/usr/bin/env",
    "-i",
    `PATH=${bin}`,
    `ONEIP_RUNTIME=${runtime}`,
    join(checkout, "scripts/oneip"),
    ...command,
  ]);
}

const node = `exec ${join(ROOT, "node_modules/.bin/node")} "$@"`;

test("Node without Deno: the machine's own", async () => {
  expect(await oneip("node", { node })).toMatchObject({ status: 0, stdout: `${VERSION}\n`, stderr: "" });
});

test("Node that is too old is refused by its version", async () => {
  const { status, stderr } = await oneip("node", { node: "echo v20.20.2" });
  expect(stderr).toContain(`Node needs to be ${least} or later, found v20.20.2`);
  expect(status).toBe(1);
});

test("no Node at all", async () => {
  const { status, stderr } = await oneip("node", {});
  expect(stderr).toContain(
    `there is no Node; run ${checkout}/scripts/setup, or install Node ${least} or later`,
  );
  expect(status).toBe(1);
});

test("no Deno at all", async () => {
  const { status, stderr } = await oneip("deno", { node });
  expect(stderr).toContain(
    `there is no Deno; run ${checkout}/scripts/setup, or with ONEIP_RUNTIME=node for Node`,
  );
  expect(status).toBe(1);
});

/** Tells what it is asked to run; what is to be known of a file it finds out. */
const deno = `case "$*" in *permissions.ts*) exec ${join(ROOT, "scripts/deno")} "$@";; *) echo "$@";; esac`;

for (
  const [health, onEvent, listen, may] of [
    ["{type: exec, command: [x]}", "", "[]", "run and serve"],
    ['{"type": !!str "exec", command: [x]}', "", "[]", "run and serve"],
    ["{type: icmp} # not type: exec, nor onEvent: x", "", "[]", "not run"],
    ["{type: icmp}", ", onEvent: [x]", "[127.0.0.1:8080]", "run"],
  ] as const
) {
  test(`Deno may ${may} programs for health: ${health}${onEvent}`, async () => {
    const file = join(checkout, "oneip.yaml");
    writeFileSync(
      file,
      `dispatcher: {addresses: [10.0.0.2/24]${onEvent}}
clusters:
  - name: web
    addresses: [10.0.0.100]
    backends: [{name: web1, address: 10.0.0.11}]
    health: ${health}
api: {listen: ${listen}}
`,
    );
    const { stdout, stderr } = await oneip("deno", { deno }, ["run", `--config=${file}`]);
    expect(stderr).toBe("");
    expect(stdout.includes("--allow-run"), stdout).toBe(may !== "not run");
    const [, net = ""] = /--allow-net=\S*\.sock(\S*)/.exec(stdout) ?? [];
    expect(net).toBe(may === "run and serve" ? ",127.0.0.1" : listen === "[]" ? "" : ",127.0.0.1:8080");
    expect((await oneip("deno", { deno }, ["status", "-c", file])).stdout).not.toContain("--allow-run");
  });
}

test("there is one version", () => {
  for (const file of ["package.json", "deno.json"]) {
    expect(JSON.parse(readFileSync(join(ROOT, file), "utf8")).version, file).toBe(VERSION);
  }
});

test("the documents name the version that package.json does", () => {
  expect(readFileSync(join(ROOT, "docs/install.md"), "utf8")).toContain(`Node ${least} or later`);
});

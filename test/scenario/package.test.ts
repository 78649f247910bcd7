/** What npm gets, installed outside of the checkout, and the single executable: both made by scripts/package. */

import {
  copyFileSync,
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
import { beforeAll, describe, expect, test } from "vitest";
import { run, runChecked } from "../../src/system/programs.ts";
import { needsTap } from "../needs.ts";
import { ROOT } from "../runtime.ts";

/** npm has put it there. Where Deno has installed the packages there is neither npm nor this. */
const NODE = join(ROOT, "node_modules/node/bin/node");
const lacks = needsTap() || !existsSync(NODE);

/** npm's cache is in memory: there it unpacks all the files, removes them, and unpacks them again, which costs a disk's file system seconds. */
const MEMORY = "/dev/shm";

/** In the checkout "oneip" is the sources. Here it is what npm has installed. */
const env = { NODE_OPTIONS: "", PATH: `${dirname(NODE)}:${process.env["PATH"]}` };

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

describe.skipIf(lacks)("the package of npm", () => {
  const project = mkdtempSync(join(tmpdir(), "oneip-project-"));
  const modules = join(project, "node_modules");
  const tarball = join(project, `oneip-${manifest.version}.tgz`);

  /** The packages that it needs are here already, so that npm asks nobody for them. */
  beforeAll(async () => {
    await runChecked(["npm", "pack", "--silent", "--pack-destination", project], { cwd: ROOT, env });
    writeFileSync(join(project, "package.json"), '{"private": true, "type": "module"}');
    const link = (name: string) => {
      mkdirSync(dirname(join(modules, name)), { recursive: true });
      symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
    };
    for (const name of Object.keys(manifest.dependencies)) link(name);
    const quietly = ["--offline", "--no-save", "--no-audit", "--no-fund", "--no-package-lock", "--silent"];
    const cache = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "oneip-npm-"));
    try {
      await runChecked(["npm", "install", ...quietly, "--cache", cache, tarball], { cwd: project, env });
    } finally {
      rmSync(cache, { recursive: true, force: true });
    }
    for (const name of ["vitest", "typescript", "@types/node"]) link(name);
    copyFileSync(join(ROOT, "test/example.test.ts"), join(project, "example.test.ts"));
  });

  test("publint and attw find no fault in it", async () => {
    const { stderr } = await run([NODE, join(ROOT, "scripts/check_package.ts"), tarball], {
      env,
    });
    expect(stderr).toBe("");
  });

  test("JSR would take the sources, but for a licence", async () => {
    const publish = ["publish", "--dry-run", "--allow-dirty", "--no-check"];
    const { stderr } = await run([join(ROOT, "scripts/deno"), ...publish], {
      cwd: ROOT,
      env: { NO_COLOR: "1" },
    });
    expect(stderr.match(/^(error|warning)\[.*/gm)).toEqual([
      "error[missing-license]: missing license field or file",
    ]);
  });

  test("npx runs the command", async () => {
    const { stdout } = await run(["npx", "--offline", "oneip", "--version"], { cwd: project, env });
    expect(stdout).toBe(`${manifest.version}\n`);
  });

  test("the library's example has types", async () => {
    const options = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2024", "--module", "nodenext"];
    const lib = ["--lib", "es2024,esnext.disposable", "--types", "node"];
    await runChecked([join(modules, "typescript/bin/tsc"), ...options, ...lib, "example.test.ts"], {
      cwd: project,
      env,
    });
  });

  test.concurrent.each([
    ["Deno", [join(ROOT, "scripts/deno"), "run", "--quiet", "-A"]],
    ["Node", [NODE]],
  ])("the library's example runs on %s", async (_, runtime) => {
    const vitest = ["node_modules/vitest/vitest.mjs", "run", "--testTimeout=600000"];
    const { status, stdout, stderr } = await run([...runtime, ...vitest], { cwd: project, env });
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toContain("1 passed");
  });
});

describe.skipIf(lacks)("the single executable", () => {
  const folder = mkdtempSync(join(tmpdir(), "oneip-executable-"));
  const name = `t${process.pid}-single`;

  const topology = `
name: one
topology:
  nodes:
    client: {exec: [ip address add 10.0.0.1/24 dev eth1, ip route add 10.0.0.100 via 10.0.0.2]}
    lan: {kind: bridge}
    lb:
      kind: oneip
      startup-config: one.oneip.yaml
      exec: [ip link add br0 type bridge forward_delay 0, ip link set eth1 master br0, ip link set br0 up]
    web1:
      exec:
        - ip address add 10.0.0.11/24 dev eth1
        - sysctl -qw net.ipv4.conf.all.arp_ignore=1
        - ip address add 10.0.0.100/32 dev lo scope host
      cmd: $SERVER web1
      ports: [80/tcp]
  links:
    - {endpoints: ["client:eth1", "lan:client"], delay: 1ms}
    - endpoints: ["lb:eth1", "lan:lb"]
    - endpoints: ["web1:eth1", "lan:web1"]
`;
  const config = `
dispatcher: {bridge: br0, addresses: [10.0.0.2/24]}
clusters:
  - {name: web, addresses: [10.0.0.100], backends: [{name: web1, address: 10.0.0.11}]}
`;

  beforeAll(async () => {
    writeFileSync(join(folder, "one.yaml"), topology);
    writeFileSync(join(folder, "one.oneip.yaml"), config);
    await runChecked([join(ROOT, "scripts/node"), join(ROOT, "scripts/package.ts"), join(folder, "oneip")]);
  });

  test("checks a configuration, runs a lab with its dispatcher and its server, and trusts no files that others may change", async () => {
    // A machine without the checkout, and without a PATH.
    const script = `
mount -t tmpfs oneip "$1"
cd "$2"
oneip() { env -i PATH= CACHE_DIRECTORY="$PWD/cache" ./oneip "$@"; }
trap 'oneip lab down "$3" >&2' EXIT
oneip check -c one.oneip.yaml
oneip lab up one.yaml --name "$3"
oneip lab exec "$3" client curl -sS --max-time 60 http://10.0.0.100/
chmod 777 cache/*
oneip lab graph routing 2>&1 || chmod 755 cache/*
`.replaceAll("$3", name);
    const printed = await runChecked(["unshare", "--mount", "bash", "-ec", script, "bash", ROOT, folder]);
    expect(printed).toMatch(
      /^dispatcher\n[^]*Lab "\S+" is up: client, lan, lb, web1; .*\n.*\nweb1\n.* is not this user's alone/,
    );
  });
});

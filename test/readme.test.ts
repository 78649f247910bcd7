import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Lab, until } from "oneip";
import { runChecked } from "../src/lab/shell.ts";
import { spawn } from "node:child_process";
import { needsRoot, needsTap } from "./needs.ts";
import { ROOT, RUNTIME } from "./runtime.ts";

const README = readFileSync(join(ROOT, "README.md"), "utf8");

const folder = mkdtempSync(join(tmpdir(), "oneip-readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The text of the code block behind the comment `<!-- MARK -->`. */
function block(mark: string): string {
  const text = README.split(`<!-- ${mark} -->\n`)[1]?.match(/^```\w+\n([\s\S]*?)^```$/m)?.[1];
  if (text === undefined) throw new Error(`README has no block "${mark}"`);
  return text;
}

const env = { PATH: `${join(ROOT, "scripts")}:${process.env["PATH"]}`, ONEIP_RUNTIME: RUNTIME };
const environment = Object.entries(env).map(([name, value]) => `${name}='${value}'`).join(" ");

test("the example is the test that runs", () => {
  expect(block("file: test/example.test.ts")).toBe(readFileSync(join(ROOT, "test/example.test.ts"), "utf8"));
});

const BARE = `
name: bare
topology:
  nodes:
    client: {exec: [ip address add 192.0.2.11/24 dev eth1, ip route add default via 192.0.2.1]}
    router:
      exec:
        - sysctl -qw net.ipv4.ip_forward=1
        - ip address add 192.0.2.1/24 dev eth1
        - ip address add 10.0.0.1/24 dev eth2
    lan: {kind: bridge}
    lb: {}
    web1: &web
      exec: [ip address add 10.0.0.11/24 dev eth1, ip route add default via 10.0.0.1]
      cmd: $RUN_TS ${ROOT}netns/server.ts backend 127.0.0.1
      ports: [80/tcp]
    web2: {<<: *web, exec: [ip address add 10.0.0.12/24 dev eth1, ip route add default via 10.0.0.1]}
  links:
    - endpoints: ["client:eth1", "router:eth1"]
    - endpoints: ["router:eth2", "lan:router"]
    - endpoints: ["lb:eth1", "lan:lb"]
    - endpoints: ["web1:eth1", "lan:web1"]
    - endpoints: ["web2:eth1", "lan:web2"]
`;

test.skipIf(needsTap())("the three steps in front of real servers, as they stand there", async () => {
  writeFileSync(join(folder, "bare.yaml"), BARE);
  writeFileSync(join(folder, "oneip.yaml"), block("file: oneip.yaml"));
  await using lab = await Lab.up(join(folder, "bare.yaml"), { name: `t${process.pid}-readme` });
  for (const backend of ["web1", "web2"]) await lab.node(backend).exec("sh", "-ec", block("on: backend"));
  const [program = "", ...args] = lab.node("lb").command(["sh", "-ec", block("on: dispatcher")]);
  const dispatcher = spawn(program, args, { cwd: folder, env: { ...process.env, ...env } });
  let log = "";
  dispatcher.stdout.setEncoding("utf8").on("data", (text: string) => log += text);
  await until("the dispatcher runs", () => log.includes('"msg":"running"'));
  await lab.node("router").exec("sh", "-ec", block("on: router"));
  expect(await lab.node("client").exec("curl", "-sS", "--max-time", "5", "http://10.0.0.100/")).toBe(
    "backend\n",
  );
});

test.skipIf(needsRoot())("the commands for a backend, on one", async () => {
  writeFileSync(join(folder, "bare.yaml"), BARE);
  await using lab = await Lab.up(join(folder, "bare.yaml"), { name: `t${process.pid}-readme-backend` });
  // A namespace shares the host's files: its records and configuration go elsewhere.
  const state = `--state ${join(folder, "state")}`;
  const own = block("on: a backend").replace(/ (setup|teardown) .*/g, `$& ${state}`)
    .replaceAll("systemd-networkd", `systemd-networkd --root ${folder}`);
  const command = lab.node("web1").command(["sh", "-ec", `export ${environment}\n${own}`]);
  const printed = await runChecked(command);
  expect(printed).toMatch(
    /^ip address add 10.0.0.100\/32 dev lo scope host$[^]*^ok +10.0.0.100: no fault found$/m,
  );
  expect(printed.trimEnd().split("\n").at(-1)).toMatch(/^remove .*oneip-10.0.0.100.conf$/);
  const any = block("on: any machine").replace("netstat -nr", "ip route show table all");
  const router = lab.node("router").command(["sh", "-ec", `export ${environment}\n${any}`]);
  expect(await runChecked(router)).toMatch(
    /^no extra route \(linux\)[^]*# windows: alias/,
  );
});

const commands = README.split("## Commands")[1]!.match(/^```sh\n([\s\S]*?)^```$/m)![1]!.trim().split("\n");

test.skipIf(needsTap())("every command runs", async () => {
  writeFileSync(join(folder, "oneip.yaml"), block("file: oneip.yaml"));
  const name = `t${process.pid}-commands`;
  for (const command of commands) {
    // Under a name of its own, so that a reader's lab of the same name is left alone.
    const own = command.replace(/lab up (\w+)/, `lab up $1 --name ${name}`).replace(
      /lab (exec|down) \w+/,
      `lab $1 ${name}`,
    );
    const printed = await runChecked(["sh", "-c", own], { cwd: folder, env });
    expect(printed, command).not.toBe("");
  }
});

test("every command that it shows in a table exists", async () => {
  const help = await runChecked(["oneip", "--help"], { env });
  const rows = [...README.split("## Commands")[1]!.matchAll(/^\| `(\w+)/gm)].map(([, word]) => word!);
  expect(rows.length).toBeGreaterThan(5);
  for (const word of rows) expect(help).toMatch(new RegExp(`^ {2}${word}\\b`, "m"));
});

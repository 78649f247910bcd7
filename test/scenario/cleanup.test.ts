import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { CommandError, Lab, type LabInfo, until } from "oneip";
import { run, runChecked } from "../../src/system/programs.ts";
import { oneip } from "../cli/oneip.ts";
import { needsTap } from "../needs.ts";
import { ONEIP, ROOT } from "../runtime.ts";

const TOPOLOGY = join(ROOT, "netns/routing.yaml");

async function namespaces(prefix: string): Promise<string[]> {
  const printed = await runChecked(["ip", "netns", "list"]);
  return printed.split("\n").map((line) => line.split(" ")[0]!).filter((name) => name.startsWith(prefix));
}

/** Processes whose command line names this lab; inside its namespaces there can be none when those are gone. */
function processes(text: string): string[] {
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
    } catch {
      return false; // It has ended meanwhile.
    }
  });
}

async function expectNothingLeft(lab: string): Promise<void> {
  await until(
    `nothing of ${lab} is left`,
    async () =>
      (await namespaces(`${lab}-`)).length === 0 && !existsSync(`/run/oneip/lab/${lab}`) &&
      processes(lab).length === 0,
  );
}

describe.skipIf(needsTap())("labs leave nothing behind:", () => {
  const name = `t${process.pid}-cleanup`;
  afterEach(() => Lab.down(name));

  test("two labs side by side do not disturb each other", async () => {
    const [one, two] = [await Lab.up(TOPOLOGY, { name }), await Lab.up(TOPOLOGY, { name: `${name}2` })];
    try {
      const ask = (lab: Lab) =>
        lab.node("client1").exec("curl", "-s", "--max-time", "60", "http://10.0.0.100/");
      const first = await ask(one);
      expect(await ask(two)).toBe(first);
      await two.node("web1").program!.stop();
      await two.node("lb").program!.stop();
      expect(await ask(one)).toBe(first);
      await two.down();
      expect(await ask(one)).toBe(first);
      expect((await namespaces(`${name}-`)).length).toBe(10);
    } finally {
      await two.down();
      await one.down();
    }
    await expectNothingLeft(name);
  });

  test("a second lab of the same name is refused and harms the first in nothing", async () => {
    const lab = await Lab.up(TOPOLOGY, { name });
    await expect(Lab.up(TOPOLOGY, { name })).rejects.toThrow(
      `A lab "${name}" is up already; remove it with "oneip lab down ${name}"`,
    );
    expect(await lab.node("client1").exec("curl", "-s", "--max-time", "60", "http://10.0.0.100/")).toMatch(
      /^web/,
    );
    await lab.down();
    await expectNothingLeft(name);
  });

  test("a set-up line that fails is shown, and takes the lab with it", async () => {
    const file = join(tmpdir(), `${name}.yaml`);
    writeFileSync(
      file,
      "name: broken\ntopology:\n  nodes:\n    a: {exec: [ip link set lo up, ip address add nonsense dev lo]}\n",
    );
    const failure = await Lab.up(file, { name }).then(() => undefined, (error) => error as Error);
    expect(failure).toBeInstanceOf(CommandError);
    expect(failure!.message).toContain("+ ip address add nonsense dev lo");
    await expectNothingLeft(name);
  });

  test("a program that ends at once is shown with its last words", async () => {
    const file = join(tmpdir(), `${name}.yaml`);
    writeFileSync(
      file,
      'name: broken\ntopology:\n  nodes:\n    a: {cmd: sh -c "echo no luck; exit 3", ports: [80/tcp]}\n',
    );
    await expect(Lab.up(file, { name })).rejects.toThrow(/ended before it was ready; it printed:\nno luck/);
    await expectNothingLeft(name);
  });

  test.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)("%s in the middle of `lab up`", async (signal) => {
    // With a link whose frames a program carries.
    const [program = "", ...args] = [...ONEIP, "lab", "up", "mobile", "--name", name];
    const child = spawn(program, args, { stdio: "ignore" });
    const ended = once(child, "exit");
    await until("some of it is up", async () => (await namespaces(`${name}-`)).length > 5);
    child.kill(signal);
    await ended;
    await expectNothingLeft(name);
  });

  test.each(["SIGINT", "SIGKILL"] as const)("%s in the middle of the demo", async (signal) => {
    const [program = "", ...args] = [...ONEIP, "demo"];
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
    const ended = once(child, "exit");
    let printed = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => printed += text);
    await until("requests are on their way", () => printed.includes("requests to"));
    child.kill(signal);
    await ended;
    await expectNothingLeft(`demo-${child.pid}`);
  });

  test("`lab up`, `list`, `exec`, `shell` and `down`, as a person uses them", async () => {
    const lab = (...args: string[]) => run([...ONEIP, "lab", ...args]);
    const list = async () =>
      (JSON.parse((await oneip("lab", "list", "--json")).stdout) as LabInfo[]).find((info) =>
        info.name === name
      );
    expect((await lab("up", "routing", "--name", name)).stdout).toContain(
      `Lab "${name}" is up: client1, client2,`,
    );
    expect(await list()).toMatchObject({ nodes: expect.arrayContaining(["web4"]), ended: [] });
    const answer = await lab("exec", name, "client1", "curl", "-s", "--max-time", "60", "http://10.0.0.100/");
    expect(answer.stdout).toMatch(/^web[1-4]\n$/);
    expect((await lab("exec", name, "client1", "sh", "-c", "exit 7")).status).toBe(7);
    // On a terminal, as its prompt shows.
    const shell = await run(["script", "-qec", `${ONEIP.join(" ")} lab shell ${name} router`, "/dev/null"], {
      input: "ip -br address show dev eth2; uname -n; exit 4\n",
      env: { SHELL: "/bin/sh" },
    });
    expect(shell).toMatchObject({ status: 4, stdout: expect.stringContaining("10.0.0.1/24") });
    expect(shell.stdout).toContain(`${name}-router# `);
    expect(shell.stdout).toContain(`\n${name}-router\r\n`);
    expect((await oneip("lab", "graph", name, "--format", "mermaid")).stdout).toMatch(
      /web1\["web1<br>.*lo 10\.0\.0\.100\/32.*eth1 10\.0\.0\.11\/24/,
    );
    process.kill(Number(readFileSync(`/run/oneip/lab/${name}/web2.pid`, "utf8")), "SIGKILL");
    await until("the server has ended", async () => (await list())?.ended.join() === "web2");
    expect((await oneip("lab", "list")).stdout).toMatch(new RegExp(`^${name} +10 +web2 +/`, "m"));
    const unknown = await oneip("lab", "exec", name, "nobody", "true");
    expect(unknown).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('has no node "nobody"; it has client1,'),
    });
    expect(await lab("down", name)).toMatchObject({ status: 0 });
    expect(await lab("down", name), "twice is no fault").toMatchObject({ status: 0 });
    await expectNothingLeft(name);
  });
});

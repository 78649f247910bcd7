/** A lab removes what was made for it, and nothing else. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { Lab, until } from "oneip";
import { folderOf } from "../../src/lab/record.ts";
import { run, runChecked } from "../../src/system/programs.ts";
import { needsRoot } from "../needs.ts";
import { ONEIP } from "../runtime.ts";

const name = `t${process.pid}-own`;
const folder = mkdtempSync(join(tmpdir(), "oneip-foreign-"));
const topology = join(folder, "own.yaml");
writeFileSync(topology, "name: own\ntopology: {nodes: {a: {}, b: {}}}\n");
afterAll(() => rmSync(folder, { recursive: true }));

const oneip = (...words: string[]) => run([...ONEIP, "lab", ...words]);
const exists = (namespace: string) => existsSync(`/run/netns/${namespace}`);

describe.skipIf(needsRoot())("a lab removes nothing of others:", () => {
  const others: ChildProcess[] = [];
  const foreign = new Set<string>();

  /** A program that is not the lab's: it must live until the test ends. */
  async function start(command: string[], env: Record<string, string> = {}): Promise<ChildProcess> {
    const [program = "", ...args] = command;
    const child = spawn(program, args, { stdio: "ignore", env: { ...process.env, ...env } });
    others.push(child);
    // It has its environment and its namespace when it is `sleep`.
    const comm = () => readFileSync(`/proc/${child.pid}/comm`, "utf8");
    await until("it sleeps", () => child.exitCode === null && /^(sleep|unshare)\n/.test(comm()));
    return child;
  }

  async function makeForeign(namespace: string): Promise<ChildProcess> {
    await runChecked(["ip", "netns", "add", namespace]);
    foreign.add(namespace);
    return await start(["ip", "netns", "exec", namespace, "sleep", "infinity"]);
  }

  const isAlive = ({ exitCode, signalCode }: ChildProcess) => exitCode === null && signalCode === null;

  afterEach(async () => {
    await Lab.down(name);
    for (const child of others.splice(0)) {
      if (!isAlive(child)) continue;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    }
    for (const namespace of foreign) await run(["ip", "netns", "del", namespace]);
    foreign.clear();
  });

  test("somebody's namespace of a node's name is told of by name, and neither `up` nor `down` harms it", async () => {
    const sleeper = await makeForeign(`${name}-b`);
    const up = await oneip("up", topology, "--name", name);
    expect(up.stderr).toContain(
      `The namespace ${name}-b exists and was not made for a lab; remove it with "ip netns del ${name}-b" or choose`,
    );
    expect(up.status).toBe(2);
    expect([exists(`${name}-a`), existsSync(folderOf(name))]).toEqual([false, false]);
    const down = await oneip("down", name);
    expect(down.stderr).toContain(`The namespace ${name}-b stays: it was not made for a lab`);
    expect(down.status).toBe(0);
    expect([exists(`${name}-b`), isAlive(sleeper)]).toEqual([true, true]);
  });

  test("a namespace that somebody put in the place of the lab's own stays", async () => {
    const lab = await Lab.up(topology, { name, keep: true });
    await runChecked(["ip", "netns", "del", `${name}-b`]);
    const sleeper = await makeForeign(`${name}-b`);
    expect(await Lab.down(name)).toEqual([`${name}-b`]);
    expect([exists(`${name}-a`), exists(`${name}-b`)]).toEqual([false, true]);
    expect([isAlive(sleeper), existsSync(folderOf(lab.name))]).toEqual([true, false]);
  });

  test("the same when the lab's process ends", async () => {
    {
      await using _lab = await Lab.up(topology, { name });
      await runChecked(["ip", "netns", "del", `${name}-b`]);
      await makeForeign(`${name}-b`);
    }
    expect([exists(`${name}-a`), exists(`${name}-b`)]).toEqual([false, true]);
    expect(others.every(isAlive)).toBe(true);
  });

  test("a lab whose name begins with this one's stays whole", async () => {
    const longer = `${name}-a`;
    await using other = await Lab.up(topology, { name: longer });
    await Lab.up(topology, { name, keep: true });
    expect(await Lab.down(name)).toEqual([]);
    expect([exists(`${name}-a`), exists(`${longer}-a`)]).toEqual([false, true]);
    expect((await other.node("b").exec("cat", "/sys/class/net/lo/ifalias")).trim()).toMatch(
      new RegExp(`^ONEIP_LAB=${longer}\\.`),
    );
  });

  test("another lab's namespace of a node's name is told of by the lab's name", async () => {
    const deep = join(folder, "deep.yaml");
    writeFileSync(deep, "name: deep\ntopology: {nodes: {x-a: {}}}\n");
    await using _other = await Lab.up(topology, { name: `${name}-x` });
    await expect(Lab.up(deep, { name })).rejects.toThrow(
      `The namespace ${name}-x-a exists, found that of the lab "${name}-x", choose a --name`,
    );
  });

  test("programs are known by the whole mark: those of a lab of that name in a container live on", async () => {
    await Lab.up(topology, { name, keep: true });
    const mark = (JSON.parse(readFileSync(join(folderOf(name), "lab.json"), "utf8")) as { mark: string }).mark
      .replace("ONEIP_LAB=", "");
    const own = await start(["sleep", "infinity"], { ONEIP_LAB: mark });
    const marks = [name, `${name}.another`, `${mark}0`, mark.replace(".", "x"), `${name}x`];
    for (const other of marks) await start(["sleep", "infinity"], { ONEIP_LAB: other });
    await start(["unshare", "--pid", "--fork", "--kill-child", "sleep", "infinity"], {
      ONEIP_LAB: `${name}.another`,
    });
    // A line of another variable is no variable.
    await start(["sleep", "infinity"], { OTHER: `\nONEIP_LAB=${mark}\n` });
    await Lab.down(name);
    await until("the lab's own has ended", () => !isAlive(own));
    expect(others.filter((child) => child !== own).map(isAlive)).toEqual(Array(marks.length + 2).fill(true));
  });

  test("a record with a mark that is none ends nothing", async () => {
    const stranger = await start(["sleep", "infinity"], { ONEIP_LAB: "" });
    for (const mark of ["", "ONEIP_LAB=", "HOME=/root"]) {
      mkdirSync(folderOf(name), { recursive: true });
      writeFileSync(join(folderOf(name), "lab.json"), JSON.stringify({ name, file: "", nodes: ["a"], mark }));
      await Lab.down(name);
      expect(isAlive(stranger), mark).toBe(true);
    }
  });

  test("a lab that has lost its record is found by its mark", async () => {
    await Lab.up(topology, { name, keep: true });
    rmSync(folderOf(name), { recursive: true });
    await expect(Lab.up(topology, { name })).rejects.toThrow(`A lab "${name}" is up already; remove it with`);
    expect(await Lab.down(name)).toEqual([]);
    expect([exists(`${name}-a`), exists(`${name}-b`)]).toEqual([false, false]);
  });

  test("the keeper of a lab that was removed leaves a later lab of that name alone", async () => {
    const first = await Lab.up(topology, { name });
    await Lab.down(name);
    await Lab.up(topology, { name, keep: true });
    await first.down();
    expect(Lab.open(name).node("a").namespace).toBe(`${name}-a`);
    expect([exists(`${name}-a`), exists(`${name}-b`)]).toEqual([true, true]);
  });

  test("what a kill in the middle of making a namespace leaves is removed", async () => {
    await Lab.up(topology, { name, keep: true });
    await runChecked(["ip", "netns", "del", `${name}-b`]);
    writeFileSync(`/run/netns/${name}-b`, "", { mode: 0 });
    await Lab.down(name);
    expect(exists(`${name}-b`)).toBe(false);
  });
});

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "oneip";
import { inOwnGroup } from "../../src/system/group.ts";
import { CommandError, formatCommand, run, runChecked } from "../../src/system/programs.ts";

test("input, folder and environment reach the program, and what it prints comes back", async () => {
  const command = ["sh", "-c", 'cat; pwd; echo "$WORD" >&2; exit 3'];
  expect(await run(command, { input: "in\n", cwd: "/", env: { WORD: "word" } })).toEqual({
    stdout: "in\n/\n",
    stderr: "word\n",
    status: 3,
  });
});

test("a failure says which command, with which status, and what it printed", async () => {
  const failed = await runChecked(["sh", "-c", "echo why >&2; exit 3"]).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(CommandError);
  expect((failed as Error).message).toBe(
    "Command failed with status 3: sh -c 'echo why >&2; exit 3'\n  why",
  );
});

test("a program that a signal has ended has the status that a shell would give", async () => {
  expect((await run(["sh", "-c", "kill -TERM $$"])).status).toBe(143);
});

test("a missing program is named, and a known one with its package", async () => {
  await expect(run(["no-such-program"])).rejects.toThrow('There is no program "no-such-program" here');
  // Where no program is found, this one is missing as well.
  await expect(run(["nft"], { env: { PATH: "/nowhere" } })).rejects.toThrow(
    'There is no program "nft" here; install it, on Debian with: apt-get install nftables',
  );
});

test("a program is missing too where PATH leads to something that cannot be run", async () => {
  const folder = mkdtempSync(join(tmpdir(), "oneip-path-"));
  try {
    mkdirSync(join(folder, "no-such-program"));
    await expect(run(["no-such-program"], { env: { PATH: `${folder}:/usr/bin` } })).rejects.toThrow(
      'There is no program "no-such-program" here',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a folder that is not there is not taken for a missing program", async () => {
  const error = await run(["true"], { cwd: "/nowhere" }).catch((error: Error) => error);
  expect(error).toBeInstanceOf(Error);
  expect((error as Error).message).not.toContain("no program");
});

test("time is up: the program is killed, although a program that it has started holds its output open", async () => {
  await expect(run(["sh", "-c", "sleep 5 & sleep 5"], { timeoutMs: 50 })).rejects.toThrow(
    `"sh -c 'sleep 5 & sleep 5'" was killed: it took longer than 50 ms`,
  );
});

/** Does a process with this id run? */
function isRunning(pid: string): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Prints its own id and that of a child, and stays, whatever it is told. */
const STAYS = ["bash", "-c", 'trap "" TERM HUP; sleep 1000 & echo $$ $!; wait; sleep 1000'];

test("a group of its own: what comes back is the program's", async () => {
  const command = ["sh", "-c", 'cat; echo "$WORD"; echo no >&2; exit 3'];
  expect(await run(command, { ownGroup: true, env: { WORD: "word" } })).toEqual({
    stdout: "word\n",
    stderr: "no\n",
    status: 3,
  });
  expect((await run(["sh", "-c", "kill -TERM $$"], { ownGroup: true })).status).toBe(143);
  expect((await run(["sh", "-c", "kill -KILL 0"], { ownGroup: true })).status).toBe(137);
  expect(await run(["exit", "0"], { ownGroup: true }), "no shell reads them").toMatchObject({
    status: 127,
    stderr: expect.stringContaining("exit: "),
  });
});

test("a group of its own: what the program leaves behind ends with it", async () => {
  const { stdout, status } = await run(["sh", "-c", "sleep 1000 & echo $!"], { ownGroup: true });
  expect(status).toBe(0);
  await until("the child is gone", () => !isRunning(stdout.trim()));
});

test("a group of its own ends when it is no longer wanted, and when we end", async () => {
  const folder = mkdtempSync(join(tmpdir(), "oneip-group-"));
  const file = join(folder, "pids");
  const stop = new AbortController();
  const running = run(["sh", "-c", 'exec "$@" > "$0"', file, ...STAYS], {
    ownGroup: true,
    signal: stop.signal,
  });
  running.catch(() => {});
  const pids = await until("they have said who they are", () => {
    const text = readOrNothing(file);
    return text.endsWith("\n") && text.trim().split(" ");
  });
  expect(pids.map(isRunning)).toEqual([true, true]);
  stop.abort(new Error("no longer wanted"));
  await expect(running).rejects.toThrow("no longer wanted");
  await until("both are gone", () => !pids.some(isRunning));

  // The pipe that leads into it is the group's only tie to us.
  const [leader = "", ...args] = inOwnGroup(STAYS);
  const child = spawn(leader, args, { stdio: ["pipe", "pipe", "ignore", "ignore"], detached: true });
  let printed = "";
  child.stdout?.on("data", (text: Uint8Array) => printed += text.toString());
  const others = await until(
    "they have said who they are",
    () => printed.endsWith("\n") && printed.trim().split(" "),
  );
  expect(others.map(isRunning)).toEqual([true, true]);
  child.stdin?.destroy();
  await until("both are gone", () => !others.some(isRunning));
  rmSync(folder, { recursive: true });
});

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

test("a command is printed as a shell would read it", () => {
  expect(formatCommand(["ip", "address", "del", "10.0.0.100/32", "dev", "lo"])).toBe(
    "ip address del 10.0.0.100/32 dev lo",
  );
  expect(formatCommand(["echo", "it's", "", "$HOME"])).toBe(`echo 'it'\\''s' '' '$HOME'`);
});

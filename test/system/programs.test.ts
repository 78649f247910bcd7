import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
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

test("a command is printed as a shell would read it", () => {
  expect(formatCommand(["ip", "address", "del", "10.0.0.100/32", "dev", "lo"])).toBe(
    "ip address del 10.0.0.100/32 dev lo",
  );
  expect(formatCommand(["echo", "it's", "", "$HOME"])).toBe(`echo 'it'\\''s' '' '$HOME'`);
});

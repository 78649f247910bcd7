import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { run } from "../../src/system/programs.ts";
import { needsTap } from "../needs.ts";
import { ONEIP } from "../runtime.ts";

test.skipIf(needsTap())(
  "the demo answers every client by one backend, past the dispatcher, and leaves nothing",
  async () => {
    // The process number names the lab: somebody else's demo may run beside this one.
    const numbered = ["sh", "-c", 'echo "pid $$" >&2; exec "$@"', "sh", ...ONEIP];
    const { status, stdout, stderr } = await run([...numbered, "demo", "--json"]);
    expect(status, stderr).toBe(0);
    const story = JSON.parse(stdout);
    expect(story.clients).toBeGreaterThanOrEqual(64);
    expect(story.backends).toHaveLength(4);
    expect(story.request.map(({ from, to }: { from: string; to: string }) => [from, to])).toEqual([
      ["router", "dispatcher"],
      ["dispatcher", expect.stringMatching(/^web/)],
    ]);
    expect(story.reply.map(({ to }: { to: string }) => to)).toEqual(["router"]);
    expect(story.frames.repliesThroughDispatcher).toBe(0);
    expect(story.frames.toDispatcher).toBe(story.frames.dispatched);
    expect(story.checks.every(({ passed }: { passed: boolean }) => passed)).toBe(true);
    const lab = `demo-${/^pid (\d+)$/m.exec(stderr)![1]}`;
    const { stdout: namespaces } = await run(["ip", "netns", "list"]);
    expect(namespaces).not.toContain(`${lab}-`);
    expect(existsSync(`/run/oneip/lab/${lab}`)).toBe(false);
  },
);

test.skipIf(needsTap())(
  "for a person it prints the table, the way of a request, and the checks",
  async () => {
    const { stdout, stderr } = await run([...ONEIP, "demo"], { env: { NO_COLOR: "1" } });
    expect(stderr).toContain("384 requests to 10.0.0.100 from 96 clients");
    expect(stdout).toMatch(/web1 +10\.0\.0\.11 +1024 +\d+ +\d+ +\d+\.\d %/);
    expect(stdout).toMatch(/request {2}router +\S+ {2}-> {2}dispatcher 02:00:00:00:00:02/);
    expect(stdout.match(/^ok /gm)).toHaveLength(4);
  },
);

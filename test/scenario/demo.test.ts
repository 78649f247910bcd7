import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { run } from "../../src/system/programs.ts";
import { needsTap, needsUserNamespace } from "../needs.ts";
import { OrdinaryUser } from "../ordinary_user.ts";
import { ONEIP, ROOT } from "../runtime.ts";

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

test.skipIf(needsTap() || needsUserNamespace())(
  "for a person it prints the table, the way of a request, and the checks: for an ordinary user as well",
  async () => {
    const user = new OrdinaryUser();
    onTestFinished(() => user.remove());
    const { status, stdout, stderr } = await user.run([join(ROOT, "scripts/demo")], {
      tun: "open",
      env: { NO_COLOR: "1" },
    });
    expect(status, stderr).toBe(0);
    expect(stderr).toContain("384 requests to 10.0.0.100 from 96 clients");
    expect(stdout).toMatch(/web1 +10\.0\.0\.11 +1024 +\d+ +\d+ +\d+\.\d %/);
    expect(stdout).toMatch(/request {2}router +\S+ {2}-> {2}dispatcher 02:00:00:00:00:02/);
    expect(stdout.match(/^ok /gm)).toHaveLength(4);
    expect([user.processes(), readdirSync(join(user.folder, "oneip/lab"))], "nothing is left").toEqual([
      [],
      [],
    ]);
  },
);

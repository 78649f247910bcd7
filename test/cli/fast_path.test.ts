/** The program of the fast path, as `oneip fast-path listing` prints it. */

import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { runOneip } from "../../src/cli/run_oneip.ts";
import { REASONS } from "../../src/kernel/program/passed_up.ts";
import { ROOT } from "../runtime.ts";

const CONFIG = join(ROOT, "netns/routing.oneip.yaml");

/** What it prints, in this process: to start another one costs more than the rest. */
async function listing(...options: readonly string[]): Promise<string> {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    expect(await runOneip(["fast-path", "listing", "-c", CONFIG, ...options])).toBe(undefined);
    return log.mock.calls.join("\n");
  } finally {
    log.mockRestore();
  }
}

test("a line for each instruction, with every place to jump to, for the TAP and for the uplink", async () => {
  const text = await listing();
  const lines = text.split("\n");
  const [, count] = /^; The fast path, where frames come out of the TAP: (\d+) instructions$/.exec(
    lines[0]!,
  )!;

  // Numbered from 0 to the end. A constant of 64 bits takes two numbers.
  const numbers = lines.flatMap((line) => /^ +(\d+) {2}\S/.exec(line)?.[1] ?? []).map(Number);
  expect(numbers[0]).toBe(0);
  expect(numbers.at(-1)).toBe(Number(count) - 1);
  const gaps = numbers.slice(1).map((number, index) => number - numbers[index]!);
  expect(new Set(gaps)).toEqual(new Set([1, 2]));

  const labels = lines.flatMap((line) => /^(\w+):$/.exec(line)?.[1] ?? []);
  const targets = lines.flatMap((line) => /goto (\w+)$/.exec(line)?.[1] ?? []);
  expect(labels).toEqual(
    expect.arrayContaining(["ipv4", "ipv6", "bucket", "fits", "rewritten", "counted_to_cluster", "next"]),
  );
  // Who is alone is always active.
  const reasons = REASONS.filter((reason) => reason !== "not_active");
  expect(labels).toEqual(expect.arrayContaining(reasons.map((reason) => `passed_up_${reason}`)));
  expect(new Set(labels)).toEqual(new Set([...labels, ...targets]));
  expect(text).toContain("\n; As if the dispatcher had written it to its device.\n");

  const uplink = await listing("--uplink");
  expect(uplink).toMatch(/^; The fast path, where frames come in on the uplink: /);
  expect(uplink).toContain("\n; Out again where it came in.\n");
});

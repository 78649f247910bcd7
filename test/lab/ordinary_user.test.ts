/** Whoever is not root is told so, and nothing else. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UsageError } from "oneip";
import { oneipProgram } from "../../src/cli/program.ts";

beforeEach(() => {
  vi.spyOn(process, "geteuid").mockReturnValue(1000);
});
afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  ["lab", "up", "routing"],
  ["lab", "down", "routing"],
  ["lab", "list"],
  ["lab", "list", "--json"],
  ["lab", "exec", "routing", "client1", "true"],
  ["lab", "shell", "routing", "client1"],
  ["demo"],
])("oneip %s %s %s", async (...words) => {
  const program = await oneipProgram(words[0]);
  const failure = await program.parseAsync(words, { from: "user" }).then(() => undefined, (error) => error);
  expect(failure).toBeInstanceOf(UsageError);
  expect(failure.message).toBe("A lab needs root, found user 1000, run it with sudo");
});

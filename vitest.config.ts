import { defineConfig } from "vitest/config";

// One suite for both runtimes. Forks, because scenario tests start programs and the TAP's worker needs a process of its own.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    // The last resort: what waits for something (until, curl, ping) has a limit of its own, at which it says what it waited for.
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});

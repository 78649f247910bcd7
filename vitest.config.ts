import { defineConfig } from "vitest/config";

// One suite for both runtimes. Forks, because scenario tests start programs and the TAP's worker needs a process of its own.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

import { defineConfig } from "vitest/config";

/** The suite of lab_test.test.ts, whose tests fail. */
export default defineConfig({
  test: {
    include: ["test/vitest/fails.ts"],
    pool: "forks",
    experimental: { viteModuleRunner: false, nodeLoader: false },
    testTimeout: 600_000,
  },
});

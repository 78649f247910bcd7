import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { leftToOther } from "./test/halves.ts";
import { isQuick } from "./test/needs.ts";
import { RUNTIME } from "./test/runtime.ts";

/**
 * First the files that bring up labs, and the playground's page: they wait for other programs more than they work, so that the
 * others fill the gaps, and none is alone at the end.
 */
class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const waits = ({ moduleId }: TestSpecification) =>
      /\/test\/(docs\.test|playground\/page\.test|scenario\/)/.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(waits), ...sorted.filter((file) => !waits(file))];
  }
}

// What the tests import as "oneip" are the sources, as in scripts/node, whatever a test starts on Node.
process.env["NODE_OPTIONS"] = `--conditions=oneip-source ${process.env["NODE_OPTIONS"] ?? ""}`;

// One suite for both runtimes. Forks, because scenario tests start programs; not one for each file, which would cost more than most
// of the tests in it.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // All scenarios need labs. The example is quoted in a document as one writes it: it asks for no more than root.
    exclude: [...leftToOther(RUNTIME), ...(isQuick ? ["test/example.test.ts", "test/scenario/**"] : [])],
    globalSetup: ["test/folder.ts"],
    pool: "forks",
    isolate: false,
    // Tests leave much behind at once. With room for it V8 tidies up half as often, which takes a fifteenth less CPU in all.
    execArgv: ["--min-semi-space-size=32", "--max-semi-space-size=32"],
    runner: "test/runner.ts",
    // The runtime itself loads the files, as outside of tests: Vite would make every call from one file to another dearer.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    // For 2 cores: half of the tests that bring up labs wait for something, and no others.
    maxWorkers: isQuick ? 2 : 4,
    maxConcurrency: 4,
    sequence: { sequencer: WaitingFirst },
    // The last resort: what waits for something (until, curl, ping) has a limit of its own, at which it says what it waited for.
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});

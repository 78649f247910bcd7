/** A test of vitest that has a lab, and leaves what is needed to understand it when it fails. */

import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { test as base, type TestAPI } from "vitest";
import { Lab } from "../lab/lab.ts";
import { folderOf } from "../lab/record.ts";
import { Observer } from "../observe/observer.ts";

/** How often the lab comes up, and what a test that fails leaves. */
export interface LabTestOptions {
  /** One lab for all tests of a file, or one for each test. Default: "file". */
  readonly scope?: "file" | "test";
  /** Are frames kept, so that a test that fails leaves a capture? It takes a program for each lab. Default: true. */
  readonly captures?: boolean;
  /** Where tests that fail leave what there is: a folder for each. Default: "test-results". */
  readonly artifacts?: string;
}

/** As vitest's own `test`, with these besides. */
export type LabTest = TestAPI<{
  /** It is up, under a name that no other lab has. It goes with its file or test, and with the process, even when that is killed. */
  lab: Lab;
  /** The folder that holds a capture of every interface (`frames.pcapng`) and the log of every node when the test has failed. */
  artifacts: string;
}>;

/** A `test` with a lab of this topology: a file, or the name of one that comes along, such as "routing". */
export function labTest(topology: string, options: LabTestOptions = {}): LabTest {
  const { scope = "file", captures = true, artifacts: folder = "test-results" } = options;
  const up = async ({}: object, { onCleanup }: { onCleanup: (cleanup: () => Promise<void>) => void }) => {
    const lab = await Lab.up(topology);
    onCleanup(() => lab.down());
    if (captures) await (await Observer.of(lab)).capture();
    return lab;
  };
  const withLab = (scope === "file" ? base.extend("lab", { scope }, up) : base.extend("lab", up)) as TestAPI<
    { lab: Lab }
  >;
  return withLab.extend("artifacts", { auto: true }, async ({ lab, task }, { onCleanup }) => {
    const own = resolve(folder, folderNameOf(task.fullName));
    const mark = captures ? await (await Observer.of(lab)).mark() : undefined;
    // A test's hooks for failures come too late: a lab of its own has gone by then.
    onCleanup(async () => {
      if (task.result?.state !== "fail") return;
      mkdirSync(own, { recursive: true });
      const files = keepLogs(lab, own);
      if (mark !== undefined) {
        const { frames, missed } = await (await Observer.of(lab)).save(join(own, "frames.pcapng"), mark);
        files.unshift(`frames.pcapng with ${frames} frames${missed === 0 ? "" : `, which lacks ${missed}`}`);
      }
      console.error(`"${task.name}" has left in ${own}: ${files.join(", ")}`);
    });
    return own;
  }) as unknown as LabTest;
}

/** Copies what the nodes of a lab have printed: their programs, and the shell lines that set them up. The files' names. */
function keepLogs(lab: Lab, folder: string): string[] {
  const logs = readdirSync(folderOf(lab.name)).filter((file) => file.endsWith(".log")).sort();
  for (const log of logs) copyFileSync(join(folderOf(lab.name), log), join(folder, log));
  return logs;
}

/** Octets; most file systems take 255. */
const LONGEST_NAME = 200;

function folderNameOf(test: string): string {
  const plain = test.replaceAll(/[^\p{L}\p{N}]+/gu, "-").replaceAll(/^-|-$/g, "");
  return Buffer.from(plain).subarray(0, LONGEST_NAME).toString().replace(/\ufffd+$/, ""); // Cut within a letter.
}

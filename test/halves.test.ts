import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { HALVES } from "./halves.ts";
import { ROOT } from "./runtime.ts";

test("every file that runs on one runtime is there, and on one only", () => {
  const files = Object.values(HALVES).flat();
  expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  expect(new Set(files).size).toBe(files.length);
});

/** What an agent takes for a key. */

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { looseModeOf, readKey } from "../../../src/input/shared_key.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-key-"));
afterAll(() => rmSync(folder, { recursive: true }));

function keyFile(text: string): string {
  const path = join(folder, "cluster.key");
  writeFileSync(path, text);
  return path;
}

test.each(["a".repeat(16), "abab".repeat(10), "1234567".repeat(3)])(
  "a key that is easily guessed is refused: %s",
  (text) => {
    expect(() => readKey(keyFile(text), "all backends")).toThrow(
      "different characters, 8 or more are needed; make one with",
    );
  },
);

test("a random key is taken, in whatever form it is written", () => {
  for (const text of ["q83Jx0Zk7Wv2mB1s", "9f3c1a7be2604d58", "9f3c1a7be2604d589f3c1a7be2604d58"]) {
    expect(readKey(keyFile(`${text}\n`), "all backends").length).toBe(text.length);
  }
});

test("a key that others may read or write is noticed", () => {
  const path = keyFile("sixteen characters or more");
  const loose = [0o600, 0o400, 0o640, 0o604, 0o666].map((mode) => {
    chmodSync(path, mode);
    return looseModeOf(path);
  });
  expect(loose).toEqual([undefined, undefined, "640", "604", "666"]);
});

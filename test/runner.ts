/**
 * Loads each test file by its own name. To that vitest adds the time, so that it can load a file again when it has changed; but by
 * another name in each run Node would neither find what it has compiled before, nor ever stop adding to that.
 */

import { TestRunner } from "vitest";

export default class extends TestRunner {
  override importFile(path: string): unknown {
    return import(path);
  }
}

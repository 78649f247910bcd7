/** The page in Chromium, from a file. One browser serves all tests, since its start is the dearest of all. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LIMIT_MS, openBrowser, openPage, type Watched } from "../dashboard/browser.ts";
import { ROOT } from "../runtime.ts";
import { lessons } from "./lessons.ts";

export interface Opened extends Watched {
  /** Of the page. */
  readonly url: string;
}

describe("the playground", () => {
  const folder = mkdtempSync(join(tmpdir(), "oneip-playground-"));
  let browser: Browser;
  let opened: Opened;
  beforeAll(async () => {
    const built = spawnSync(join(ROOT, "scripts/playground"), [folder], { encoding: "utf8" });
    expect([built.status, built.stderr]).toEqual([0, ""]);
    browser = await openBrowser();
    const url = pathToFileURL(join(folder, "index.html")).href;
    opened = { ...await openPage(browser), url };
    await opened.page.goto(url);
    await opened.page.locator("[data-machine]").first().waitFor();
  }, LIMIT_MS);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  lessons(() => opened);

  test("no script has failed, and the security policy has refused nothing", () => {
    expect([opened.faults, opened.errors]).toEqual([[], []]);
  });
});

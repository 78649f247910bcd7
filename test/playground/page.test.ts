/** The page in Chromium, from a file. One browser serves all tests, since its start is the dearest of all. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildPage, type Built } from "../../scripts/playground_page.ts";
import { LIMIT_MS, openBrowser, openPage, type Watched } from "../dashboard/browser.ts";
import { lessons } from "./lessons.ts";
import { looks } from "./looks.ts";
import { moments } from "./moments.ts";

export interface Opened extends Watched {
  /** Of the page. */
  readonly url: string;
}

describe("the playground", () => {
  const folder = mkdtempSync(join(tmpdir(), "oneip-playground-"));
  let browser: Browser;
  let opened: Opened;
  let sizes: Built["sizes"];
  beforeAll(async () => {
    const file = join(folder, "index.html");
    const [built, started] = await Promise.all([buildPage(), openBrowser()]);
    browser = started;
    sizes = built.sizes;
    writeFileSync(file, built.page);
    const url = pathToFileURL(file).href;
    opened = { ...await openPage(browser), url };
    await opened.page.goto(url);
    await opened.page.locator("[data-machine]").first().waitFor();
  }, LIMIT_MS);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  test("its script is within what a page may have", () => {
    console.log(`${sizes.script} octets of script in the page, ${sizes.unpacked} unpacked`);
    expect(sizes.script).toBeLessThanOrEqual(400_000);
    // What the browser runs is more than that: it shall not grow unseen.
    expect(sizes.unpacked).toBeLessThan(650_000);
  });

  lessons(() => opened);
  looks(() => opened);
  moments(() => opened);

  test("no script has failed, and the security policy has refused nothing", () => {
    expect([opened.faults, opened.errors]).toEqual([[], []]);
  });
});

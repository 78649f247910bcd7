/** Chromium with a page in it, and all that the page complains of. */

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { ROOT } from "../runtime.ts";

/** Where pictures of the page are kept; git ignores it. */
const PICTURES = join(ROOT, "test/output");

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const SIZES = {
  wide: { width: 1280, height: 800 },
  narrow: { width: 360, height: 640 },
  huge: { width: 3840, height: 2160 },
};

/** No condition of a test waits so long but for a hang. */
export const LIMIT_MS = 120_000;

/** As root it has no sandbox; what it opens is our own page. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    timeout: LIMIT_MS,
  });
}

/** A page that shows time draws itself some twenty times a second: sixty would take a fifth more of the CPU, and no test sees them. */
const FEWER_PICTURES = `{
  const next = requestAnimationFrame;
  globalThis.requestAnimationFrame = (picture) => setTimeout(() => next(picture), 40);
}`;

export interface Watched {
  readonly page: Page;
  /** Errors of scripts, and what the security policy has refused; never any. */
  readonly faults: readonly string[];
  /** Other errors in the console, such as of requests that failed. */
  readonly errors: readonly string[];
}

export async function openPage(browser: Browser): Promise<Watched> {
  const context = await browser.newContext({
    viewport: SIZES.wide,
    colorScheme: "light",
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(LIMIT_MS);
  await page.addInitScript(FEWER_PICTURES);
  const faults: string[] = [];
  const errors: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    (/security policy/i.test(message.text()) ? faults : errors).push(
      `${message.text()} ${message.location().url}`,
    );
  });
  return { page, faults, errors };
}

/** Rules that are broken in a way that axe calls serious or critical, with the elements. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      readonly axe: {
        run(): Promise<
          { violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[] }
        >;
      };
    };
    const { violations } = await axe.run();
    return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`)
      );
  });
}

export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `dashboard-${name}.png`) });
}

/** The colour of each bucket in the map. */
export function mapOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { document } = globalThis as unknown as { document: { getElementById(id: string): never } };
    const canvas = document.getElementById("grid") as {
      readonly width: number;
      readonly height: number;
      getContext(kind: string): { getImageData(...of: number[]): { readonly data: Uint8ClampedArray } };
    };
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return Array.from(
      { length: data.length / 4 },
      (_, bucket) => data.slice(4 * bucket, 4 * bucket + 3).join(),
    );
  });
}

/** Presses Tab until the focus is at the control of this name. Throws when it comes round without it. */
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let pressed = 0; pressed < 200; pressed++) {
    await page.keyboard.press("Tab");
    const focused = page.locator(":focus");
    if (await focused.count() === 0) continue;
    const names = [await focused.getAttribute("aria-label"), await focused.getAttribute("id")];
    if (names.includes(name)) return;
  }
  throw new Error(`No Tab leads to ${name}`);
}

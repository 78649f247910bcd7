/**
 * How the page of the playground (docs/playground.md) runs in Chromium: how soon it is there, how many pictures a second it draws of fifty
 * machines, and what each picture takes.
 *
 *     node_modules/.bin/node scripts/benchmark/page_pictures.ts [SECONDS]
 *
 * A picture is a call of requestAnimationFrame. "A gap" is the longest time between two of them. "Script" is the time that Chromium ran
 * JavaScript, and "all" is whatever its main thread did, with layout and styles: both in milliseconds for each picture.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { formatTable } from "../../src/cli/table.ts";
import { webScene } from "../../src/playground/lessons/scenes.ts";
import type { Moment } from "../../src/playground/page/address.ts";
import type { Session } from "../../src/playground/page/session.ts";
import { openBrowser, openPage } from "../../test/dashboard/browser.ts";
import { buildPage } from "../playground_page.ts";
import { spreadOf } from "./statistics.ts";

const SECONDS = Number(process.argv[2] ?? 5);
const LOADS = 8;
/** With router, switch and dispatcher they are fifty machines. */
const CLIENTS = 23;
const BACKENDS = 24;
/** Between two requests of a client. */
const EVERY_MS = 20;
/** Microseconds of the world in a second: frames are seen on their way; in as much time as passes; as fast as it can. */
const SPEEDS = [100, 1_000_000, 60_000_000];

interface InBrowser {
  readonly playground: { readonly session: Session; show(moment: Moment): Promise<void> };
  readonly document: { querySelector(of: string): object | null };
  readonly MutationObserver: new (call: () => void) => {
    observe(node: object, what: { readonly childList: boolean; readonly subtree: boolean }): void;
    disconnect(): void;
  };
  requestAnimationFrame(call: (ms: number) => void): void;
}

/** Milliseconds from the beginning of each load until machines are drawn. */
async function loads(browser: Browser, url: string): Promise<number[]> {
  const found: number[] = [];
  for (let load = 0; load < LOADS; load++) {
    const { page } = await openPage(browser);
    await page.addInitScript(() => {
      const { document, MutationObserver } = globalThis as unknown as InBrowser;
      const observer = new MutationObserver(() => {
        if (document.querySelector("[data-machine]") === null) return;
        observer.disconnect();
        performance.mark("machines");
      });
      observer.observe(document, { childList: true, subtree: true });
    });
    await page.goto(url);
    await page.locator("[data-machine]").first().waitFor();
    found.push(await page.evaluate(() => performance.getEntriesByName("machines")[0]!.startTime));
    await page.context().close();
  }
  return found;
}

/** The gaps between all pictures of some seconds, and what Chromium did meanwhile, in milliseconds. */
async function pictures(page: Page, speed: number) {
  await page.evaluate(async ([speed]) => {
    const { playground: { session } } = globalThis as unknown as InBrowser;
    await session.seek(320_000);
    Object.assign(session, { speed, direction: 1, passesQuiet: false });
  }, [speed] as const);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable");
  const spent = async () => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    const of = (name: string) => 1000 * metrics.find((one) => one.name === name)!.value;
    return { script: of("ScriptDuration"), all: of("TaskDuration") };
  };
  const before = await spent();
  const [gaps, wentUs] = await page.evaluate(async ([seconds]) => {
    const browser = globalThis as unknown as InBrowser;
    const { session } = browser.playground;
    const next = () => new Promise<number>((resolve) => browser.requestAnimationFrame(resolve));
    const began = await next();
    const beganUs = session.shownUs;
    const gaps: number[] = [];
    for (let at = began; at < began + 1000 * seconds;) {
      const now = await next();
      gaps.push(now - at);
      at = now;
    }
    session.direction = 0;
    return [gaps, session.shownUs - beganUs] as const;
  }, [SECONDS] as const);
  const after = await spent();
  return { gaps, wentUs, script: after.script - before.script, all: after.all - before.all };
}

async function fiftyMachines(page: Page): Promise<void> {
  const scene = webScene({ clients: CLIENTS, backends: BACKENDS, cluster: ["health: []"] });
  await page.evaluate(async ([scene, clients, everyMs]) => {
    const { playground } = globalThis as unknown as InBrowser;
    await playground.show({ scene, schedule: [], atUs: 0 });
    const { session } = playground;
    await session.seek(300_000);
    for (let client = 1; client <= clients; client++) {
      await session.do({ do: "ask", client: `client${client}`, to: "10.0.0.100", port: 80, everyMs });
    }
  }, [scene, CLIENTS, EVERY_MS] as const);
}

const folder = mkdtempSync(join(tmpdir(), "oneip-pictures-"));
const browser = await openBrowser();
try {
  const file = join(folder, "index.html");
  const { page: text, sizes } = await buildPage();
  writeFileSync(file, text);
  const url = pathToFileURL(file).href;
  console.log(
    `${browser.version()}, ${cpus().length} cores, load ${
      loadavg().map((load) => load.toFixed(1)).join(" ")
    }`,
  );
  console.log(`${sizes.script} octets of script in the page, ${sizes.unpacked} unpacked`);
  const start = spreadOf(await loads(browser, url))!;
  const ms = (value: number) => value.toFixed(0);
  console.log(
    `machines are there ${ms(start.median)} ms after the load began (${ms(start.least)} to ${
      ms(start.most)
    }, ${LOADS} loads)`,
  );
  const { page, faults } = await openPage(browser);
  await page.goto(url);
  await page.locator("[data-machine]").first().waitFor();
  await fiftyMachines(page);
  const rows: string[][] = [];
  for (const speed of SPEEDS) {
    const { gaps, wentUs, script, all } = await pictures(page, speed);
    const tookMs = gaps.reduce((sum, gap) => sum + gap, 0);
    rows.push([
      `${speed / 1e6} s`,
      `${(wentUs / 1e3 / tookMs).toFixed(4)} s`,
      (1000 * gaps.length / tookMs).toFixed(1),
      `${Math.max(...gaps).toFixed(1)} ms`,
      `${(script / gaps.length).toFixed(2)} ms`,
      `${(all / gaps.length).toFixed(2)} ms`,
    ]);
  }
  console.log(
    `${CLIENTS + BACKENDS + 3} machines, each client asks every ${EVERY_MS} ms, ${SECONDS} s each:`,
  );
  console.log(
    formatTable(["a second is to show", "shows", "pictures a second", "longest gap", "script", "all"], rows),
  );
  if (faults.length > 0) throw new Error(faults.join("\n"));
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}

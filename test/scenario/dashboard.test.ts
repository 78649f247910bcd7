/** The dashboard in Chromium, before a dispatcher at work: what people see of it, and what they do. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Browser } from "playwright-core";
import { explain, type Lab, until } from "oneip";
import { type Relay, relay } from "../../src/api/relay.ts";
import {
  keepPicture,
  LIMIT_MS,
  mapOf,
  openBrowser,
  openPage,
  seriousFindings,
  SIZES,
  tabTo,
  type Watched,
} from "../dashboard/browser.ts";
import { needsTap } from "../needs.ts";
import {
  clientOf,
  clients,
  CONFIG,
  download,
  downloadInTwo,
  expected,
  labWith,
  sha256OfBytes,
  TEN_MB,
} from "./labs.ts";

/** One of its own. */
function bucketOf(backend: string): number {
  return explain(CONFIG, [clientOf(backend)], [])[0]!.bucket;
}

describe.skipIf(needsTap())("the dashboard", () => {
  let lab: Lab;
  let browser: Browser;
  let opened: Relay;
  let watched: Watched;
  beforeAll(async () => {
    [lab, browser] = await Promise.all([
      labWith(
        "dashboard",
        (config) => config.replace("    backends:", "    ports: [80/tcp]\n    backends:"),
      ),
      openBrowser(),
    ]);
    const namespace = await lab.node("lb").exec("stat", "-Lc", "%i", "/proc/self/ns/net");
    opened = await relay(`/run/oneip/${namespace.trim()}.sock`, 0);
    watched = await openPage(browser);
    await watched.page.goto(opened.url);
    await at("up", 4).waitFor();
  }, LIMIT_MS);
  afterAll(async () => {
    await browser?.close();
    opened?.close();
    await lab?.down();
  });

  const says = (text: string | RegExp) => watched.page.getByText(text).first().waitFor();
  /** The row of a backend, or the last of so many in this state. */
  const row = (name: string) => watched.page.locator(`tr[data-backend="${name}"]`);
  const at = (state: string, count: number) => watched.page.locator(`.state.${state}`).nth(count - 1);
  test("it is connected, keeps its token out of sight, and shows each backend", async () => {
    const { page } = watched;
    await says("Connected");
    expect(new URL(page.url()).hash).toBe("");
    await says("4 of 4 live");
    await page.getByRole("img", {
      name: /Bucket map of 4,096 buckets: web\d 25%, web\d 25%, web\d 25%, web\d 25%/,
    }).waitFor();
    await page.locator("#plot-frames canvas").waitFor();
  });

  test("a click drains a backend while downloads run: only its buckets move, and nothing is cut", async () => {
    const { page } = watched;
    const client1 = lab.node("client1");
    const before = await mapOf(page);
    const [client, colour] = [clientOf("web2"), before[bucketOf("web2")]!];
    const held = downloadInTwo(client1, client);
    await until(
      "web2 has the client",
      async () => (await lab.node("web2").exec("ss", "-Htn")).includes(client),
    );
    const running = Promise.all(clients(4).map((client) => download(client1, client)));
    await page.getByRole("button", { name: "Drain web2", exact: true }).click();
    await row("web2").locator(".state.draining").waitFor();
    await says(/ 1,024 of 4,096 buckets moved: web2 → web\d \d+, web2 → web\d \d+, web2 → web\d \d+$/);
    const after = await until("the grid shows it", async () => {
      const now = await mapOf(page);
      return !now.includes(colour) && now;
    });
    const moved = before.flatMap((colour, bucket) => colour === after[bucket] ? [] : [colour]);
    expect(new Set(moved), "nobody else's").toEqual(new Set([colour]));
    expect(moved.length).toBe(1024);
    held.goOn();
    const sum = await sha256OfBytes(TEN_MB);
    expect([await held.sum, ...await running]).toEqual(new Array(5).fill(sum));
    await page.locator(".events code").getByText("backend.draining").waitFor();
  });

  test("a client's address shows its bucket and its backend, and why", async () => {
    const { page } = watched;
    const client = clientOf("web2");
    await page.getByLabel("Client's address").fill(client);
    await page.getByRole("button", { name: "Find" }).click();
    await page.locator(".way").getByText(expected([client], ["web2"])[client]!).waitFor();
    await says("web2, whose bucket it is, is draining");
    await page.locator("#mark").waitFor();
    await page.getByLabel("Client's address").fill("nonsense");
    await page.getByRole("button", { name: "Find" }).click();
    await says('"nonsense" is no address');
    expect(await page.locator("#mark").isHidden()).toBe(true);
  });

  test.each(["light", "dark"] as const)(
    "in %s, wide and narrow, axe has no serious finding, and nothing is cut off",
    async (colorScheme) => {
      const { page } = watched;
      await page.emulateMedia({ colorScheme });
      for (const size of Object.values(SIZES)) {
        await page.setViewportSize(size);
        await page.getByLabel("Client's address").waitFor();
        expect(await seriousFindings(page)).toEqual([]);
        const width = await page.evaluate("document.documentElement.scrollWidth");
        expect(width).toBeLessThanOrEqual(size.width);
        await keepPicture(page, `${size.width}x${size.height}-${colorScheme}`);
      }
      await page.setViewportSize(SIZES.wide);
    },
  );

  test("by keyboard alone: another weight, and an end of the drain", async () => {
    const { page } = watched;
    await page.locator("h1").click(); // The focus begins at the top.
    await tabTo(page, "Weight of web1");
    await page.keyboard.type("3");
    await page.keyboard.press("Enter");
    await says("web1 has weight 3");
    await tabTo(page, "Undrain web2");
    await page.keyboard.press("Enter");
    await says("web2 is up");
    await row("web2").locator(".state.up").waitFor();
    await says(/ buckets moved: .*→ web2 /);
  });

  test("until the dispatcher restarts there is no error in the console", () => {
    expect(watched.errors.filter((error) => !error.includes("address=nonsense"))).toEqual([]);
  });

  test("the dispatcher restarts: the page says that it is not connected, and comes back by itself", async () => {
    const { page } = watched;
    await lab.node("lb").program!.stop();
    await says("Not connected since");
    await lab.node("lb").program!.start();
    await says("Connected");
    await page.getByText("Not connected since").waitFor({ state: "detached" });
    expect(await page.getByRole("spinbutton", { name: "Weight of web1" }).inputValue()).toBe("1");
  });

  test("without the token nothing is shown, and there is a field for it", async () => {
    const { page } = watched;
    const [address = "", token = ""] = opened.url.split("#token=");
    await page.evaluate("sessionStorage.clear()");
    await page.goto(address);
    await says("The token is missing");
    expect(await page.locator("tr[data-backend]").count()).toBe(0);
    await page.getByLabel("give the token").fill(token);
    await page.keyboard.press("Enter");
    await at("up", 4).waitFor();
    expect(await page.getByLabel("give the token").count()).toBe(0);
  });

  test("no script has failed, and the security policy has refused nothing", () => {
    expect(watched.faults).toEqual([]);
  });
});

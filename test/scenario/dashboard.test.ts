/** The dashboard in Chromium, before a dispatcher at work: what people see of it, and what they do. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Browser } from "playwright-core";
import type { Lab } from "oneip";
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
  download,
  downloadInTwo,
  expected,
  labWith,
  sha256OfBytes,
  TEN_MB,
} from "./labs.ts";

const BUCKETS = 65_536;

describe.skipIf(needsTap())("the dashboard", () => {
  let lab: Lab;
  let browser: Browser;
  let opened: Relay;
  let watched: Watched;
  beforeAll(async () => {
    [lab, browser] = await Promise.all([
      labWith(
        "dashboard",
        (config) =>
          config.replace("    backends:", `    buckets: ${BUCKETS}\n    ports: [80/tcp]\n    backends:`),
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
  /** The picture, once the flashes are over: as many buckets have the colour of each backend as the table says. */
  const mapAtRest = async (owners: number) => {
    for (;;) {
      const map = await mapOf(watched.page);
      if (new Set(map).size === owners) return map;
    }
  };

  test("it is connected, keeps its token out of sight, and shows each backend", async () => {
    const { page } = watched;
    await says("Connected");
    expect(new URL(page.url()).hash).toBe("");
    await says("4 of 4 live");
    expect(await mapAtRest(4)).toHaveLength(BUCKETS);
    await page.getByRole("img", { name: /Bucket map of 65,536 buckets: web\d 25%/ }).waitFor();
    await page.locator("#plot-frames canvas").waitFor();
  });

  test("a click drains a backend while downloads run: only its buckets move, and nothing is cut", async () => {
    const { page } = watched;
    const client1 = lab.node("client1");
    const before = await mapAtRest(4);
    const held = downloadInTwo(client1, clientOf("web2"));
    const running = Promise.all(clients(4).map((client) => download(client1, client)));
    await page.getByRole("button", { name: "Drain web2", exact: true }).click();
    await row("web2").locator(".state.draining").waitFor();
    await says(/ of 65,536 buckets moved: web2 → web\d [\d,]+, web2 → web\d [\d,]+, web2 → web\d [\d,]+$/);
    const after = await mapAtRest(3);
    const moved = before.flatMap((colour, bucket) => colour === after[bucket] ? [] : [colour]);
    expect(new Set(moved).size, "all that moved had one colour").toBe(1);
    expect(moved.length).toBe(before.filter((colour) => colour === moved[0]).length);
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
      for (const [name, size] of Object.entries(SIZES)) {
        await page.setViewportSize(size);
        await page.getByLabel("Client's address").waitFor();
        expect(await seriousFindings(page)).toEqual([]);
        const width = await page.evaluate("document.documentElement.scrollWidth");
        expect(width).toBeLessThanOrEqual(size.width);
        await keepPicture(page, `${size.width}x${size.height}-${colorScheme}`);
        expect(name).toBeDefined();
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
    await mapAtRest(4);
  });

  test("until the dispatcher restarts there is no error in the console", () => {
    expect(watched.errors).toEqual([]);
  });

  test("the dispatcher restarts: the page says that it is not connected, and comes back by itself", async () => {
    const { page } = watched;
    await lab.node("lb").program!.stop();
    await says("Not connected since");
    await lab.node("lb").program!.start();
    await says("Connected");
    await page.getByText("Not connected since").waitFor({ state: "detached" });
    expect(await row("web1").getByLabel("Weight of web1").inputValue()).toBe("1");
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

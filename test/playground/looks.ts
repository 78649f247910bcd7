/** What one sees and does besides the lessons: a frame octet by octet, all by keyboard, and how fast fifty machines are drawn. */

import { expect, test } from "vitest";
import { webScene } from "../../src/playground/lessons/scenes.ts";
import type { Moment } from "../../src/playground/page/address.ts";
import type { Session } from "../../src/playground/page/session.ts";
import { SIZES } from "../dashboard/browser.ts";
import { Hands } from "./lessons.ts";
import type { Opened } from "./page.test.ts";
import { keepPicture } from "./pictures.ts";

/** Clients and backends; with router, switch and dispatcher they are fifty machines. */
const CLIENTS = 23;
const BACKENDS = 24;
/** What the page's script shows of itself. */
interface Playground {
  readonly session: Session;
  show(moment: Moment): Promise<void>;
  measure(pictures: number): { readonly ms: number; readonly frames: number }[];
}

/** Drawn for the measurement. */
const PICTURES = 60;

export function looks(open: () => Opened): void {
  test("a frame that the dispatcher passes on: each field with its octets, the verdict, whose it is and why", async () => {
    const { page } = open();
    const hands = new Hands(page);

    await page.setViewportSize(SIZES.wide);
    await page.emulateMedia({ colorScheme: "light" });
    await page.locator("#choice select").selectOption("");
    await hands.choose("client1");
    await hands.click("Once");
    await hands.go(10);
    await page.locator("#tables td", { hasText: /^closed$/ }).waitFor();
    await hands.click("Pause");
    await hands.choose("dispatcher");
    await page.locator("tr", { hasText: "dispatched" }).locator("button").first().click();
    await page.locator(".verdict", {
      hasText:
        /The client is 198\.51\.100\.7\. Its hash is 0x\w{8}, so its bucket is \d+, which belongs to web\d/,
    })
      .waitFor();
    await page.locator('.figure button[aria-label="Time to live: 63"]').click();
    await page.locator(".field", { hasText: /IPv4, Time to live: 63\s+1 octet, octet 22, RFC 791/ })
      .waitFor();
    expect(await page.locator(".dump .chosen").allTextContents()).toEqual(["3f"]);
    await keepPicture(page, "frame-1280-light");
  });

  test("by keyboard alone: a backend is killed, its buckets go to the others, and time runs backwards until it lives", async () => {
    const { page } = open();
    await page.locator('[data-machine="web2"]').focus();
    await page.keyboard.press("Enter");
    // What was chosen before may have such a button, too.
    await page.locator("#chosen-name", { hasText: "web2" }).waitFor();
    await page.locator("#chosen button:text-is('Kill')").focus();
    await page.keyboard.press("Space");
    await page.locator('[data-machine="web2"].off').waitFor();
    await page.locator("#time button[aria-label='Run']").focus();
    await page.keyboard.press("Enter");
    await page.locator(".moved", {
      hasText: /^256 of 1,024 buckets moved: web2 → web\d \d+, web2 → web\d \d+, web2 → web\d \d+$/,
    })
      .waitFor();
    await page.locator("#time button[aria-label='Run backwards']").focus();
    await page.keyboard.press("Enter");
    await page.locator('[data-machine="web2"].on').waitFor();
    await page.keyboard.press("Enter");
  });

  test("fifty machines with frames under way are drawn in less than a sixtieth of a second", async () => {
    const { page } = open();
    const scene = webScene({ clients: CLIENTS, backends: BACKENDS, cluster: ["health: []"] });
    const measured = await page.evaluate(async ([scene, clients, pictures]) => {
      const { playground } = globalThis as unknown as { readonly playground: Playground };
      await playground.show({ scene, schedule: [], atUs: 0 });
      const { session } = playground;
      // By then the dispatcher knows all of them.
      await session.seek(300_000);
      for (let client = 1; client <= clients; client++) {
        await session.do({ do: "ask", client: `client${client}`, to: "10.0.0.100", port: 80, everyMs: 1 });
      }
      await session.seek(320_000);
      return playground.measure(pictures);
    }, [scene, CLIENTS, PICTURES] as const);
    expect(await page.locator("[data-machine]").count()).toBe(50);
    const median = (numbers: readonly number[]) =>
      numbers.toSorted((one, other) => one - other)[PICTURES / 2]!;
    const [ms, frames] = [median(measured.map(({ ms }) => ms)), median(measured.map(({ frames }) => frames))];
    expect(frames).toBeGreaterThan(0);
    console.log(
      `fifty machines: a picture with ${frames} frames under way takes ${ms.toFixed(2)} ms, ` +
        `so 60 a second take ${(6 * ms).toFixed(1)} % of the time`,
    );
    await keepPicture(page, "fifty-1280-light");
  });
}

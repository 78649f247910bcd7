/** The page's worlds are Node's; a moment is opened by its address; what is given to it wrongly has a clear word. For page.test.ts. */

import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { readerIn } from "../../src/capture/reader.ts";
import { captureFrame, captureHeader } from "../../src/capture/writer.ts";
import { parseConfig } from "../../src/config/config.ts";
import type { InputError, Mistake } from "../../src/input/errors.ts";
import { type Moment, writeAddress } from "../../src/playground/page/address.ts";
import { describeSummary } from "../../src/replay/describe.ts";
import { Replay } from "../../src/replay/replay.ts";
import { replayAll, Tally } from "../../src/replay/summary.ts";
import type { Scene } from "../../src/sim/scene.ts";
import { World } from "../../src/sim/world.ts";
import * as f from "../frames.ts";
import type { Opened } from "./page.test.ts";
import { SCENE, SCHEDULE, STORM, UNTIL_US } from "./worlds.ts";

/** Of a browser's names what is used here, and what the page's script shows of itself. */
interface InBrowser {
  readonly playground?: { readonly session: { readonly world: World } };
  readonly location: { hash: string };
  readonly DataTransfer: new () => { readonly items: { add(file: File): void } };
  requestAnimationFrame(call: () => void): void;
}

const MOMENT: Moment = { scene: SCENE, schedule: SCHEDULE, atUs: UNTIL_US };

async function countersInNode(): Promise<Record<string, number>> {
  const world = await World.start(SCENE);
  await world.run(UNTIL_US, SCHEDULE);
  const counters = world.counters();
  await world.stop();
  return counters;
}

function countersInPage(page: Page): Promise<Record<string, number>> {
  return page.evaluate(() => {
    const { playground } = globalThis as unknown as InBrowser;
    return playground!.session.world.counters();
  });
}

/** The page at an address that it reads when it is loaded. */
async function load({ page, url }: Opened, hash = ""): Promise<void> {
  await page.goto("about:blank");
  await page.goto(url + hash);
  await page.locator("[data-machine]").first().waitFor();
}

/** Somebody writes another address. */
async function go({ page }: Opened, hash: string): Promise<void> {
  await page.evaluate((hash) => (globalThis as unknown as InBrowser).location.hash = hash, hash);
}

/** Resolves when the page says this of what went wrong. */
function told({ page }: Opened, words: RegExp): Promise<void> {
  return page.locator("#told .notice").filter({ hasText: words }).waitFor();
}

function captureOf(clients: readonly string[]): Buffer {
  return Buffer.concat([
    captureHeader("eth1"),
    ...clients.map((client, index) => {
      const octets = f.synToCluster(client);
      return captureFrame({
        octets,
        lengthOnWire: octets.length,
        nanoseconds: BigInt(index),
        direction: "in",
      });
    }),
  ]);
}

export function moments(open: () => Opened): void {
  test("one seed is the same world in the page and in Node: every counter", async () => {
    const opened = open();
    await load(opened, await writeAddress(MOMENT));
    const [inNode] = await Promise.all([
      countersInNode(),
      opened.page.waitForFunction((untilUs) => {
        const { playground } = globalThis as unknown as InBrowser;
        return playground?.session.world.nowUs === untilUs;
      }, UNTIL_US),
    ]);
    expect(await countersInPage(opened.page)).toEqual(inNode);
    expect(inNode["client1.connections"]).toBeGreaterThan(20);
  });

  test("an address that says no moment has a clear word, and the page is there all the same", async () => {
    const opened = open();
    const address = await writeAddress({ ...MOMENT, atUs: 0 });
    await load(opened, address.replace("#1/", "#2/"));
    await told(opened, /^This address is written in format 2, and this page, of oneip .+, reads format 1/);
    await go(opened, await writeAddress({ ...MOMENT, atUs: 0, made: { by: "0.0.9", outcome: "0" } }));
    await told(opened, /^What you see is not what was shared: the address is from oneip 0\.0\.9/);
    await go(opened, address.slice(0, -20));
    await told(opened, /^This address is damaged/);
    const impossible = { ...SCENE, links: [{ ends: ["lan", "nobody"] as const }] } satisfies Scene;
    await go(opened, await writeAddress({ ...MOMENT, schedule: [], scene: impossible }));
    await told(opened, /there is no node "nobody"/);
  });

  test("a world that never comes to its moment freezes nothing, and can be stopped", async () => {
    const opened = open();
    const { page } = opened;
    await go(opened, await writeAddress({ scene: STORM, schedule: SCHEDULE, atUs: 3_600_000_000 }));
    const stop = page.getByRole("button", { name: "Stop here" });
    await stop.waitFor();
    const pictures = await page.evaluate(async () => {
      const browser = globalThis as unknown as InBrowser;
      const endMs = performance.now() + 500;
      let count = 0;
      for (; performance.now() < endMs; count++) {
        await new Promise<void>((resolve) => browser.requestAnimationFrame(resolve));
      }
      return count;
    });
    expect(pictures).toBeGreaterThan(3);
    await stop.click();
    await stop.waitFor({ state: "detached" });
  });

  test("mistakes in a configuration that is typed are those of oneip check; without them a world begins", async () => {
    const opened = open();
    const { page } = opened;
    await load(opened);
    const field = page.locator("#config textarea");
    const text = SCENE.files["dispatcher1.yaml"]!;
    const name = await page.locator("#config .code span").innerText();
    const wrong = text.replace("10.0.0.12,", "10.0.0.300,").replace("port: 80", "port: 80000");
    await field.fill(wrong);
    await page.locator(".mistakes").waitFor();
    const mistakes = mistakesOf(wrong, name);
    expect(mistakes.length).toBeGreaterThan(1);
    expect(await page.locator(".mistakes li").allInnerTexts()).toEqual(
      mistakes.map(({ line, column, message }) => `${line}:${column} ${message}`),
    );
    expect(await page.getByRole("button", { name: "Reload" }).isDisabled()).toBe(true);
    await field.fill(text);
    await page.getByText("There is no mistake in it").waitFor();
    await page.getByRole("button", { name: "Begin anew with it" }).click();
    await page.locator('[data-machine="dispatcher2"]').waitFor();
  });

  test("a capture that is dropped has the summary of oneip replay, and what is none has a clear word", async () => {
    const opened = open();
    const { page } = opened;
    await load(opened);
    const drop = async (name: string, octets: Buffer) => {
      const dataTransfer = await page.evaluateHandle(([name, latin1]) => {
        const dropped = new (globalThis as unknown as InBrowser).DataTransfer();
        dropped.items.add(new File([Uint8Array.from(latin1!, (one) => one.charCodeAt(0))], name!));
        return dropped;
      }, [name, octets.toString("latin1")]);
      await page.locator("#links").dispatchEvent("drop", { dataTransfer });
    };
    await drop("notes.txt", Buffer.from("This is no capture.\n"));
    await page.getByText("notes.txt: octet 0: it is neither pcapng nor pcap").waitFor();
    const octets = captureOf(["198.51.100.1", "198.51.100.2", "198.51.100.3"]);
    await drop("three.pcapng", octets);
    await page.locator("#capture .summary").waitFor();
    const config = parseConfig(await page.locator("#config textarea").inputValue(), "page", "page");
    const replay = new Replay(config);
    const tally = new Tally();
    replayAll(replay, readerIn(octets, "three.pcapng"), tally);
    expect(await page.locator("#capture .summary").innerText()).toBe(
      describeSummary(tally.summary(replay), false),
    );
  });
}

function mistakesOf(text: string, name: string): readonly Mistake[] {
  try {
    parseConfig(text, name, name);
    return [];
  } catch (error) {
    return (error as InputError).mistakes;
  }
}

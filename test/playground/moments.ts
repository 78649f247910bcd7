/** The page's worlds are Node's; a moment is opened by its address; what is given to it wrongly has a clear word. For page.test.ts. */

import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { captureFrame, captureHeader } from "../../src/capture/writer.ts";
import type { Moment } from "../../src/playground/page/address.ts";
import { writeAddress } from "../../src/playground/page/address.ts";
import { World } from "../../src/sim/world.ts";
import { VERSION } from "../../src/system/version.ts";
import * as f from "../frames.ts";
import { SCENE, SCHEDULE, STORM, UNTIL_US } from "./worlds.ts";

export interface Opened {
  readonly page: Page;
  readonly url: string;
  readonly faults: readonly string[];
}

/** What the page's script shows of itself. */
interface Playground {
  show(moment: Moment): Promise<void>;
  readonly session: {
    readonly world: World;
    readonly shownUs: number;
    seek(atUs: number): Promise<void>;
  };
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
    const { playground } = globalThis as unknown as { readonly playground: Playground };
    return playground.session.world.counters();
  });
}

/** The page at an address, which it reads when it is loaded. */
async function go({ page, url }: Opened, hash: string): Promise<void> {
  await page.goto("about:blank");
  await page.goto(url + hash);
}

export function moments(open: () => Opened): void {
  test("one seed is the same world in the page and in Node: every counter", async () => {
    const opened = open();
    await go(opened, await writeAddress(MOMENT));
    await opened.page.waitForFunction((untilUs) => {
      const { playground } = globalThis as unknown as { readonly playground?: Playground };
      return playground?.session.world.nowUs === untilUs;
    }, UNTIL_US);
    const inNode = await countersInNode();
    expect(await countersInPage(opened.page)).toEqual(inNode);
    expect(Object.keys(inNode).length).toBeGreaterThan(100);
  });
}

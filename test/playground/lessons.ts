/** The seven lessons, solved by clicks alone, and what the page looks like then. */

import { expect, test } from "vitest";
import type { Locator, Page } from "playwright-core";
import { seriousFindings, SIZES } from "../dashboard/browser.ts";
import { LESSONS } from "../../src/playground/lessons/all.ts";
import { SPEEDS } from "../../src/playground/page/session.ts";
import type { Opened } from "./page.test.ts";
import { keepPicture } from "./pictures.ts";

/** What hands can do. */
export class Hands {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Of what is chosen, or of time. Their texts are found sooner than their roles. */
  button(name: string): Locator {
    return this.page.locator(`#chosen button:text-is("${name}"), #time button[aria-label="${name}"]`);
  }

  async click(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.button(name).click();
  }

  async choose(machine: string): Promise<void> {
    await this.page.locator(`[data-machine="${machine}"]`).click();
    await this.page.locator("#chosen-name", { hasText: new RegExp(` ${machine}$`) }).waitFor();
  }

  /** By way of one of its ends. */
  async chooseLink(machine: string, link: string): Promise<void> {
    await this.choose(machine);
    await this.click(link);
  }

  async fill(field: string, value: number): Promise<void> {
    await this.page.locator(`[aria-label="${field}"]`).fill(String(value));
    await this.page.keyboard.press("Enter");
  }

  async select(field: string, value: string): Promise<void> {
    await this.page.locator(`[aria-label="${field}"]`).selectOption(value);
  }

  /** Time runs until so many steps of the lesson are done: a second of ours shows so many of its. */
  async run(steps: number, speed: 10 | 60): Promise<void> {
    await this.go(speed);
    await this.page.locator(".steps li.done").nth(steps - 1).waitFor();
    await this.click("Pause");
  }

  async go(speed: 10 | 60): Promise<void> {
    await this.page.locator(`[aria-label="Speed"]`).fill(
      String(SPEEDS.indexOf(speed * 1e6 as typeof SPEEDS[number])),
    );
    await this.click("Run");
  }

  /** The bucket map has its share. */
  async owns(backend: string): Promise<void> {
    await this.page.locator(`#grid[aria-label*="${backend} 25%"]`).waitFor();
  }

  async askAll(clients: number): Promise<void> {
    for (let client = 1; client <= clients; client++) {
      await this.choose(`client${client}`);
      await this.click("Every 200 ms");
    }
  }
}

/** By the id of the lesson. What is done while time stands still takes none. */
const SOLVED: Readonly<Record<string, (hands: Hands) => Promise<void>>> = {
  async silence(hands) {
    await hands.askAll(2);
    await hands.run(1, 10);
    await hands.choose("web2");
    await hands.click("Make silent");
    await hands.run(2, 60);
  },
  async "black-hole"(hands) {
    await hands.askAll(3);
    await hands.run(1, 10);
    await hands.choose("dispatcher");
    await hands.select("Health check", "tcp");
    await hands.run(2, 10);
  },
  async "path-mtu"(hands) {
    await hands.chooseLink("edge", "edge-router");
    await hands.fill("MTU, octets", 1400);
    await hands.choose("client1");
    await hands.fill("Ask for, octets", 20_000);
    await hands.run(3, 10);
  },
  async fragments(hands) {
    await hands.choose("client1");
    await hands.fill("Datagram of, octets", 3000);
    await hands.run(1, 10);
    await hands.click("client1-edge");
    await hands.fill("Overtaken, %", 100);
    await hands.choose("client1");
    await hands.fill("Datagram of, octets", 3000);
    await hands.run(3, 10);
  },
  async modulo(hands) {
    await hands.choose("web3");
    await hands.click("Kill");
    await hands.run(1, 10);
    await hands.click("Heal");
    await hands.go(10);
    await hands.page.locator(".state.up").nth(4).waitFor();
    await hands.click("Pause");
    await hands.choose("dispatcher");
    await hands.select("Algorithm", "maglev");
    await hands.choose("web3");
    await hands.click("Kill");
    await hands.run(2, 10);
  },
  async "two-owners"(hands) {
    await hands.go(10);
    await hands.owns("web2");
    await hands.click("Pause");
    await hands.choose("web2");
    await hands.click("Kill");
    await hands.run(1, 10);
    await hands.click("Heal");
    await hands.go(10);
    await hands.owns("web2");
    await hands.click("Pause");
    await hands.chooseLink("left", "lan-left");
    await hands.click("Cut from left only");
    await hands.run(2, 10);
    await hands.click("Restore from left");
    await hands.run(3, 10);
  },
  async drain(hands) {
    for (const client of ["client1", "client2", "client3", "client4"]) {
      await hands.choose(client);
      await hands.click("Open one");
    }
    await hands.run(1, 10);
    await hands.choose("web3");
    await hands.click("Drain");
    await hands.choose("client2");
    await hands.click("Send over c1");
    await hands.run(2, 10);
    for (const client of ["client2", "client3", "client4"]) {
      await hands.choose(client);
      await hands.click("Close c1");
    }
    await hands.go(10);
    await hands.button("Close c1").waitFor({ state: "detached" });
    await hands.choose("web3");
    await hands.click("Kill");
    await hands.page.locator(".solved").waitFor();
    await hands.click("Pause");
  },
};

/** Wide and light, narrow and dark. */
const LOOKS = [
  { size: SIZES.wide, colorScheme: "light" },
  { size: SIZES.narrow, colorScheme: "dark" },
] as const;

export function lessons(open: () => Opened): void {
  test.each(LOOKS.flatMap((look) => LESSONS.map(({ id }) => ({ id, ...look }))))(
    "the lesson $id is solved by clicks, $size.width pixels wide and $colorScheme",
    async ({ id, size, colorScheme }) => {
      const { page } = open();
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme });
      await page.locator("#choice select").selectOption(id);
      await page.locator("#lesson-name", { hasText: LESSONS.find((lesson) => lesson.id === id)!.title })
        .waitFor();
      await SOLVED[id]!(new Hands(page));
      await page.locator(".solved").waitFor();
      await page.evaluate("scrollTo(0, 0)");
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(size.width);
      await keepPicture(page, `${id}-${size.width}-${colorScheme}`);
    },
  );

  test.each(LOOKS)(
    "axe has no serious finding, $size.width pixels wide and $colorScheme",
    async ({ size, colorScheme }) => {
      const { page } = open();
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme });
      expect(await seriousFindings(page)).toEqual([]);
    },
  );
}

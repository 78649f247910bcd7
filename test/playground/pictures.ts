/** Pictures of the page, for who wants to look at it; git ignores them. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { ROOT } from "../runtime.ts";

const PICTURES = join(ROOT, "test/output");

export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `playground-${name}.png`) });
}

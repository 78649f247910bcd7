/** Builds the page of the playground into a folder (scripts/playground). */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FOLDER, INDEX } from "../src/playground/files.ts";
import { buildPage } from "./playground_page.ts";

const [folder = fileURLToPath(new URL(`../${FOLDER}`, import.meta.url))] = process.argv.slice(2);
const { page, sizes } = await buildPage();
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, INDEX), page);
const kB = (octets: number) => `${(octets / 1000).toFixed()} kB`;
console.log(
  `${join(folder, INDEX)}: ${kB(sizes.page)}, of which ${kB(sizes.script)} are script, ${
    kB(sizes.unpacked)
  } when it is unpacked`,
);

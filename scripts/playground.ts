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
const [script, style, all] = [sizes.script, sizes.style, sizes.page].map((octets) =>
  `${(octets / 1000).toFixed()} kB`
);
console.log(`${join(folder, INDEX)}: ${script} of script, ${style} of style, ${all} in all`);

/** Writes the documents that are generated. */

import { writeFileSync } from "node:fs";
import { commandsDocument } from "../src/cli/document.ts";
import { configurationDocument } from "../src/config/document.ts";

for (
  const [file, text] of [
    ["docs/configuration.md", configurationDocument()],
    ["docs/commands.md", await commandsDocument()],
  ] as const
) {
  writeFileSync(new URL(`../${file}`, import.meta.url), text);
  console.log(`wrote ${file}`);
}

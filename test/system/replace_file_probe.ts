/** Writes a larger text into the file of each folder that it is given, and prints, as JSON, what was said and is there then. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../../src/system/replace_file.ts";

const found = process.argv.slice(2).map((folder) => {
  const file = join(folder, "oneip.yaml");
  let said = "nothing";
  try {
    replaceFile(file, "two\n".repeat(16_384));
  } catch (error) {
    said = (error as Error).message;
  }
  return { said, files: readdirSync(folder), text: readFileSync(file, "utf8") };
});
console.log(JSON.stringify(found));

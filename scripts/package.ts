/**
 * Puts the single executable together (scripts/package): bundles of the command and of what it starts besides, and the files that a checkout
 * has for them, in a copy of the Node that runs this.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { PACKAGES, PAGE } from "../src/dashboard/files.ts";
import { DIGEST } from "../src/executable/installation.ts";
import { PROGRAMS } from "./programs.ts";
import * as playground from "../src/playground/files.ts";
import { buildPage } from "./playground_page.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const SRC = join(ROOT, "src");
const [output = join(ROOT, "build/oneip")] = process.argv.slice(2);

/** What is another file in the executable. */
const REPLACED: Readonly<Record<string, string>> = {
  [join(SRC, "system/installation.ts")]: join(SRC, "executable/installation.ts"),
  koffi: join(SRC, "executable/koffi.ts"),
};

/** A file of src and all that it imports, in one text. */
async function bundle(file: string): Promise<string> {
  const made = await rolldown({
    input: join(SRC, file),
    platform: "node",
    tsconfig: false,
    plugins: [{
      name: "of the executable",
      resolveId: (source, importer) =>
        REPLACED[source.startsWith(".") && importer !== undefined ? join(dirname(importer), source) : source],
    }],
  });
  const { output: [{ code }] } = await made.generate({ format: "esm", codeSplitting: false, minify: true });
  return code;
}

const folder = mkdtempSync(join(dirname(output), ".executable-"));
try {
  const put = (path: string, text: string | Uint8Array) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  put("main.js", await bundle("executable/main.ts"));
  const assets = [...PAGE.map((path) => `src/dashboard/${path}`), ...PACKAGES];
  for (const file of readdirSync(join(ROOT, "netns"), { recursive: true, withFileTypes: true })) {
    if (file.isFile()) assets.push(relative(ROOT, join(file.parentPath, file.name)));
  }
  for (const path of assets) put(path, readFileSync(join(ROOT, path)));
  for (const program of PROGRAMS) {
    put(`${program}.js`, await bundle(`${program}.ts`));
    assets.push(`${program}.js`);
  }
  const page = `${playground.FOLDER}/${playground.INDEX}`;
  put(page, (await buildPage()).page);
  assets.push(page);
  // Node reads what is unpacked as modules, too.
  put("package.json", '{"type": "module"}');
  const platform = `${process.platform}_${process.arch}`;
  const native = `@koromix/koffi-${platform.replace("_", "-")}`;
  cpSync(
    join(dirname(createRequire(import.meta.url).resolve(native)), platform, "koffi.node"),
    join(folder, "koffi.node"),
  );
  assets.push("package.json", "koffi.node");
  const digest = createHash("sha256");
  for (const path of assets) digest.update(path).update(readFileSync(join(folder, path)));
  put(DIGEST, digest.digest("hex").slice(0, 16));
  assets.push(DIGEST);
  put(
    "sea.json",
    JSON.stringify({
      main: join(folder, "main.js"),
      mainFormat: "module",
      output,
      disableExperimentalSEAWarning: true,
      useCodeCache: true,
      assets: Object.fromEntries(assets.map((path) => [path, join(folder, path)])),
    }),
  );
  execFileSync(process.execPath, ["--build-sea", join(folder, "sea.json")], {
    stdio: ["ignore", "ignore", "inherit"],
  });
} finally {
  rmSync(folder, { recursive: true });
}

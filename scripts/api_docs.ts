/**
 * Writes the library's documentation as pages, from the docstrings, by `deno doc`. Prints each export without a sentence and each dead link,
 * and ends with status 1 if there is one.
 *
 *     api_docs.ts [FOLDER]      default: build/api
 */

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const [folder = join(ROOT, "build/api")] = process.argv.slice(2);
const ENTRIES = ["src/mod.ts", "src/device/tuntap2.ts", "src/sim/mod.ts", "src/vitest/mod.ts"];

/** What `deno doc --json` gives, as far as it is read here. */
interface Documentation {
  readonly nodes: Readonly<Record<string, { readonly symbols: readonly Exported[] }>>;
}
interface Exported {
  readonly name: string;
  /** `reference`: it is declared in another entry, too. */
  readonly declarations: readonly { readonly kind: string; readonly jsDoc?: { readonly doc?: string } }[];
}

function denoDoc(...options: readonly string[]): string {
  // It warns of types of Node's that it does not look up. Nobody needs them here.
  const stdio = ["ignore", "pipe", "ignore"] as const;
  return execFileSync(join(ROOT, "scripts/deno"), ["doc", ...options, ...ENTRIES], {
    cwd: ROOT,
    stdio: [...stdio],
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
}

const faults: string[] = [];

const { nodes } = JSON.parse(denoDoc("--json")) as Documentation;
for (const [file, { symbols }] of Object.entries(nodes)) {
  for (const { name, declarations } of symbols) {
    if (declarations.some(({ kind, jsDoc }) => kind === "reference" || /[.:!?]/.test(jsDoc?.doc ?? ""))) {
      continue;
    }
    faults.push(`${relative(ROOT, fileURLToPath(file))} exports ${name}, which has no sentence`);
  }
}

denoDoc("--html", "--name=oneip", `--output=${folder}`);
const pages = new Map(
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".html"))
    .map((file) => [join(folder, file), readFileSync(join(folder, file), "utf8")]),
);
const source = pathToFileURL(ROOT).href;

function slashesIn(text: string): string {
  return text.replaceAll("&#x2F;", "/");
}

/** What is no page has places that nobody looks up. */
function hasPlace(page: string | undefined, id: string): boolean {
  return page === undefined || slashesIn(page).includes(`id="${id}"`);
}

for (const [page, text] of pages) {
  const mended = text.replaceAll(/ href="([^"]*)"/g, (link, written: string) => {
    const target = slashesIn(written);
    // The place of this checkout is nobody's business. The sources lie as they do there.
    if (target.startsWith(source)) {
      return ` href="${relative(dirname(page), join(ROOT, target.slice(source.length)))}"`;
    }
    if (/^(https?|data):/.test(target)) return link;
    const [path = "", anchor] = target.split("#");
    const other = path === "" ? page : join(dirname(page), decodeURI(path));
    if (!existsSync(other)) faults.push(`${relative(folder, page)} links to ${target}, which is not there`);
    else if (anchor !== undefined && !hasPlace(pages.get(other), anchor)) {
      // Its index counts the methods of an interface from 0, its page of the interface all that is in it.
      if (/^method_/.test(anchor)) return ` href="${path}"`;
      faults.push(`${relative(folder, page)} links to ${target}, which has no such place`);
    }
    return link;
  });
  if (mended !== text) writeFileSync(page, mended);
}

for (const fault of faults) console.error(fault);
console.log(`wrote ${relative(process.cwd(), folder)}/index.html`);
process.exitCode = faults.length === 0 ? 0 : 1;

/**
 * Writes the library's documentation as pages, from the docstrings, by `deno doc`. Prints each export and each member of a class without a
 * sentence, and each dead link, and ends with status 1 if there is one.
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
  readonly declarations: readonly Declaration[];
}
interface Declaration {
  /** `reference`: it is declared in another entry, too. */
  readonly kind: string;
  readonly jsDoc?: { readonly doc?: string };
  readonly location?: { readonly filename: string };
  /** Of classes and interfaces. */
  readonly def?: {
    readonly properties?: readonly Member[];
    readonly methods?: readonly Member[];
    readonly implements?: readonly { readonly repr: string }[];
  };
}
interface Member {
  readonly name: string;
  readonly jsDoc?: { readonly doc?: string };
  readonly accessibility?: string;
  readonly isOverride?: boolean;
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
const symbols = Object.entries(nodes).flatMap(([file, { symbols }]) =>
  symbols.map((symbol) => ({ file: relative(ROOT, fileURLToPath(file)), ...symbol }))
);

function hasSentence({ jsDoc }: { readonly jsDoc?: { readonly doc?: string } }): boolean {
  return /[.:!?]/.test(jsDoc?.doc ?? "");
}

function membersOf({ def }: Declaration): readonly Member[] {
  return [...(def?.properties ?? []), ...(def?.methods ?? [])];
}

for (const { file, name, declarations } of symbols) {
  if (declarations.some((declaration) => declaration.kind === "reference" || hasSentence(declaration))) {
    continue;
  }
  faults.push(`${file} exports ${name}, which has no sentence`);
}

/** Names of the members, by interface, of which the interface says what they are. */
const saidBy = new Map(
  symbols.flatMap(({ name, declarations }) =>
    declarations.filter(({ kind }) => kind === "interface").map((declaration) =>
      [name, new Set(membersOf(declaration).filter(hasSentence).map(({ name }) => name))] as const
    )
  ),
);

/** What overrides, what a symbol calls, and what is Node's own way to a stream (`_read`) is told where it comes from. */
function needsSentence({ name, accessibility, isOverride }: Member): boolean {
  return accessibility !== "private" && isOverride !== true && !/^[[#_]/.test(name);
}

const silent = new Set(
  symbols.flatMap(({ name, declarations }) =>
    declarations.filter(({ kind }) => kind === "class").flatMap((declaration) => {
      const members = membersOf(declaration);
      // Of a getter and its setter one is enough.
      const said = new Set(members.filter(hasSentence).map(({ name }) => name));
      for (const { repr } of declaration.def?.implements ?? []) {
        for (const one of saidBy.get(repr) ?? []) said.add(one);
      }
      return members.filter((member) => needsSentence(member) && !said.has(member.name))
        .map((member) => `${name}.${member.name} has no sentence`);
    })
  ),
);
faults.push(...silent);

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

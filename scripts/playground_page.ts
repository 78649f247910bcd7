/**
 * The page of the playground: the modules of src that a browser can run, in one text with nothing beside it, so that it works from any web
 * server and from a file.
 *
 *     main.ts and all that it imports ── one script, minified ── deflated ── a short script that inflates it
 *
 * Many static hosts and no file system would compress it on its way; in the page it is small everywhere.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import { rolldown } from "rolldown";
import { INDEX } from "../src/playground/files.ts";

const SRC = fileURLToPath(new URL("../src/", import.meta.url));
const PAGE = join(SRC, "playground/page");

/** Of script in the page. */
const MOST_OCTETS = 400_000;

/** What stands in the page: it runs the script that is packed in it. */
const LOADER = `(async packed => {
const octets = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
const script = document.createElement("script");
script.textContent = await new Response(new Blob([octets]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
document.body.append(script);
})`;

/** What the page has in place of modules, by their paths: of what runs nowhere but on Linux, or is large and not called. */
const STAND_INS: readonly (readonly [path: RegExp, standIn: string])[] = [
  [/^node:crypto$/, "crypto.ts"],
  [/^node:/, "nothing.ts"],
  [/\/src\/plane\/tap_attachment\.ts$/, "nothing.ts"],
  [/\/src\/engine\/announcing\.ts$/, "announcing.ts"],
  // A world has no probes of these kinds (sim/simulated_config.ts).
  [/\/src\/health\/(http|exec)_probe\.ts$/, "nothing.ts"],
  [/\/node_modules\/zod\/index\.js$/, "zod.ts"],
];

/** In the declarations of the configuration: it is for documents. */
const DESCRIPTION = /\bdescription:\s*("(\\.|[^"\\])*"|`[^`]*`)(\s*\+\s*("(\\.|[^"\\])*"|`[^`]*`))*/g;

export interface Built {
  /** The whole page. */
  readonly page: string;
  /** How many octets of what. `unpacked`: of the script that the browser runs. */
  readonly sizes: {
    readonly script: number;
    readonly unpacked: number;
    readonly style: number;
    readonly page: number;
  };
}

/** Throws where it is too much for a page. */
export async function buildPage(): Promise<Built> {
  const unpacked = await bundle(join(PAGE, "main.ts"));
  const script = `${LOADER}("${deflateRawSync(unpacked, { level: 9 }).toString("base64")}")`;
  const style = styleOf(join(PAGE, "style.css"));
  const page = filled(readFileSync(join(PAGE, INDEX), "utf8"), {
    policy: `<meta http-equiv="Content-Security-Policy" content="${policyOf([script, unpacked], style)}">`,
    style: `<style>${style}</style>`,
    script: `<script>${script}</script>`,
  });
  const [inPage, inBrowser, ofStyle, all] = [script, unpacked, style, page].map((text) =>
    Buffer.byteLength(text)
  );
  if (inPage! > MOST_OCTETS) {
    throw new Error(`${inPage} octets of script are too much for a page, which may have ${MOST_OCTETS}`);
  }
  return { page, sizes: { script: inPage!, unpacked: inBrowser!, style: ofStyle!, page: all! } };
}

/** A file and all that it imports, as one classic script. */
export async function bundle(file: string): Promise<string> {
  const made = await rolldown({
    input: file,
    platform: "browser",
    tsconfig: false,
    // What nobody calls may be missing in a stand-in.
    shimMissingExports: true,
    transform: { inject: { Buffer: [join(SRC, "playground/stand_ins/buffer.ts"), "Buffer"] } },
    logLevel: "silent",
    plugins: [{
      name: "of the page",
      async resolveId(source, importer, options) {
        const found = await this.resolve(source, importer, { ...options, skipSelf: true });
        const id = found?.id ?? source;
        const standIn = STAND_INS.find(([path]) => path.test(id))?.[1];
        return standIn === undefined ? found : join(SRC, "playground/stand_ins", standIn);
      },
      transform(code, id) {
        return id.includes("/src/config/") ? code.replace(DESCRIPTION, 'description: ""') : undefined;
      },
    }],
  });
  const { output: [{ code }] } = await made.generate({
    format: "iife",
    codeSplitting: false,
    minify: true,
    comments: false,
  });
  return code;
}

/** A style sheet with those that it imports, without comments. */
function styleOf(file: string): string {
  return readFileSync(file, "utf8")
    .replace(/^@import "(.+)";$/gm, (_, path: string) => styleOf(join(dirname(file), path)))
    .replace(/\/\*[^]*?\*\//g, "").replace(/\s*\n\s*/g, "\n").trim();
}

/** Nothing but what stands in the page: it asks nobody for anything. Pictures are what it makes itself. */
function policyOf(scripts: readonly string[], style: string): string {
  return `default-src 'none'; script-src ${scripts.map(hashOf).join(" ")}; style-src ${
    hashOf(style)
  }; img-src data: blob:; base-uri 'none'; ` +
    "form-action 'none'";
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** The page with these in place of comments of their names. */
function filled(page: string, parts: Readonly<Record<string, string>>): string {
  return page.replace(/<!-- (\w+) -->/g, (comment, name: string) => parts[name] ?? comment);
}

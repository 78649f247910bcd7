/**
 * All files that a browser gets: the page, and of two packages what it is made with. Nothing else of the disk is served. Paths are those of
 * the checkout, so that a module finds another one by the same words here and there: `../` above the root of a site leads to the root.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { Hono } from "hono";
import { ownFile, packageFile } from "../system/installation.ts";

/** In this folder. */
export const PAGE = [
  "page/ask.js",
  "page/backends.js",
  "page/base.css",
  "page/client.js",
  "page/cluster.js",
  "page/colours.js",
  "page/drops.js",
  "page/events.js",
  "page/follow.js",
  "page/head.js",
  "page/history.js",
  "page/icon.svg",
  "page/index.html",
  "page/known.js",
  "page/main.js",
  "page/map.js",
  "page/map_words.js",
  "page/moves.js",
  "page/plots.js",
  "page/poll.js",
  "page/steer.js",
  "page/style.css",
  "page/words.js",
] as const;

/** In the checkout; of an installed package, beside it. */
export const PACKAGES = [
  "node_modules/lit-html/lit-html.js",
  "node_modules/lit-html/directive.js",
  "node_modules/lit-html/directive-helpers.js",
  "node_modules/lit-html/directives/repeat.js",
  "node_modules/uplot/dist/uPlot.esm.js",
  "node_modules/uplot/dist/uPlot.min.css",
] as const;

const INDEX = "page/index.html";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

let known: Hono | undefined;

/** Reads them when it is called first: later there may be another version, or fewer rights to read it. */
export function dashboardFiles(): Hono {
  if (known !== undefined) return known;
  const files = known = new Hono();
  for (const path of PAGE) serve(files, path === INDEX ? "/" : `/${path}`, ownFile(`src/dashboard/${path}`));
  for (const path of PACKAGES) serve(files, `/${path}`, packageFile(path));
  return files;
}

function serve(files: Hono, path: string, file: string): void {
  const octets = readFileSync(file);
  const headers = {
    "content-type": TYPES[extname(file)]!,
    // It asks each time, and mostly hears that it has the current one.
    "cache-control": "no-cache",
    etag: `"${createHash("sha256").update(octets).digest("base64url")}"`,
  };
  files.get(
    path,
    (asked) =>
      asked.req.header("if-none-match") === headers.etag
        ? asked.body(null, 304, headers)
        : asked.body(octets, 200, headers),
  );
}
